"""Find the reports in files, folders, patterns, archives and tables, and read them one by one."""

import json
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from pipeline.errors import InputError, LimitExceeded, Unreadable, UsageError
from pipeline.ingest import archive, tables
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.folders import Rejected, expand, printable, problem
from pipeline.ingest.formats import HEAD_BYTES, Format, detect, unsupported
from pipeline.ingest.remote import AHEAD, AT_ONCE, Remote, expand_url, is_url
from pipeline.report import Report

OWN_NAMES: Mapping[str, str] = MappingProxyType({})
_CHUNK = 1 << 20
MOST_BAD_ROWS = 1_000

__all__ = ["Rejected", "Source", "digest", "digested", "discover", "read"]


@dataclass(frozen=True, slots=True)
class Source:
    """One report to be: a file, a member of an archive, or a row of a table under our column names.

    `name` is the path or URL as given, with '/member' and '#row id' added; it becomes `Report.source`. `sha256` is what
    `digest` says, where it was asked before.
    """

    name: str
    path: Path | Remote
    member: str | None = None
    row: Mapping[str, str] | None = None
    sha256: str | None = None


def discover(
    paths: Sequence[str], *, limits: Limits, columns: Mapping[str, str] = OWN_NAMES
) -> Iterator[Source | Rejected]:
    """Yield every report in files, folders, patterns, zip archives and tables, each once, in sorted order.

    Paths may be URLs (`remote.PACKAGES`). `columns` maps our names of table columns to theirs. Nothing in `paths` stops
    the rest: what cannot be read is Rejected.
    """
    checked_columns(columns)
    for found in files(paths):
        yield from [found] if isinstance(found, Rejected) else contents(found, limits, columns)


def checked_columns(columns: Mapping[str, str]) -> None:
    """Raise UsageError where `columns` maps what is no name of ours."""
    if unknown := set(columns) - set(tables.COLUMNS):
        raise UsageError(f"unknown columns {', '.join(sorted(unknown))}; ours are {', '.join(tables.COLUMNS)}")


def files(paths: Sequence[str]) -> Iterator[Path | Remote | Rejected]:
    """Yield the files that paths, folders and patterns stand for, each once."""
    seen: set[str] = set()
    for found in (found for given in paths for found in (expand_url(given) if is_url(given) else expand(given))):
        key = os.path.realpath(found) if isinstance(found, Path) else name_of(found)
        if key not in seen:
            seen.add(key)
            yield found


def digest(source: Source) -> str:
    """SHA-256 of the bytes of the file or member, or of the row's values as canonical JSON, in hexadecimal digits."""
    if source.row is not None:
        values = json.dumps(dict(source.row), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return sha256(values.encode("utf-8", "surrogatepass")).hexdigest()
    result = sha256()
    try:
        with _open(source) as stream:
            while chunk := stream.read(_CHUNK):
                result.update(chunk)
    except OSError as error:
        raise Unreadable(problem(error)) from error
    return result.hexdigest()


def digested(found: Iterable[Source | Rejected]) -> Iterator[Source | Rejected]:
    """Yield sources with their digests, in order; several files behind URLs are read at once. What cannot be read is Rejected."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ahead: deque[Source | Rejected | Future[Source | Rejected]] = deque()
        for item in found:
            far = (
                isinstance(item, Source) and isinstance(item.path, Remote) and item.member is None and item.row is None
            )
            ahead.append(threads.submit(_with_digest, item) if far else item)
            while ahead and (len(ahead) > AHEAD or not isinstance(ahead[0], Future)):
                yield _settled(ahead.popleft())
        while ahead:
            yield _settled(ahead.popleft())


def _settled(item: "Source | Rejected | Future[Source | Rejected]") -> Source | Rejected:
    return item.result() if isinstance(item, Future) else _with_digest(item)


def _with_digest(item: Source | Rejected) -> Source | Rejected:
    if isinstance(item, Rejected):
        return item
    try:
        return replace(item, sha256=digest(item))
    except (InputError, OSError) as error:
        return Rejected(item.name, str(error))


def read(source: Source, *, limits: Limits) -> Report:
    """Read one report; raise InputError where it is damaged, empty, over a limit or of no supported type."""
    if source.row is not None:
        document, sha = tables.row_document(source.row, limits), digest(source)
    else:
        data = _load(source, limits)
        document, sha = _document(data, source.name, limits), sha256(data).hexdigest()
    if not document.text.strip():
        raise Unreadable("no text")
    metadata = {key: value for key, value in document.metadata.items() if value.strip()}
    return Report(document.text, source.name, sha, metadata, document.pages)


def _document(data: bytes, name: str, limits: Limits) -> Document:
    head = data[:HEAD_BYTES]
    found = detect(head, name)
    if found is None or found.read is None:
        raise Unreadable(f"a {found.name} holds reports, it is not one" if found else unsupported(head, name))
    return found.read(data, limits)


def _load(source: Source, limits: Limits) -> bytes:
    try:
        size = 0 if source.member else _size(source.path)
        if size <= limits.max_bytes:
            with _open(source) as stream:
                data = stream.read(limits.max_bytes + 1)
            size = len(data)
    except OSError as error:
        raise Unreadable(problem(error)) from error
    if size > limits.max_bytes:
        raise LimitExceeded(f"{size:,} bytes, over the limit of {limits.max_bytes:,}")
    return data


def name_of(found: Path | Remote | Rejected) -> str:
    """The name that a file's report is stored under."""
    if isinstance(found, Path):
        return printable(found.as_posix())
    return found.url if isinstance(found, Remote) else found.name


def _size(path: Path | Remote) -> int:
    return path.size if isinstance(path, Remote) else path.stat().st_size


def _open(source: Source) -> AbstractContextManager[BinaryIO]:
    if source.member:
        return archive.open_member(source.path, source.member)
    return source.path.open() if isinstance(source.path, Remote) else source.path.open("rb")


def _head(source: Source) -> bytes:
    if isinstance(source.path, Remote) and not source.member:
        return source.path.head(HEAD_BYTES)
    with _open(source) as stream:
        return stream.read(HEAD_BYTES)


def contents(path: Path | Remote, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    """Yield what one file holds."""
    source = Source(name_of(path), path)
    try:
        if isinstance(path, Remote) or stat.S_ISREG(path.stat().st_mode):
            yield from _contents(source, limits, columns)
        else:
            yield Rejected(source.name, "not a regular file")
    except OSError as error:
        yield Rejected(source.name, problem(error))
    except InputError as error:
        yield Rejected(source.name, str(error))


def _contents(source: Source, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    head = _head(source)
    found = detect(head, source.name)
    if found is None:
        yield Rejected(source.name, unsupported(head, source.name))
    elif found.rows:
        yield from _rows(source, found, limits, columns)
    elif found.read:
        yield source
    elif source.member:
        yield Rejected(source.name, "an archive in an archive; unpack it first")
    else:
        yield from _members(source, limits, columns)


def _members(source: Source, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    count = 0
    for count, member in enumerate(archive.members(source.path, limits), 1):  # noqa: B007
        name = f"{source.name}/{member.name}"
        if member.refusal:
            yield Rejected(name, member.refusal)
            continue
        try:
            yield from _contents(Source(name, source.path, member.name), limits, columns)
        except InputError as error:
            yield Rejected(name, str(error))
    if not count:
        yield Rejected(source.name, "no files in the archive")


def _rows(source: Source, table: Format, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    """Yield the rows of a table, named by their ids; a repeated id is numbered from 2. Of bad rows the first MOST_BAD_ROWS are named."""
    assert table.rows  # noqa: S101
    counts: dict[str, int] = {}
    bad = 0
    for row in table.rows(lambda: _open(source), limits, columns):
        if isinstance(row, tables.BadRow):
            bad += 1
            if bad <= MOST_BAD_ROWS:
                yield Rejected(f"{source.name}#row-{row.number}", row.reason)
            continue
        label = " ".join(row.values.get("id", f"row-{row.number}").split())
        counts[label] = counts.get(label, 0) + 1
        suffix = f"~{counts[label]}" if counts[label] > 1 else ""
        yield replace(source, name=f"{source.name}#{printable(label)}{suffix}", row=row.values)
    if not counts and not bad:
        yield Rejected(source.name, "no rows in the table")
    if bad > MOST_BAD_ROWS:
        yield Rejected(source.name, f"{bad - MOST_BAD_ROWS:,} more rows cannot be read; is it a table at all?")
