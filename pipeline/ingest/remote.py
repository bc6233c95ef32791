"""Files in object stores and on other machines, by URL, through fsspec."""

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, cast

from pipeline.errors import FailingsError, Unreadable, UsageError
from pipeline.ingest.archive import is_skipped
from pipeline.ingest.folders import Rejected, problem
from pipeline.ingest.formats import HEAD_BYTES

PACKAGES = {
    "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
    "sftp": "sshfs", "ssh": "sshfs", "file": "fsspec", "memory": "fsspec",
}  # fmt: skip
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_MAGIC = re.compile(r"[*?\[]")
_CHUNK, _MORE = 1 << 20, 1 << 12
AT_ONCE = 16
AHEAD = 64


@dataclass(frozen=True, slots=True)
class Remote:
    """A file behind a URL, and its size in bytes when it was found."""

    url: str
    size: int

    def open(self) -> BinaryIO:
        """Open it for reading; errors of the store's client are raised as Unreadable."""
        with client_errors():
            files, path = filesystem(self.url)
            return cast(BinaryIO, io.BufferedReader(_Named(files.open(path, "rb"), self.size), _CHUNK))

    def head(self, count: int) -> bytes:
        """Its first bytes, without asking for more."""
        return _head(self.url, min(count, self.size))


class _Named(io.RawIOBase):
    """A file of fsspec whose errors are named. Little is asked for beyond its `size`: SFTP takes long to say that there is no more."""

    def __init__(self, file: Any, size: int) -> None:
        self._file = file
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with client_errors():
            left = self._size - self._at
            data = self._file.read(min(len(buffer), left if left > 0 else _MORE))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = int(self._file.seek(offset, whence))
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def is_url(given: str) -> bool:
    """Tell whether a path is a URL."""
    return bool(_URL.match(given))


def expand_url(given: str) -> Iterator[Remote | Rejected]:
    """Yield the files that the URL of a file, a folder or a pattern stands for, in sorted order.

    Raise UsageError when there is no such kind of URL, or its package is not installed.
    """
    try:
        files, path = filesystem(given)
        with client_errors():
            found = _found(files, path)
    except (OSError, Unreadable) as error:
        yield Rejected(given, problem(error) if isinstance(error, OSError) else str(error))
        return
    if not found:
        none = "no file matches this pattern" if _MAGIC.search(path) else "no file in this folder"
        yield Rejected(given, none)
    remotes = [Remote(_url(given, path, name, files), found[name]) for name in sorted(found)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(remotes), AHEAD):
            batch = remotes[start : start + AHEAD]
            list(threads.map(_warmed, batch))
            yield from batch


def filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it; raise UsageError when it needs what is not installed."""
    scheme = url.partition("://")[0].casefold()
    if scheme not in PACKAGES:
        raise UsageError(f"{url}: cannot read {scheme}:// (can read: {', '.join(f'{s}://' for s in PACKAGES)})")
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # noqa: PLC0415

        with client_errors():
            files, path = url_to_fs(url, **_options(scheme))
    except ImportError as error:
        needed = " ".join(dict.fromkeys(("fsspec", PACKAGES[scheme])))
        raise UsageError(f"{url}: {scheme}:// needs a package that is not here: pip install {needed}") from error
    return files, path


def _options(scheme: str) -> dict[str, Any]:
    """What a client is told besides the URL; raise ImportError where fsspec would take another one, that cannot be told so."""
    if scheme not in ("sftp", "ssh"):
        return {}
    import sshfs  # type: ignore[import-untyped]  # noqa: F401, PLC0415

    return {"known_hosts": ()}  # as asyncssh does by itself: hosts in ~/.ssh/known_hosts; sshfs takes whoever answers


@contextmanager
def client_errors() -> Iterator[None]:
    """Raise what a store's client raises as Unreadable; what is an OSError stays one."""
    try:
        yield
    except (FailingsError, OSError, ImportError):
        raise
    except Exception as error:  # each client (botocore, azure, google, paramiko) has a tree of its own
        said = " ".join(str(error).split())
        raise Unreadable(f"cannot be read: {type(error).__name__}: {said}") from error


@lru_cache(2 * AHEAD)
def _head(url: str, count: int) -> bytes:
    if not count:
        return b""  # a range of nothing is an error to some stores
    with client_errors():
        files, path = filesystem(url)
        return bytes(files.cat_file(path, start=0, end=count))


def _warmed(remote: Remote) -> None:
    """Have the first bytes at hand, since they will be asked for one file after the other; errors come up then."""
    with suppress(OSError, Unreadable):
        remote.head(HEAD_BYTES)


def _found(files: Any, path: str) -> dict[str, int]:
    """Sizes of files by their paths; a path that exists is never a pattern."""
    if _MAGIC.search(path) and not files.exists(path):
        matched = files.glob(path, detail=True)
        found: dict[str, int] = {}
        for name, about in matched.items():
            found |= _walked(files, name) if about["type"] == "directory" else {name: about["size"]}
        base = _MAGIC.split(path)[0].rpartition("/")[0]
        return {name: size for name, size in found.items() if not is_skipped(name[len(base) :])}
    about = files.info(path)
    return _walked(files, path) if about["type"] == "directory" else {path: about["size"]}


def _walked(files: Any, folder: str) -> dict[str, int]:
    below = files.find(folder, detail=True).items()
    return {name: about["size"] for name, about in below if not is_skipped(name[len(folder) :])}


def _url(given: str, path: str, name: str, files: Any) -> str:
    """The URL of a file found under a given one: host and user, which paths of some stores lack, as they were given."""
    start, path = given.rstrip("/"), path.rstrip("/")
    if path and start.endswith(path):
        return start[: len(start) - len(path)] + name
    return str(files.unstrip_protocol(name))
