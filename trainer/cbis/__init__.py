"""CBIS-DDSM as it is downloaded: its tables, its files, and how they belong together."""
