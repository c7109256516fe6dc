"""Builders of test data: synthetic mammograms and tiny models."""
