"""Schema versions, oldest first by number."""
