"""Trains, measures and exports the models that mammoview runs."""
