"""Measures a weights folder: what is read, what is asked of the model, and what comes out as records."""
