"""Pixels in the background: decoded as they hang, ahead and frame by frame, and given back."""
