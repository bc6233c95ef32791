"""Hold a shipped model to the figures that it once reached on every third dev report.

usage: python scripts/quality_gate.py [--model minilm|large] [--corpus DIR] [--pin] [--lower REASON]

Exit status 1 when a figure is under its floor or the gold data are not those that the floors were pinned on. `--pin` writes
new floors, MARGIN under today's figures; a floor goes down only with `--lower` and a reason that CHANGELOG.md gives too.
The thresholds were fitted on dev: the floors guard against getting worse and are no measure of quality.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

from pipeline.analyser import load_analyser
from pipeline.classify.evaluate import count_agreements, summarise
from pipeline.classify.gold import read_gold
from pipeline.classify.model_folder import load_config, named_folder
from pipeline.report import Report, sha256

ROOT = Path(__file__).parent.parent
FLOORS = "floors.json"
MODELS = ("minilm", "fast", "large")
MARGIN = 0.005
EVERY = 3
GUARDED = (
    "sentence_f1",
    "category_micro_f1",
    "category_macro_f1",
    "core_macro_f1",
    "assertion_macro_f1",
    "actor_f1",
    "passages_exact",
)


def measured(model: Path, gold: Path) -> dict[str, float]:
    """Figures of a model on every third report, by id."""
    analyser = load_analyser(model, load_config(model).categories, threads=os.cpu_count() or 1)
    counts = []
    for report in sorted(read_gold(gold), key=lambda r: r.id)[::EVERY]:
        analysed = analyser.analyse(Report(report.text, report.id, sha256(report.text.encode())))
        counts.append(count_agreements(report, analysed.findings, analysed.passages))
    figures = summarise(counts)
    return {name: round(float(figures[name] or 0.0), 4) for name in GUARDED}


def faults(floors: Path, figures: Mapping[str, float], digest: str) -> list[str]:
    """What is wrong, a line each."""
    pinned = json.loads(floors.read_text(encoding="utf-8"))
    wrong = [f"{n} {figures[n]:.4f} is under its floor {floor:.4f}" for n, floor in pinned["floors"].items()
             if figures[n] < floor]  # fmt: skip
    if pinned["gold_sha256"] != digest:
        wrong.append("the floors were pinned on other gold data: pin them anew")
    return wrong


def pin(floors: Path, figures: Mapping[str, float], digest: str, *, lower: str | None) -> list[str]:
    """Write new floors; return why not, a line each, when one would go down without a reason that the changelog gives."""
    new = {name: round(value - MARGIN, 4) for name, value in figures.items()}
    old = json.loads(floors.read_text(encoding="utf-8"))["floors"] if floors.is_file() else {}
    down = [f"{n} would go down from {old[n]} to {new[n]}" for n in old if new.get(n, 0.0) < old[n]]
    if down and not (lower and lower in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")):
        return [*down, "give --lower a reason, and CHANGELOG.md the same one"]
    floors.write_text(json.dumps({"gold_sha256": digest, "floors": new}, indent=1) + "\n", encoding="utf-8")
    return []


def main() -> int:
    """Check or pin."""
    parser = ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument(
        "--corpus", type=Path, default=Path(os.environ.get("FAILINGS_CORPUS", ROOT.parent / "shared" / "corpus"))
    )
    parser.add_argument("--model", choices=MODELS, default=MODELS[0])
    parser.add_argument("--pin", action="store_true", help="write new floors")
    parser.add_argument("--lower", metavar="REASON", help="let floors go down for a reason that CHANGELOG.md gives")
    args = parser.parse_args()
    gold = args.corpus / "dev.jsonl"
    model = named_folder(Path(args.model))
    digest, figures, floors = sha256(gold.read_bytes()), measured(model, gold), model / FLOORS
    wrong = pin(floors, figures, digest, lower=args.lower) if args.pin else faults(floors, figures, digest)
    print(json.dumps(figures, indent=1))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
