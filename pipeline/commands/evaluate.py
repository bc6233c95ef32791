"""`failings evaluate`: measure against labelled reports."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, say, say_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("evaluate", help="measure against labelled reports, with 95%% intervals over reports")
    parser.add_argument("gold", type=Path, metavar="GOLD.jsonl", help="labelled reports, one a line")
    parser.add_argument(
        "--model", type=Path, metavar="DIR", help="model folder (default: the one that comes with failings)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Find in every gold text, compare, and print the figures."""
    from dataclasses import asdict

    from pipeline.analyse import load_analyser
    from pipeline.classify.evaluate import by_category, count_agreements, with_intervals
    from pipeline.classify.gold import read_gold
    from pipeline.classify.model_folder import default_folder, load_config
    from pipeline.report import Report, sha256

    model = args.model or default_folder()
    analyser = load_analyser(model, load_config(model).categories)
    counts = []
    for gold in read_gold(args.gold):
        analysed = analyser.analyse(Report(gold.text, gold.id, sha256(gold.text.encode())))
        counts.append(count_agreements(gold, analysed.findings, analysed.passages))
    figures, categories = with_intervals(counts), by_category(counts)
    if args.json:
        say_json(
            {
                "model": analyser.model.version,
                "reports": len(counts),
                "figures": {k: asdict(v) for k, v in figures.items()},
                "by_category": {k: asdict(v) for k, v in categories.items()},
            }
        )
        return 0
    say(f"{analyser.model.version} on {len(counts)} reports of {args.gold}; 95% intervals over reports\n")
    for name, figure in figures.items():
        interval = f"  [{figure.low:.3f}, {figure.high:.3f}]" if figure.low is not None else ""
        say(
            f"{name:28s} {figure.value:.3f}{interval}"
            if isinstance(figure.value, float)
            else f"{name:28s} {figure.value}"
        )
    say()
    for category, row in categories.items():
        say(f"  {category:20s} P {row.precision:.2f}  R {row.recall:.2f}  F1 {row.f1:.2f}  n {row.support}")
    return 0
