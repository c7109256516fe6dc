"""Benches that need a window: this program's beside a plain one of pyqtgraph, in the same run."""
