"""`failings export`: write findings in the format of another tool."""

from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.commands.common import (
    Subparsers,
    add_filters,
    add_report_filters,
    add_store,
    open_store,
    report_filter_of,
    warn,
)
from pipeline.export import FORMATS

Records = Iterable[Mapping[str, Any]]


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("export", help="write findings as a file for other tools")
    parser.add_argument("--format", required=True, choices=sorted(FORMATS), help="the format to write")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--with-text",
        action="store_true",
        help="also write the reports' texts: reports.jsonl beside OUT, or into the DuckDB file",
    )
    parser.add_argument(
        "--redact", action="store_true", help="mask the names of private persons; offsets are those of the masked text"
    )
    parser.add_argument("--partition-by", choices=("year",), help="parquet: write a folder with a part for each year")
    parser.add_argument(
        "--data-package",
        action="store_true",
        help="also write datapackage.json beside OUT: every field, sizes and hashes",
    )
    add_store(parser)
    add_filters(parser)
    add_report_filters(parser)
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Export, and say how much on stderr."""
    from pipeline.export import writer_of
    from pipeline.export.jsonl import write_jsonl

    texts, package = args.output.with_name("reports.jsonl"), args.output.with_name("datapackage.json")
    texts_beside = args.with_text and "with_text" not in FORMATS[args.format].takes
    _check(args, [texts] * texts_beside + [package] * args.data_package)
    engine = open_store(args)
    wanted = report_filter_of(args, engine)
    findings, reports = _read(engine, wanted, redact=args.redact)
    categories = _categories(engine)
    given = {
        "categories": categories,
        "reports": reports(),
        "with_text": args.with_text,
        "partition_by": args.partition_by,
    }
    options = {name: given[name] for name in FORMATS[args.format].takes}
    warn(f"{writer_of(args.format)(findings, args.output, **options)} findings in {args.output}")
    if texts_beside:
        warn(f"{write_jsonl(reports(), texts)} reports in {texts}")
    if args.data_package:
        _describe(args, wanted, categories, package, texts if texts_beside else None)
    return 0


def _describe(args: Namespace, wanted: Any, categories: Mapping[str, str], package: Path, texts: Path | None) -> None:
    from pipeline.export.data_package import findings_resource, reports_resource, write_data_package

    resources = [findings_resource(args.format, args.output, categories), *([reports_resource(texts)] if texts else [])]
    write_data_package(resources, package, filters=_filters(wanted, redact=args.redact), redacted=args.redact)
    warn(f"what they are in {package}")


def _check(args: Namespace, beside: Iterable[Path]) -> None:
    from pipeline.errors import UsageError

    for path in beside:
        if path == args.output:
            option = "--with-text" if path.suffix == ".jsonl" else "--data-package"
            raise UsageError(f"{option} writes {path}: give the findings another name")
    if args.partition_by and args.format != "parquet":
        raise UsageError(f"--partition-by goes with --format parquet, not with {args.format}")


def _read(engine: Any, wanted: Any, *, redact: bool) -> tuple[Records, Callable[[], Records]]:
    """The findings, and what reads their reports."""
    from pipeline.store.reader import read_findings
    from pipeline.store.reports import read_reports

    findings = read_findings(engine, wanted)
    if not redact:
        return findings, lambda: read_reports(engine, wanted=wanted)
    from pipeline.export.redacted import redacted_findings, redacted_report

    masked = redacted_findings(findings, lambda report_id: next(read_reports(engine, report_id=report_id)))
    return masked, lambda: map(redacted_report, read_reports(engine, wanted=wanted))


def _categories(engine: Any) -> dict[str, str]:
    """The definitions of all categories, with those that only findings have at the end."""
    from pipeline.store.reader import categories_found
    from pipeline.taxonomy import load_taxonomy

    known = {category.id: category.definition for category in load_taxonomy().categories}
    return known | dict.fromkeys(sorted(categories_found(engine) - known.keys()), "")


def _filters(wanted: Any, *, redact: bool) -> dict[str, Any]:
    """The filters that were asked for; the id of a report can hold a name."""
    from dataclasses import asdict

    return {k: v for k, v in asdict(wanted).items() if v is not None and not (redact and k == "report")}
