"""Results of a read as files: what each says, how it looks, and how all are written."""
