"""What marks lie on: breast, labels, borders."""
