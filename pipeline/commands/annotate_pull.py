"""`failings annotate pull`: bring what annotators said home, as gold and into the store."""

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.commands.annotate import add_server, connect, missing
from pipeline.commands.common import Subparsers, add_store, say, say_json, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("pull", help="make gold of what annotators submitted, and put it into the store")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="DIR",
        help="the folder for gold.jsonl, standoff.jsonl, problems.jsonl",
    )
    add_source(parser)
    add_store(parser)
    parser.add_argument(
        "--no-store", action="store_true", help="leave the store as it is; reports' texts come from the tasks"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.set_defaults(call=call)


def add_source(parser: Any) -> None:
    """Add the options that say where annotations are read from."""
    add_server(parser)
    parser.add_argument(
        "--from",
        dest="exported",
        type=Path,
        metavar="FILE",
        help="read a project's JSON export instead of asking the server",
    )


def read_source(args: Namespace, *, adjudicated: bool = True) -> Any:
    """The project that the arguments name, with its adjudications where there are any."""
    from pipeline.annotate.readings import read_project
    from pipeline.taxonomy import load_taxonomy

    try:
        from pipeline.annotate.adjudicate import rows_with_adjudications
        from pipeline.annotate.push import wanted_project
    except ModuleNotFoundError as error:
        raise missing(error) from error
    taxonomy = load_taxonomy(args.taxonomy)
    if args.exported:
        return read_project(_exported(args.exported), {}, taxonomy)
    with connect(args) as server:
        project = wanted_project(server, args.project)
        rows = rows_with_adjudications(server, project) if adjudicated else server.tasks(project["id"])
        return read_project(rows, server.users(), taxonomy)


def _exported(path: Path) -> list[Mapping[str, Any]]:
    from pipeline.errors import AnnotateError

    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AnnotateError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "data" in row for row in rows):
        raise AnnotateError(f"{path} is not a project's export as JSON (JSON_MIN and CSV lose what is needed)")
    return rows


def call(args: Namespace) -> int:
    """Pull; exit status 1 when anything could not be read."""
    from pipeline.annotate.changes import count_changes
    from pipeline.annotate.known import lookup_in
    from pipeline.annotate.pull import pull, write_gold
    from pipeline.extract.segment import load_segmenter

    project = read_source(args)
    engine = store_of(args)
    pulled = pull(project, lookup_in(engine), load_segmenter().passages)
    write_gold(args.output, pulled)
    counts = {
        "reports": len(pulled.rows), "tasks": len(project.tasks), "readings": len(pulled.readings),
        "annotators": sorted({r.annotator for r in pulled.readings}), "drafts": project.drafts,
        "not_fully_read": sum(not r.fully_read for r in pulled.readings), "changes": count_changes(pulled.readings),
        "sentences": sum(len(row["sentences"]) for row in pulled.rows), "labels": sum(len(row["labels"]) for row in pulled.rows),
        "disputed": sum(len(row["disputed"]) for row in pulled.rows), "problems": len(pulled.problems),
    }  # fmt: skip
    problems = [str(p) for p in pulled.problems]
    if engine is not None:
        from pipeline.store.reviews import add_readings

        stored = add_readings(engine, pulled.readings, origin=f"{args.exported or args.url} project {args.project}")
        counts["stored"] = {"new": stored.new, "known": stored.known, "reports": stored.reports}
        problems += stored.problems
    _tell(args, counts, pulled)
    for problem in problems:
        warn(f"not read: {problem}")
    return 1 if problems else 0


def store_of(args: Namespace) -> Any:
    """The store, or None when there is none or it shall be left alone."""
    from pipeline.commands.common import open_store
    from pipeline.errors import StoreError
    from pipeline.store.connect import store_url

    if getattr(args, "no_store", False):
        return None
    try:
        return open_store(args)
    except StoreError:
        if args.store or Path(store_url(None).removeprefix("sqlite:///")).exists():
            raise
        warn("no store here: texts come from the tasks, and the reviews go to the gold alone")
        return None


def _tell(args: Namespace, counts: Mapping[str, Any], pulled: Any) -> None:
    from pipeline.annotate.pull import comments

    if args.json:
        say_json(counts)
        return
    say(
        f"{counts['readings']} readings by {', '.join(counts['annotators']) or 'nobody'} of {counts['reports']} reports in {args.output}"
    )
    say("against what the model suggested: " + ", ".join(f"{n} {kind}" for kind, n in counts["changes"].items()))
    say(
        f"{counts['sentences']} sentences, {counts['labels']} of them labelled; {counts['disputed']} disputed between readers"
    )
    if counts["not_fully_read"]:
        say(f"{counts['not_fully_read']} readings without the tick that all was read: only their marks count")
    if counts["drafts"]:
        say(f"{counts['drafts']} drafts not submitted yet: not counted")
    for report, annotator, comment in comments(pulled.readings):
        say(f"{annotator} on {report}: {comment}")
