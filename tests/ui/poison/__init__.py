"""Nothing of a computer's result may be found before the reveal, wherever one looks."""
