"""The window: answers over HTTP, read from the pipeline's aggregates. Start at app.py."""
