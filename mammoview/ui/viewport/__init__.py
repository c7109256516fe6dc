"""The panes that show mammograms."""
