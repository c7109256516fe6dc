"""Mammoview: a reading room for mammograms with a computer reader (research use only)."""

__version__ = "0.1.0"
