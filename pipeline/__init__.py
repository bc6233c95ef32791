"""Find what went wrong in reviews, inquests and inquiry reports: each failure, its kind, who, and the exact words."""

__version__ = "0.1.0"
