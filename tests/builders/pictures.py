"""Labelled pictures as the trainer gets them: the product's own made pictures."""

from trainer.synthetic import breast_picture, build_pictures

__all__ = ["breast_picture", "build_pictures"]
