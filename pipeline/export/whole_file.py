"""Write a file or a folder whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EFBIG, EIO, ENOSPC, ENOTEMPTY
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import IO

from pipeline.errors import FailingsError, UsageError

NO_ROOM = (ENOSPC, EDQUOT, EFBIG, EIO)


@contextmanager
def whole_file(path: Path, *, encoding: str = "utf-8", newline: str = "\n") -> Iterator[IO[str]]:
    """Open a file beside `path` for writing text; it takes the place of `path` when the block ends without an error."""
    with _told(path):
        file = NamedTemporaryFile(  # noqa: SIM115
            "w", encoding=encoding, newline=newline, dir=path.parent, prefix=f".{path.name}.", delete=False
        )
        try:
            with file:
                yield file
            Path(file.name).chmod(0o666 & ~_umask())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def whole_path(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to: a file or a folder that takes its place when the block ends without an error.

    A folder takes the place of nothing but an empty one.
    """
    with _told(path), TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        yield Path(folder) / path.name
        (Path(folder) / path.name).replace(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in one line why `path` cannot be written; a device or a pipe is left alone."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UsageError(f"cannot write {path}: it is no file; name one")
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    except OSError as error:
        if error.errno == ENOTEMPTY:
            raise UsageError(
                f"cannot write {path}: there is something in this folder; name another or empty it"
            ) from error
        if error.errno not in NO_ROOM:
            raise
        raise unwritten(path, os.strerror(error.errno)) from error


def unwritten(path: Path, said: str) -> FailingsError:
    """The error to raise when the disk did not take what was written."""
    return FailingsError(f"cannot write {path}: {said}; nothing there was changed: make room, then do it again")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
