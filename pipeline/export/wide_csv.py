"""A 0/1 matrix: a row a finding, and a column for every category, in the same CSV for spreadsheets."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.export.csv_rows import Row, flat_row, write_rows
from pipeline.export.fields import WIDE_ROW, Field, category_field


def wide_fields(categories: Mapping[str, str]) -> tuple[Field, ...]:
    """The columns of the table; `categories` gives the definition of each category by its id."""
    return (*WIDE_ROW, *(category_field(*category) for category in categories.items()))


def write_wide_csv(records: Iterable[Mapping[str, Any]], path: Path, *, categories: Mapping[str, str]) -> int:
    """Write export records, a row each; return how many."""
    columns = {category: category_field(category, "").name for category in categories}
    return write_rows(path, wide_fields(categories), ([_row(record, columns)] for record in records))


def _row(record: Mapping[str, Any], columns: Mapping[str, str]) -> Row:
    has = {category["id"] for category in record["categories"]}
    return flat_row(record) | {column: int(category in has) for category, column in columns.items()}
