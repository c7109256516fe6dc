"""What trainer and viewer share: manifest, preprocessing, bundle, golden vectors."""
