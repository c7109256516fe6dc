"""Run ``python -m trainer``: the same as the command ``mammoview-train``."""

import sys

from trainer.cli import main

if __name__ == "__main__":
    sys.exit(main())
