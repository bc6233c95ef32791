"""Find the reports in files, folders, patterns, archives and tables, and read them one by one."""

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
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
from pipeline.report import Report

OWN_NAMES: Mapping[str, str] = MappingProxyType({})
_CHUNK = 1 << 20

__all__ = ["Rejected", "Source", "digest", "discover", "read"]


@dataclass(frozen=True, slots=True)
class Source:
    """One report to be: a file, a member of an archive, or a row of a table under our column names.

    `name` is the path as given, with '/member' and '#row id' added; it becomes `Report.source`.
    """

    name: str
    path: Path
    member: str | None = None
    row: Mapping[str, str] | None = None


def discover(
    paths: Sequence[str], *, limits: Limits, columns: Mapping[str, str] = OWN_NAMES
) -> Iterator[Source | Rejected]:
    """Yield every report in files, folders, patterns, zip archives and tables, each once, in sorted order.

    `columns` maps our names of table columns to theirs. Nothing in `paths` stops the rest: what cannot be read is
    Rejected.
    """
    if unknown := set(columns) - set(tables.COLUMNS):
        raise UsageError(f"unknown columns {', '.join(sorted(unknown))}; ours are {', '.join(tables.COLUMNS)}")
    seen: set[str] = set()
    for found in (found for given in paths for found in expand(given)):
        key = found.name if isinstance(found, Rejected) else os.path.realpath(found)
        if key not in seen:
            seen.add(key)
            yield from [found] if isinstance(found, Rejected) else _reports(found, limits, columns)


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
        size = 0 if source.member else source.path.stat().st_size
        if size <= limits.max_bytes:
            with _open(source) as stream:
                data = stream.read(limits.max_bytes + 1)
            size = len(data)
    except OSError as error:
        raise Unreadable(problem(error)) from error
    if size > limits.max_bytes:
        raise LimitExceeded(f"{size:,} bytes, over the limit of {limits.max_bytes:,}")
    return data


def _open(source: Source) -> AbstractContextManager[BinaryIO]:
    return archive.open_member(source.path, source.member) if source.member else source.path.open("rb")


def _reports(path: Path, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    """Yield what one file holds."""
    source = Source(printable(path.as_posix()), path)
    try:
        if stat.S_ISREG(path.stat().st_mode):
            yield from _contents(source, limits, columns)
        else:
            yield Rejected(source.name, "not a regular file")
    except OSError as error:
        yield Rejected(source.name, problem(error))
    except InputError as error:
        yield Rejected(source.name, str(error))


def _contents(source: Source, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    with _open(source) as stream:
        head = stream.read(HEAD_BYTES)
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
    for member in archive.members(source.path, limits):
        name = f"{source.name}/{member.name}"
        if member.refusal:
            yield Rejected(name, member.refusal)
            continue
        try:
            yield from _contents(Source(name, source.path, member.name), limits, columns)
        except InputError as error:
            yield Rejected(name, str(error))


def _rows(source: Source, table: Format, limits: Limits, columns: Mapping[str, str]) -> Iterator[Source | Rejected]:
    """Yield the rows of a table, named by their ids; a repeated id is numbered from 2."""
    assert table.rows  # noqa: S101
    counts: dict[str, int] = {}
    for row in table.rows(lambda: _open(source), limits, columns):
        if isinstance(row, tables.BadRow):
            yield Rejected(f"{source.name}#row-{row.number}", row.reason)
            continue
        label = " ".join(row.values.get("id", f"row-{row.number}").split())
        counts[label] = counts.get(label, 0) + 1
        suffix = f"~{counts[label]}" if counts[label] > 1 else ""
        yield replace(source, name=f"{source.name}#{printable(label)}{suffix}", row=row.values)
