"""The computer reader: its reading of what hangs, and the CAD reports beside the images."""
