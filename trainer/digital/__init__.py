"""A film-trained model on digital mammograms (CDD-CESM)."""
