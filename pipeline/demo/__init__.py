"""A fictional shop's four months of feedback, written for this project, as three exports to try on."""
