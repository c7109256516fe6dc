"""Writing to the disk in order so that nothing is lost, and the text of choices."""
