"""Tables of reports, one report a row: CSV, JSONL and Parquet, read as a stream."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, TextIO

from pipeline.errors import LimitExceeded, Unreadable
from pipeline.ingest.document import Document, Limits
from pipeline.ingest.text import clean, encoding_of
from pipeline.report import METADATA_FIELDS

Opener = Callable[[], AbstractContextManager[BinaryIO]]

SECTIONS = {
    "investigation": "INVESTIGATION and INQUEST",
    "circumstances": "CIRCUMSTANCES OF THE DEATH",
    "concerns": "CORONER'S CONCERNS",
}
TEXT_COLUMNS = ("text", *SECTIONS)
COLUMNS = ("id", *METADATA_FIELDS, *TEXT_COLUMNS)

_DELIMITERS = ",;\t"
_CHUNK = 1 << 20
_PARQUET_ROWS = 64
_PEEK = 20
MAX_RATIO, RATIO_FROM = 200, 10 * 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """A report in a table: the values that it has under our names (COLUMNS), and its place, counted from 1."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that holds no report that can be read."""

    number: int
    reason: str


def row_document(values: Mapping[str, str], limits: Limits) -> Document:
    """Make a document of a row: its `text` as it is, else its sections under their headings."""
    text = values.get("text") or "\n\n".join(f"{SECTIONS[k]}\n{values[k]}" for k in SECTIONS if k in values)
    if len(text.encode("utf-8", "surrogatepass")) > limits.max_bytes:
        raise LimitExceeded(f"the row's text is over the limit of {limits.max_bytes:,} bytes")
    metadata = {k: " ".join(clean(values[k], limits).split()) for k in METADATA_FIELDS if k in values}
    return Document(clean(text, limits), metadata)


def is_header(text: str) -> bool:
    """Tell whether text begins with a line of nothing but our column names, two or more, one of them for text."""
    line = text.lstrip("\ufeff").split("\n", 1)[0]
    names = _header_names(line, _delimiter(line))
    return len(names) > 1 and set(names) <= set(COLUMNS) and not set(names).isdisjoint(TEXT_COLUMNS)


def csv_rows(open_table: Opener, limits: Limits, columns: Mapping[str, str]) -> Iterator[Row | BadRow]:
    """Stream the rows of a CSV file (comma, semicolon or tab; gzipped or not) with a header row."""
    with _text_lines(open_table, newline="") as stream:
        lines = _bounded(stream, limits)
        first = next((line for line in lines if line.strip()), "")
        delimiter = _delimiter(first)
        if first.lower().startswith("sep=") and len(first.rstrip("\r\n")) == 5:
            delimiter, first = first[4], next(lines, "")
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        records = _records(reader, min(limits.max_bytes, limits.max_chars))
        header = next(records, [])
        if isinstance(header, csv.Error):
            raise Unreadable(f"the header row cannot be read: {header}")
        places = _places(header, columns)
        for number, record in enumerate((r for r in records if r), 1):
            yield _csv_row(number, record, places, len(header))


def jsonl_rows(open_table: Opener, limits: Limits, columns: Mapping[str, str]) -> Iterator[Row | BadRow]:
    """Stream the objects of a JSONL file, gzipped or not; rows are numbered by line, and keys that we lack ignored."""
    with _text_lines(open_table, newline="\n") as stream:
        rows = (_json(n, line) for n, line in enumerate(_bounded(stream, limits), 1) if line.strip())
        first = list(islice(rows, _PEEK))
        if objects := [o for _, o in first if isinstance(o, dict)]:
            _places(list(dict.fromkeys(chain.from_iterable(objects))), columns)
        for number, found in chain(first, rows):
            yield BadRow(number, found) if isinstance(found, str) else _object_row(number, found, columns)


def parquet_rows(open_table: Opener, limits: Limits, columns: Mapping[str, str]) -> Iterator[Row | BadRow]:  # noqa: ARG001
    """Stream the rows of a Parquet file, reading only the columns that we know."""
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        with open_table() as stream:
            table = pq.ParquetFile(stream)
            names = table.schema_arrow.names
            wanted = [names[place] for place in _places(names, columns).values()]
            batches = table.iter_batches(batch_size=_PARQUET_ROWS, columns=wanted)
            rows = chain.from_iterable(batch.to_pylist() for batch in batches)
            for number, values in enumerate(rows, 1):
                yield _object_row(number, values, columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable(f"damaged Parquet file: {str(error).splitlines()[0]}") from error


def _places(header: list[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Map our names to the places of their columns; raise Unreadable when there is none for text."""
    names = _names(header)
    wanted = {ours: _names([columns.get(ours, ours)])[0] for ours in COLUMNS}
    places = {ours: names.index(theirs) for ours, theirs in wanted.items() if theirs in names}
    if places.keys().isdisjoint(TEXT_COLUMNS):
        found = ", ".join(name[:40] for name in header[:20])
        raise Unreadable(
            f"no column for text: found {found or 'none'}; wanted {', '.join(TEXT_COLUMNS)}; "
            "name yours with --columns, as in --columns text=Body"
        )
    return places


def _names(header: Iterable[str]) -> list[str]:
    return [name.strip("\ufeff \t\r\n").casefold() for name in header]


def _row(number: int, values: Mapping[str, str]) -> Row | BadRow:
    kept = {ours: value for ours, value in values.items() if value.strip()}
    return Row(number, kept) if not kept.keys().isdisjoint(TEXT_COLUMNS) else BadRow(number, "no text in row")


def _csv_row(number: int, record: list[str] | csv.Error, places: Mapping[str, int], width: int) -> Row | BadRow:
    if isinstance(record, csv.Error):
        return BadRow(number, f"row {number} cannot be read: {record}")
    if any(record[width:]):
        return BadRow(number, f"row {number} has {len(record)} values for {width} columns; is a value not quoted?")
    return _row(number, {ours: record[place] for ours, place in places.items() if place < len(record)})


def _object_row(number: int, found: Mapping[str, Any], columns: Mapping[str, str]) -> Row | BadRow:
    """Make a row of JSON values; text must be a string, other values may be scalars or lists of them."""
    theirs = dict(zip(_names(found), found.values(), strict=True))
    values = {ours: theirs.get(_names([columns.get(ours, ours)])[0]) for ours in COLUMNS}
    for ours in TEXT_COLUMNS:
        if not isinstance(values[ours], str | None):
            return BadRow(number, f"row {number}: {ours} is a {type(values[ours]).__name__}, not a string")
    return _row(number, {ours: _scalar(value) for ours, value in values.items()})


def _scalar(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(filter(None, map(_scalar, value)))
    return "" if value is None or isinstance(value, dict) else str(value)


def _json(number: int, line: str) -> tuple[int, dict[str, Any] | str]:
    try:
        found = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        return number, f"line {number} is not JSON: {error}"
    return number, found if isinstance(found, dict) else f"line {number} is not a JSON object"


def _records(reader: Iterator[list[str]], longest: int) -> Iterator[list[str] | csv.Error]:
    while True:
        try:
            with fields_up_to(longest):
                record: list[str] | csv.Error = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record = error
        yield record


@contextmanager
def fields_up_to(longest: int) -> Iterator[None]:
    """Let the csv module read fields of so many characters for now: its limit is one for the whole process."""
    before = csv.field_size_limit(longest)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _delimiter(line: str) -> str:
    """Choose the delimiter that yields the most of our columns, then the most columns."""

    def fit(delimiter: str) -> tuple[int, int]:
        names = _header_names(line, delimiter)
        return len(set(names) & set(COLUMNS)), len(names)

    return max(_DELIMITERS, key=fit)


def _header_names(line: str, delimiter: str) -> list[str]:
    try:
        return _names(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return []


def _bounded(stream: TextIO, limits: Limits) -> Iterator[str]:
    """Yield lines, and refuse to hold one that is over the limit."""
    while line := stream.readline(limits.max_bytes + 1):
        if len(line) > limits.max_bytes:
            raise LimitExceeded(f"a line is over the limit of {limits.max_bytes:,} characters")
        yield line


@contextmanager
def _text_lines(open_table: Opener, *, newline: str) -> Iterator[TextIO]:
    """Open a table as text in the encoding that fits all of it, which takes a first pass over the file."""
    try:
        encoding = encoding_of(lambda: _chunks(open_table))
        with _plain(open_table) as stream, io.TextIOWrapper(stream, encoding, newline=newline) as lines:
            yield lines
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Unreadable(f"damaged gzip file: {error}") from error


def _chunks(open_table: Opener) -> Iterator[bytes]:
    with _plain(open_table) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


@contextmanager
def _plain(open_table: Opener) -> Iterator[BinaryIO]:
    with open_table() as stream:
        if stream.read(2) != b"\x1f\x8b":
            stream.seek(0)
            yield stream
            return
        stream.seek(0)
        with _Unzipped(stream) as unzipped:
            yield unzipped  # type: ignore[misc]


class _Unzipped(gzip.GzipFile):
    """A gzip file that is read no further than it may expand."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed)
        self._packed = packed

    def read(self, size: int | None = -1) -> bytes:
        return self._checked(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._checked(super().read1(size))

    def _checked(self, data: bytes) -> bytes:
        if (done := self.tell()) > RATIO_FROM and done > MAX_RATIO * self._packed.tell():
            raise LimitExceeded(f"expands over {MAX_RATIO} times, as a zip bomb does")
        return data
