"""Find files by path, folder and pattern."""

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pipeline.ingest.archive import is_skipped


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that was asked for and holds no report that can be read, and why."""

    name: str
    reason: str


def expand(given: str) -> Iterator[Path | Rejected]:
    """Yield the files that a path, folder or pattern stands for; a path that exists is never a pattern."""
    try:
        os.stat(given)  # noqa: PTH116
    except (OSError, ValueError) as error:
        if glob.has_magic(given):
            yield from _matching(given)
        else:
            yield Rejected(printable(given), problem(error))
        return
    yield from _walk(Path(given))


def _matching(pattern: str) -> Iterator[Path | Rejected]:
    if "**" in Path(pattern).parts:
        found = _matching_deep(Path(pattern))
    else:
        names = sorted(name for name in glob.glob(pattern) if not is_skipped(Path(name).name))  # noqa: PTH207
        found = [path for name in names for path in _walk(Path(name))]
    yield from found or [Rejected(printable(pattern), "no file matches this pattern")]


def _matching_deep(pattern: Path) -> list[Path | Rejected]:
    """Match `**` against a walk of our own, since that of `glob` runs in circles through links."""
    fixed = next(n for n, part in enumerate(pattern.parts) if glob.has_magic(part))
    base, wanted = Path(*pattern.parts[:fixed]), pattern.parts[fixed:]
    walked = _walk(base) if base.is_dir() else ()
    return [p for p in walked if isinstance(p, Rejected) or _fits(p.parts[len(base.parts) :], wanted)]


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Tell whether a path, or a folder that it lies in, matches a pattern."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return _fits(parts, pattern[1:]) or (bool(parts) and _fits(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _walk(top: Path) -> Iterator[Path | Rejected]:
    """Yield a file, or the files below a folder in sorted order, each folder once however links lead to it."""
    waiting, seen = [top], set()
    while waiting:
        here = waiting.pop()
        try:
            if not here.is_dir():
                yield here
                continue
            found = here.stat()
            names = [] if (found.st_dev, found.st_ino) in seen else sorted(os.listdir(here), reverse=True)  # noqa: PTH208
            seen.add((found.st_dev, found.st_ino))
        except OSError as error:
            yield Rejected(printable(here.as_posix()), problem(error))
        else:
            waiting.extend(here / name for name in names if not is_skipped(name))


def problem(error: OSError | ValueError) -> str:
    """Say in a few words why a file cannot be opened."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return "no such file or folder"
    return f"cannot be read: {error.strerror or error}"


def printable(name: str) -> str:
    """Show undecodable bytes of a file name, and what is no character, as escapes, so that it can be printed and stored."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode("utf-8")
