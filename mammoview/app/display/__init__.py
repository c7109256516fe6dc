"""What is known of the screens: how long a millimetre is, and whether they were checked today."""
