"""What an operator changes: settings, sources, names of the journey. Only the entry points import this."""
