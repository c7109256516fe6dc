"""Pixel work on arrays; what moves pixels also returns the affine."""
