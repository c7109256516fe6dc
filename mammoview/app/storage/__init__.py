"""Writing to the disk so that nothing is lost: whole files, in order, and the text of choices."""
