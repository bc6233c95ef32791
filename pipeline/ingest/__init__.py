"""Read documents of any supported format into reports."""
