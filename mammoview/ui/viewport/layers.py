"""What lies over what in a pane: the one place for z-order."""

from __future__ import annotations

IMAGE = 0
AIR = 5
HEAT = 10
OUTLINE = 20
GLYPH = 30
LEVEL = 35
ANNOTATION = 40
# The computer's marks, with OUTLINE and GLYPH among them: no text lies over one.
MARKS = 45
# Over all panes, not in one.
FINDING = 55
MEASURE = 60
