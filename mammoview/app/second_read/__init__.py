"""A read in the window: what is said in it, what may be seen of it, and how it is kept."""
