"""Windows, viewports and panels: the only Qt in the house."""
