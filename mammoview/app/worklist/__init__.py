"""The worklist: local studies in an index on the disk, without Qt."""
