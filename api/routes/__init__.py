"""One file per question that can be asked."""
