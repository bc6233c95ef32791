"""Read a store that nobody can write to here: on a read-only disk, in a folder of somebody else."""

import os
from pathlib import Path
from urllib.parse import quote


def read_only_uri(path: Path) -> str | None:
    """The URI to read a file of SQLite by where it or its folder cannot be written; None where the file can be opened as it is.

    SQLite keeps two files beside one in WAL mode, and does not open it where it can make none, unless it is told that the file
    does not change. One with changes still in its `-wal` is left to SQLite.
    """
    wal = path.with_name(f"{path.name}-wal")
    if not path.is_file() or (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)) or _holds_something(wal):
        return None
    return f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"


def _holds_something(wal: Path) -> bool:
    try:
        return wal.stat().st_size > 0
    except FileNotFoundError:
        return False
