"""Calcifications: simulated clusters and real pictures, measured, drawn and reported."""
