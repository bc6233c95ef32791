"""A Frictionless data package (version 2): what the files of an export are, field by field, with their hashes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.export.fields import COUNT, CSV_ROW, FINDING, FORMAT_VERSION, VERSION, Field
from pipeline.export.parquet import UNDATED
from pipeline.export.tables import REPORT, TABLES
from pipeline.export.whole_file import whole_file
from pipeline.export.wide_csv import wide_fields

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
MEDIA_TYPES = {
    "csv": "text/csv", "jsonl": "application/jsonl", "json": "application/json", "parquet": "application/vnd.apache.parquet",
    "duckdb": "application/vnd.duckdb",
}  # fmt: skip
_TYPES = {"strings": "array", "integers": "array", "boxes": "array", "structs": "array", "struct": "object"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A file, or the files of a folder, of an export; `path` is where it lies, `fields` its columns in order."""

    name: str
    path: Path
    format: str
    about: str
    fields: Sequence[Field] = ()
    key: tuple[str, ...] = ()
    tables: Mapping[str, Sequence[Field]] = field(default_factory=dict)


def findings_resource(name: str, path: Path, categories: Mapping[str, str]) -> Resource:
    """What an export in the format `name` wrote to `path`; `categories` as for the wide table."""
    match name:
        case "csv":
            return Resource(
                "findings", path, "csv", "a row for each finding and category", CSV_ROW, ("finding_id", "category")
            )
        case "csv-wide":
            fields = wide_fields(categories)
            return Resource("findings", path, "csv", "a row a finding, a column a category", fields, ("finding_id",))
        case "parquet":
            return Resource(
                "findings", path, "parquet", "a row a finding, with nested columns", FINDING, ("finding_id",)
            )
        case "duckdb":
            return Resource(
                "findings", path, "duckdb", "a DuckDB database of findings and their reports", tables=TABLES
            )
        case "counts":
            kind = "json" if path.suffix.casefold() == ".json" else "csv"
            return Resource("counts", path, kind, "counts of each category by report and by mention", COUNT)
        case _:
            return Resource("findings", path, "jsonl", "a finding a line", (*FINDING, VERSION), ("finding_id",))


def reports_resource(path: Path) -> Resource:
    """What `--with-text` wrote to `path`."""
    return Resource("reports", path, "jsonl", "a report a line, with its text", REPORT, ("report_id",))


def write_data_package(
    resources: Iterable[Resource], path: Path, *, filters: Mapping[str, Any], redacted: bool
) -> None:
    """Write the descriptor to `path`, in the folder of the files; `filters` are those that chose the findings."""
    descriptor = {
        "$schema": PROFILE, "name": "failings", "title": "What went wrong, as reports say it",
        "description": "Findings in reports of deaths, reviews and inquiries, made with failings; docs/export.md tells more.",
        "format_version": FORMAT_VERSION, "pipeline": __version__, "filters": dict(filters), "redacted": redacted,
        "resources": [row for resource in resources for row in _rows(resource, path.parent)],
    }  # fmt: skip
    with whole_file(path) as file:
        json.dump(descriptor, file, ensure_ascii=False, indent=1)
        file.write("\n")


def _rows(resource: Resource, folder: Path) -> Iterable[dict[str, Any]]:
    """A resource for each file, as a hash is of one file."""
    if resource.path.is_file():
        yield _row(resource, resource.name, resource.path, folder)
        return
    for file in sorted(resource.path.rglob(f"*.{resource.format}")):
        year = file.parent.name.partition("=")[2]
        yield _row(resource, f"{resource.name}-{'undated' if year == UNDATED else year}", file, folder)


def _row(resource: Resource, name: str, file: Path, folder: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    row = {
        "name": name, "path": file.relative_to(folder).as_posix(), "description": resource.about,
        "format": resource.format, "mediatype": MEDIA_TYPES[resource.format], "bytes": file.stat().st_size, "hash": f"sha256:{digest}",
    }  # fmt: skip
    if resource.tables:
        return row | {"tables": [{"name": name, "schema": _schema(fields)} for name, fields in resource.tables.items()]}
    text = {"encoding": "utf-8"} if resource.format in ("csv", "jsonl", "json") else {}
    table = {"type": "table"} if resource.format in ("csv", "jsonl", "parquet") else {}
    return row | text | table | ({"schema": _schema(resource.fields, resource.key)} if table else {})


def _schema(fields: Iterable[Field], key: Sequence[str] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_described(each) for each in fields]}
    return schema | ({"primaryKey": list(key)} if key else {})


def _described(each: Field) -> dict[str, Any]:
    row = {"name": each.name, "type": _TYPES.get(each.type, each.type), "description": each.about}
    boolean = {"trueValues": ["True", "true"], "falseValues": ["False", "false"]} if each.type == "boolean" else {}
    return row | boolean
