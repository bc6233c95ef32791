"""`failings import`: make gold of what people coded in NVivo, ATLAS.ti, MAXQDA or QualCoder."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.commands.common import Subparsers, say, say_json, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("import", help="make gold of a REFI-QDA project that people coded")
    parser.add_argument("project", type=Path, metavar="QDPX", help="the project file, as other programs export it")
    parser.add_argument(
        "-o", "--output", required=True, type=Path, metavar="GOLD", help="the labelled reports to write (JSONL)"
    )
    parser.add_argument(
        "--coder", action="append", default=[], metavar="NAME",
        help="only what this person coded; give it again for more (default: everybody but `failings`, the model)",
    )  # fmt: skip
    parser.add_argument(
        "--fully-read",
        action="store_true",
        help="the coders read every text that they coded whole: sentences without a code are negatives",
    )
    parser.add_argument(
        "--taxonomy",
        type=Path,
        metavar="FILE",
        help="categories that codes may be (default: the 17 that come with failings)",
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Import; exit status 1 when anything was kept out."""
    from pipeline.extract.segment import load_segmenter
    from pipeline.importing.coded_gold import gold_of, write_gold
    from pipeline.importing.coded_readings import readings_of
    from pipeline.importing.refi_qda import read_project
    from pipeline.taxonomy import load_taxonomy

    project = read_project(args.project)
    found = readings_of(project, load_taxonomy(args.taxonomy), coders=args.coder, fully_read=args.fully_read)
    rows = list(gold_of(found, load_segmenter().passages))
    write_gold(rows, args.output)
    coders = sorted({r.annotator for r in found.readings})
    counts = {
        "texts": len(project.texts), "reports": len(rows), "coders": coders,
        "marks": sum(len(r.marked) for r in found.readings), "sentences": sum(len(row["sentences"]) for row in rows),
        "labels": sum(len(row["labels"]) for row in rows), "disputed": sum(len(row["disputed"]) for row in rows),
        "strays": sum(len(row["strays"]) for row in rows), "passed_over": dict(found.passed_over), "problems": len(found.problems),
    }  # fmt: skip
    if args.json:
        say_json(counts)
    else:
        _tell(counts, args.output)
    for problem in found.problems:
        warn(f"kept out: {problem}")
    return 1 if found.problems else 0


def _tell(counts: Mapping[str, Any], output: Path) -> None:
    who = ", ".join(counts["coders"]) or "nobody"
    say(f"{counts['marks']} findings marked by {who} in {counts['reports']} of {counts['texts']} texts: {output}")
    say(
        f"{counts['sentences']} sentences, {counts['labels']} of them labelled; {counts['disputed']} disputed between coders; "
        f"{counts['strays']} marks on no sentence"
    )
    for name, times in counts["passed_over"].items():
        say(f"{times} codings by {name} passed over (--coder takes them)")
