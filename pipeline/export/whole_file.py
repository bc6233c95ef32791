"""Write a file or a folder whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOTEMPTY
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO

from pipeline.errors import UsageError


@contextmanager
def whole_file(path: Path, *, encoding: str = "utf-8", newline: str = "\n") -> Iterator[IO[str]]:
    """Open a file beside `path` for writing text; it takes the place of `path` when the block ends without an error."""
    try:
        with NamedTemporaryFile(
            "w", encoding=encoding, newline=newline, dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                yield file
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).chmod(0o666 & ~_umask())
        Path(file.name).replace(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to: a file or a folder that takes its place when the block ends without an error.

    A folder takes the place of nothing but an empty one.
    """
    try:
        with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            yield Path(folder) / path.name
            (Path(folder) / path.name).replace(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    except OSError as error:
        if error.errno != ENOTEMPTY:
            raise
        raise UsageError(f"cannot write {path}: there is something in this folder; name another or empty it") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
