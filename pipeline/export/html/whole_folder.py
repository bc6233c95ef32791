"""Write a folder whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from pipeline.errors import UsageError

MARK = '<meta name="generator" content="failings">'


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder beside `path` to write in; it takes the place of `path` when the block ends without an error.

    Raises:
        UsageError: `path` is there and is neither empty nor a report that failings wrote, or cannot be written.
    """
    if path.exists() and not _is_ours(path):
        raise UsageError(
            f"{path} holds something else: give a new or an empty folder, or a file name that ends in .html"
        )
    try:
        made = Path(mkdtemp(dir=path.absolute().parent, prefix=f".{path.name}."))
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    try:
        new, old = made / "new", made / "old"
        new.mkdir()
        yield new
        if path.exists():
            path.rename(old)
        new.rename(path)
    finally:
        shutil.rmtree(made)


def _is_ours(path: Path) -> bool:
    if not path.is_dir():
        return False
    index = path / "index.html"
    if index.is_file():
        return MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
    return not any(path.iterdir())
