"""The file that a stored report was read from, read again and checked to be the same."""

import os
from pathlib import Path

from pipeline.errors import InputError, Unreadable, UsageError
from pipeline.ingest.archive import open_member
from pipeline.report import sha256


def source_bytes(source: str, source_sha256: str) -> bytes:
    """The bytes of a report's source, a file or a member of a zip archive.

    Raises:
        Unreadable: there is no such file any more, or it is not the one that was read.
        UsageError: the source is a row of a table, which is no file.
    """
    path, member = source_file(source)
    try:
        if member:
            with open_member(path, member) as stream:
                data = stream.read()
        else:
            data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{source} cannot be read again: {error.strerror}") from error
    except InputError as error:
        raise Unreadable(f"{source} cannot be read again: {error}") from error
    if sha256(data) != source_sha256:
        raise Unreadable(f"{source} has changed since it was read; read it again with `failings run`")
    return data


def source_file(source: str) -> tuple[Path, str | None]:
    """The file that a source names, and the member of it where it is an archive; errors as for `source_bytes`."""
    parts = source.split("/")
    for end in range(len(parts), 0, -1):
        path = Path("/".join(parts[:end]))
        if _is_file(path):
            return path, "/".join(parts[end:]) or None
    if _is_file(source.split("#", 1)[0]):
        raise UsageError(f"{source} is a row of a table, not a file of its own")
    where = "" if Path(source).is_absolute() else f" (looked for it from {Path.cwd()})"
    raise Unreadable(f"no file {source} any more{where}; it has to be where `failings run` read it")


def _is_file(path: str | Path) -> bool:
    """As Path.is_file, and false for a name too long to be one, for which that raises."""
    return os.path.isfile(path)  # noqa: PTH113
