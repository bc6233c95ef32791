"""Zip archives as folders of reports: members are read where they lie, under limits, and never unpacked to disk."""

import errno
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Limits

if TYPE_CHECKING:
    from pipeline.ingest.remote import Remote

MAX_MEMBERS = 20_000
MAX_TOTAL = 2 * 2**30
MAX_RATIO = 200
RATIO_FROM = 10 * 2**20

_SKIPPED = re.compile(r"(?:^|/)(?:\.[^./]|\.\.[^/]|~\$|__MACOSX(?:/|$)|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive; `refusal` says why it is not to be read."""

    name: str
    refusal: str | None = None


def is_skipped(name: str) -> bool:
    """Tell whether a path relative to what was asked for is hidden, a lock file or an operating system's own."""
    return bool(_SKIPPED.search(name))


def members(path: "Path | Remote", limits: Limits) -> Iterator[Member]:
    """Yield the files of a zip archive in sorted order; raise LimitExceeded when it expands to too much."""
    with _named_errors():
        found = [info for info in _archive(path).infolist() if not info.filename.endswith("/")]
    total = sum(info.file_size for info in found)
    if len(found) > MAX_MEMBERS or total > MAX_TOTAL:
        raise LimitExceeded(
            f"the archive holds {len(found):,} files of {total:,} bytes, over the limit of "
            f"{MAX_MEMBERS:,} files or {MAX_TOTAL:,} bytes; unpack it and give the folder"
        )
    seen: set[str] = set()
    for info in sorted(found, key=lambda info: info.filename):
        if not is_skipped(info.filename.replace("\\", "/")):
            twice = "a second file of this name in the archive" if info.filename in seen else None
            yield Member(info.filename, twice or _refusal(info, limits))
            seen.add(info.filename)


@contextmanager
def open_member(path: "Path | Remote", name: str) -> Iterator[BinaryIO]:
    """Open a member for reading; more than its declared size is never read, and damage is raised as Unreadable."""
    with _named_errors():
        archive = _archive(path)
        try:
            info = archive.getinfo(name)
        except KeyError:
            raise Unreadable(f"no {name} in the archive") from None
        with archive.open(info) as stream:
            yield cast(BinaryIO, stream)


def _archive(path: "Path | Remote") -> zipfile.ZipFile:
    if not isinstance(path, Path):
        return _opened(path, 0, path.size, os.getpid())
    found = path.stat()
    return _opened(path, found.st_mtime_ns, found.st_size, os.getpid())


@lru_cache(maxsize=2)
def _opened(path: "Path | Remote", modified: int, size: int, process: int) -> zipfile.ZipFile:  # noqa: ARG001
    """Open an archive once: its directory is read again for no member; a forked process must not share the handle."""
    return zipfile.ZipFile(path if isinstance(path, Path) else path.open())


def _refusal(info: zipfile.ZipInfo, limits: Limits) -> str | None:
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        return "unsafe path in archive"
    if info.flag_bits & 1:
        return "encrypted in the archive; unpack it first"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link in an archive"
    if info.file_size > limits.max_bytes:
        return f"{info.file_size:,} bytes, over the limit of {limits.max_bytes:,}"
    if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * info.compress_size:
        return f"expands over {MAX_RATIO} times, as a zip bomb does"
    return None


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, struct.error) as error:
        raise Unreadable(f"damaged archive: {error}") from error
    except OSError as error:
        if error.errno not in {None, errno.EINVAL}:
            raise
        raise Unreadable(f"damaged archive: {error}") from error
    except RuntimeError as error:
        raise Unreadable(f"the archive cannot be read: {error}") from error
