"""``mammoview-train``: one module a command; each imports what it needs when it is called."""

from trainer.cli.main import main

__all__ = ["main"]
