"""Run ``python -m mammoview``: the same as the command ``mammoview``."""

import sys

from mammoview.cli import main

if __name__ == "__main__":
    sys.exit(main())
