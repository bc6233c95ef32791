"""`failings annotate agreement`: how far people agree who read the same part, and where they do not."""

from pipeline.commands.common import Subparsers


def add(commands: Subparsers) -> None:
    """Add the command."""
