"""The reader's own marks: drawn, changed, placed in the breast, put into words and kept."""
