"""A model's scores and thresholds refitted on a site's own images."""
