"""What a reader may say of an examination, as data, and whether it holds together."""
