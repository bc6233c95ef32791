"""`failings annotate push`: put reports with what the model found into a Label Studio project."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.annotate import add_server, connect
from pipeline.commands.common import Subparsers, add_filters, add_store, count, filter_of, open_store, say, warn

if TYPE_CHECKING:
    from pipeline.annotate.push import Pushed


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("push", help="put reports into a Label Studio project, once each, with predictions")
    parser.add_argument(
        "words", nargs="*", metavar="WORDS", help="only reports with a finding that has all these words"
    )
    add_server(parser)
    add_store(parser)
    add_filters(parser)
    parser.add_argument("--report", action="append", default=[], metavar="ID", help="only this report; may be repeated")
    parser.add_argument(
        "--select",
        choices=("all", "useful"),
        default="all",
        help="all reports asked for, or those from which the model would learn most, with a random share (default: all)",
    )
    parser.add_argument(
        "--reports", type=count, default=0, metavar="N", help="at most N reports that the project lacks"
    )
    parser.add_argument(
        "--random-share",
        type=_share,
        default=0.2,
        metavar="F",
        help="of useful reports, the share drawn at random (default: 0.2)",
    )
    parser.add_argument("--seed", type=count, default=0, help="of the random share (default: 0)")
    parser.add_argument("--readers", type=count, metavar="N", help="how many people should read each task (default: 1)")
    parser.add_argument("--model", type=Path, metavar="MODEL", help="the model to choose useful reports with")
    parser.set_defaults(call=call)


def _share(given: str) -> float:
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{given!r} is not a share from 0 to 1")
    return share


def call(args: Namespace) -> int:
    """Push, and say what had to be done."""
    from pipeline.errors import UsageError
    from pipeline.taxonomy import load_taxonomy

    if args.select == "useful" and not args.reports:
        raise UsageError("--select useful needs --reports N: how many to choose")
    engine = open_store(args)
    taxonomy = load_taxonomy(args.taxonomy)
    with connect(args) as server:
        from pipeline.annotate.plan import existing
        from pipeline.annotate.push import ensure_project, push

        reports = _asked_for(args, engine)
        project = ensure_project(server, args.project, taxonomy, readers=args.readers)
        here = {task.report_id for task in existing(server.tasks(project["id"]))}
        chosen = _chosen(args, engine, reports, here)
        made = push(server, project, _pushed(engine, chosen), taxonomy, progress=lambda _: None)
    new = len({w.part.report_id for w in made.create})
    say(f"{len(chosen)} reports in project {project['id']} ({project['title']}): {len(made.create)} new tasks of {new} reports, "
        f"{len({task for task, _ in made.predict})} with new predictions, {made.unchanged} unchanged")  # fmt: skip
    if made.drop_tasks:
        say(f"deleted {len(made.drop_tasks)} tasks that nobody had touched, of earlier texts or doubled")
    if made.outdated:
        warn(f"kept, though their report's text has changed since, as somebody annotated them: tasks {made.outdated}")
    say(f"{args.url.rstrip('/')}/projects/{project['id']}/")
    return 0


def _asked_for(args: Namespace, engine: Any) -> list[str]:
    """Ids of the reports that the filters let through."""
    from pipeline.errors import UsageError
    from pipeline.store.reader import Filter, read_findings
    from pipeline.store.reports import find_report, report_ids

    wanted = filter_of(args, engine, " ".join(args.words) or None)
    every = report_ids(engine)
    if args.report:
        named = {find_report(engine, name)["report_id"] for name in args.report}
        every = [r for r in every if r in named]
    if wanted != Filter():
        found = {record["report_id"] for record in read_findings(engine, wanted)}
        every = [r for r in every if r in found]
    if not every:
        raise UsageError("no report in the store fits: nothing to push")
    return every


def _chosen(args: Namespace, engine: Any, reports: Sequence[str], here: set[str]) -> list[tuple[str, str]]:
    """Those to push and why; what the project has of them already is refreshed besides."""
    why = "query" if args.words or args.category or args.agency or args.assertion or args.report else "all"
    old, new = ([r for r in reports if (r in here) is known] for known in (True, False))
    if args.select == "useful":
        return [*((r, why) for r in old), *_useful(args, engine, new, old)]
    return [(r, why) for r in [*old, *new[: args.reports or None]]]


def _useful(args: Namespace, engine: Any, reports: Sequence[str], read: Sequence[str]) -> list[tuple[str, str]]:
    from pipeline.annotate.scoring import candidates
    from pipeline.annotate.selection import choose
    from pipeline.classify.model_folder import named_folder

    warn(f"scoring {len(reports)} reports to choose {min(args.reports, len(reports))} of them")
    new, old = candidates(engine, (reports, read), named_folder(args.model))
    chosen = choose(new, args.reports, random_share=args.random_share, seed=args.seed, read=old)
    return [(c.report_id, c.why) for c in chosen]


def _pushed(engine: Any, chosen: Sequence[tuple[str, str]]) -> "Iterator[Pushed]":
    from pipeline.annotate.push import Pushed
    from pipeline.store.reader import Filter, read_findings
    from pipeline.store.reports import read_passages, read_reports

    for report_id, why in chosen:
        report = next(read_reports(engine, report_id=report_id))
        findings = list(read_findings(engine, Filter(report=report_id)))
        yield Pushed(report, read_passages(engine, report_id), findings, why)
