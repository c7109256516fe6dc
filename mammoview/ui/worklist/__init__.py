"""The worklist on the screen."""
