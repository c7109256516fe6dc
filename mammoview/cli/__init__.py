"""The commands of ``mammoview``, one module each.  The entry point is ``main``."""

from mammoview.cli.main import main

__all__ = ["main"]
