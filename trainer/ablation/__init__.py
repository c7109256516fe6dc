"""What each step of the method is worth: rows of networks, measured and reported."""
