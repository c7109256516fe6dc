"""Reads of radiologists: who may see what, when."""
