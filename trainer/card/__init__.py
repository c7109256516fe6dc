"""The model card: its parts, and what other evaluations add to it."""
