"""The language model: text in, Prediction out. Knows nothing of feedback, SQL or HTTP."""
