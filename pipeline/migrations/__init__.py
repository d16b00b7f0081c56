"""How the tables came to be, step by step; ``pipeline.database`` runs what is missing."""
