"""`failings annotate agreement`: how far people agree who read the same parts, where they do not, and a third reader for that."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.annotate import connect
from pipeline.commands.annotate_pull import add_source, read_source, store_of
from pipeline.commands.common import Subparsers, add_store, count, say, say_json, warn

if TYPE_CHECKING:
    from pipeline.annotate.disagreements import Disagreement
    from pipeline.annotate.readings import Project

SHOWN = 10


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "agreement", help="measure how far readers agree, list where they do not, and adjudicate"
    )
    add_source(parser)
    add_store(parser)
    parser.add_argument(
        "--show", type=count, default=SHOWN, metavar="N", help=f"show the N hardest disagreements (default: {SHOWN})"
    )
    parser.add_argument(
        "--disagreements", type=Path, metavar="FILE.csv", help="write all disagreements as a table, hardest first"
    )
    parser.add_argument(
        "--adjudicate",
        action="store_true",
        help="put the parts with disagreements into a project for a third reader, whose word is final",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Measure; exit status 1 when anything could not be read."""
    from pipeline.annotate.agreement import agreement, agreement_lines
    from pipeline.annotate.disagreements import count_kinds, disagreements, most_confused
    from pipeline.annotate.known import lookup_in
    from pipeline.annotate.pull import pull
    from pipeline.errors import UsageError
    from pipeline.extract.segment import load_segmenter
    from pipeline.taxonomy import load_taxonomy

    if args.adjudicate and args.exported:
        raise UsageError("--adjudicate needs the server: leave out --from")
    project = read_source(args, adjudicated=False)
    pulled = pull(project, lookup_in(store_of(args)), load_segmenter().passages)
    readings, passages_of, text_of = pulled.readings, pulled.passages_of, pulled.text_of
    measured = agreement(readings, passages_of)
    found = disagreements(readings, passages_of, text_of)
    kinds = count_kinds(readings, passages_of)
    if args.json:
        say_json({**measured.as_json(), "disagreements": kinds, "confused": [asdict(c) for c in most_confused(found)]})
    else:
        for line in agreement_lines(measured, load_taxonomy(args.taxonomy)):
            say(line)
        _say_disagreements(found, kinds, args.show)
    if args.disagreements:
        from pipeline.annotate.disagreements_table import write_disagreements

        warn(f"{write_disagreements(args.disagreements, found)} disagreements in {args.disagreements}")
    if args.adjudicate:
        _adjudicate(args, project, found)
    for problem in pulled.problems:
        warn(f"not read: {problem}")
    return 1 if pulled.problems else 0


def _say_disagreements(found: "Sequence[Disagreement]", kinds: Any, shown: int) -> None:
    if not found:
        return
    say("\nSentences on which readers differ: " + ", ".join(f"{n} over {kind}" for kind, n in kinds.items() if n))
    for each in found[:shown]:
        say(
            f"\n{' '.join(each.quote.split())}\n    {each.report_id} [{each.start}:{each.end}], difficulty {each.difficulty:.2f}"
        )
        for said in each.said:
            say(
                f"    {said.annotator}: {said.assertion or 'no finding'}{': ' if said.assertion else ''}{', '.join(said.categories)}"
            )


def _adjudicate(args: Namespace, project: "Project", found: "Sequence[Disagreement]") -> None:
    from pipeline.annotate.adjudicate import adjudicate
    from pipeline.annotate.push import wanted_project
    from pipeline.taxonomy import load_taxonomy

    parts = list(dict.fromkeys(d.part for d in found))
    with connect(args) as server:
        third, made = adjudicate(
            server, wanted_project(server, args.project), project, parts, load_taxonomy(args.taxonomy)
        )
    say(f"\n{len(parts)} parts in project {third['id']} ({third['title']}), {len(made.create)} of them new; `failings annotate pull` "
        "takes a third reader's word there as final")  # fmt: skip
    say(f"{args.url.rstrip('/')}/projects/{third['id']}/")
