"""What the program does, with no Qt: state, commands, hanging, jobs, settings."""
