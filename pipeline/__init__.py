"""The spine: how feedback is pulled, cleaned, stored, classified and counted. Start at run.py."""
