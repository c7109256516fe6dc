"""What the second look does to reading here, in numbers."""
