"""``mammoview bench``: a module a bench, each fast beside a baseline in the same run."""
