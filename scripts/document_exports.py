"""Write the tables of fields in docs/export.md anew from pipeline/export: `python scripts/document_exports.py`."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.export.fields import COUNT, CSV_ROW, FINDING, VERSION, WIDE_ROW, Field, category_field
from pipeline.export.tables import REPORT, TABLES

DOCS = Path(__file__).parent.parent / "docs" / "export.md"
BLOCK = re.compile(r"(<!-- fields: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
LISTS = {
    "strings": "list of strings", "integers": "list of integers", "boxes": "list of lists of numbers", "structs": "list of structs",
}  # fmt: skip

ANY_CATEGORY = category_field("ID", "Its definition follows in a data package.")
BLOCKS: dict[str, tuple[Field, ...]] = {
    "finding": (*FINDING, VERSION), "report": REPORT, "csv": CSV_ROW, "csv-wide": (*WIDE_ROW, ANY_CATEGORY), "counts": COUNT,
    **{f"duckdb.{table}": fields for table, fields in TABLES.items()},
}  # fmt: skip


def documented(text: str) -> str:
    """The page with every table of fields as the code has it."""
    return BLOCK.sub(lambda block: block[1] + _table(BLOCKS[block[2]]) + block[3], text)


def _table(fields: Iterable[Field]) -> str:
    rows = "".join(f"| `{name}` | {kind} | {about} |\n" for name, kind, about in _rows(fields))
    return f"| field | type | what |\n| --- | --- | --- |\n{rows}"


def _rows(fields: Iterable[Field], before: str = "") -> Iterator[tuple[str, str, str]]:
    for field in fields:
        yield before + field.name, LISTS.get(field.type, field.type), field.about
        yield from _rows(field.parts, f"{before}{field.name}.")


if __name__ == "__main__":
    DOCS.write_text(documented(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
