"""Ways to calibrate scores, held against the shipped one."""
