"""`failings evaluate`: measure against labelled reports."""

import os
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.common import Subparsers, say, say_json, warn

if TYPE_CHECKING:
    from pipeline.analyser import Analyser
    from pipeline.classify.evaluation import Evaluation

PAIRS = 8


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("evaluate", help="measure against labelled reports, with 95%% intervals over reports")
    parser.add_argument("gold", type=Path, metavar="GOLD.jsonl", help="labelled reports, one a line")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="MODEL",
        help="minilm (default), large (more right, three times slower), or a model folder",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write diagrams, curves, confusion and the worst errors with their text into this folder",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Find in every gold text, compare, print the figures, and write the report that was asked for."""
    _check_report_folder(args.report)
    from pipeline.analyser import load_analyser
    from pipeline.classify.evaluation import as_metrics
    from pipeline.classify.model_folder import load_config, named_folder
    from pipeline.errors import GoldError

    if not args.gold.is_file():
        raise GoldError(f"no file {args.gold}")
    model = named_folder(args.model)
    analyser = load_analyser(model, load_config(model).categories, threads=os.cpu_count() or 1)
    measured = _measure(analyser, args.gold)
    if args.json:
        say_json(as_metrics(measured))
    else:
        _say_figures(measured, args.gold)
    if args.report:
        _write_report(args.report, measured, analyser)
    return 0


def _check_report_folder(folder: Path | None) -> None:
    from pipeline.errors import UsageError

    if folder and find_spec("matplotlib") is None:
        raise UsageError('--report needs matplotlib: pip install "failings[train]"')
    if folder and folder.exists() and not folder.is_dir():
        raise UsageError(f"--report {folder} is not a folder")


def _measure(analyser: "Analyser", path: Path) -> "Evaluation":
    from pipeline.classify.compare import compare
    from pipeline.classify.evaluate import count_agreements
    from pipeline.classify.evaluation import evaluation
    from pipeline.classify.gold import read_gold
    from pipeline.errors import GoldError
    from pipeline.report import Report, sha256

    categories, calibration = analyser.model.categories, analyser.classifier.calibration
    counts, rows = [], []
    for gold in read_gold(path):
        scored = analyser.score(gold.text)
        analysed = analyser.decide(Report(gold.text, gold.id, sha256(gold.text.encode())), scored)
        counts.append(count_agreements(gold, analysed.findings, analysed.passages))
        rows += compare(gold, analysed.findings, scored.classified, scored.scores, calibration, categories=categories)
    if not counts:
        raise GoldError(f"{path} holds no report")
    return evaluation(analyser.model.version, counts, rows, categories)


def _say_figures(measured: "Evaluation", gold: Path) -> None:
    from pipeline.classify.confusion import most_confused

    say(f"{measured.model} on {measured.reports} reports of {gold}; 95% intervals over reports\n")
    for name, figure in measured.figures.items():
        interval = f"  [{figure.low:.3f}, {figure.high:.3f}]" if figure.low is not None else ""
        value = f"{figure.value:.3f}" if isinstance(figure.value, float) else figure.value
        say(f"{name:28s} {value}{interval}")
    say()
    for category, row in measured.by_category.items():
        say(f"  {category:20s} P {row.precision:.2f}  R {row.recall:.2f}  F1 {row.f1:.2f}  n {row.support}")
    say("\nmost often missed, and what was found instead (fractions: several were)")
    for pair in most_confused(measured.confusion)[:PAIRS]:
        say(f"  {pair.gold:20s} -> {pair.found:20s} {pair.sentences:6.1f} of {pair.of}")


def _write_report(folder: Path, measured: "Evaluation", analyser: "Analyser") -> None:
    from pipeline.classify.evaluation_folder import write_evaluation
    from pipeline.taxonomy import load_taxonomy

    thresholds = dict(zip(analyser.model.categories, analyser.classifier.calibration.threshold, strict=True))
    for path in write_evaluation(folder, measured, taxonomy=load_taxonomy(), thresholds=thresholds):
        warn(f"wrote {path}")
