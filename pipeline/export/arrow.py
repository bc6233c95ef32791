"""Fields as an Arrow schema, and rows as record batches of it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa  # type: ignore[import-untyped]

from pipeline.export.fields import FORMAT_VERSION, Field

Item = TypeVar("Item")

_TYPES = {
    "string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "strings": pa.list_(pa.string()),
    "integers": pa.list_(pa.int64()), "boxes": pa.list_(pa.list_(pa.float64())),
}  # fmt: skip


def arrow_schema(fields: Iterable[Field]) -> pa.Schema:
    """The schema with what each field holds and the format's version in its metadata."""
    return pa.schema([_field(field) for field in fields], {"format_version": str(FORMAT_VERSION)})


def _field(field: Field) -> pa.Field:
    parts = pa.struct([_field(part) for part in field.parts])
    kind = {"struct": parts, "structs": pa.list_(parts)}.get(field.type) or _TYPES[field.type]
    return pa.field(field.name, kind, metadata={"description": field.about})


def as_batch(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Rows as a batch; what the schema does not name is left out."""
    return pa.RecordBatch.from_pylist(list(rows), schema=schema)


def in_batches(records: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Items in lists of `size`, the last one shorter."""
    rest = iter(records)
    while batch := list(islice(rest, size)):
        yield batch
