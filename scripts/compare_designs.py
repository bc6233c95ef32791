"""Train the designs of designs.toml and measure them on dev.jsonl, as baselines.py does with simple methods.

usage: python scripts/compare_designs.py [CORPUS_DIR] [--design NAME ...] [--work DIR]

Each design has a folder in DIR (default: runs/designs) with its training, which resumes where it was stopped, and
`figures.json`, which is not made again: a GPU machine may make them one by one. A figure's probabilities and thresholds are
cross-fitted on dev.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from baselines import as_table, measure

from pipeline.classify.evaluate import Figure
from pipeline.classify.gold import corpus_folder
from pipeline.classify.recipe import parse_recipe
from pipeline.classify.scores import Logits
from pipeline.taxonomy import load_taxonomy

DESIGNS = Path(__file__).with_name("designs.toml")


def figures(name: str, row: Mapping[str, Any], corpus: Path, work: Path) -> dict[str, Figure]:
    """The figures of one design; trained when it has none yet."""
    kept = work / "figures.json"
    if not kept.is_file():
        from pipeline.classify.from_recipe import load_data, torch_classifier, train_network  # noqa: PLC0415

        recipe, categories = parse_recipe(row, name), load_taxonomy().ids
        data = load_data(recipe, DESIGNS.parent, corpus)
        network = train_network(recipe, DESIGNS.parent, data, categories, work=work)
        classifier = torch_classifier(network, recipe, categories, work=work)
        each = [classifier.logits(report.text, report.passages) for report in data.dev]
        logits = Logits(np.concatenate([x.categories for x in each]), np.concatenate([x.assertions for x in each]))
        np.savez(work / "dev_logits.npz", categories=logits.categories, assertions=logits.assertions)
        measured = {key: asdict(value) for key, value in measure(logits, data.dev, categories).items()}
        kept.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return {key: Figure(**value) for key, value in json.loads(kept.read_text(encoding="utf-8")).items()}


def main() -> None:
    """Train and measure each design, print the table."""
    table = tomllib.loads(DESIGNS.read_text(encoding="utf-8"))
    common = table.pop("common")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=corpus_folder(), metavar="CORPUS_DIR")
    parser.add_argument("--design", action="append", choices=table, help="only this one (repeatable; default: all)")
    parser.add_argument("--work", type=Path, default=Path("runs/designs"), metavar="DIR")
    args = parser.parse_args()
    measured = {}
    for name in args.design or table:
        print(f"{name} ...", file=sys.stderr)
        folder = args.work / "".join(c if c.isalnum() else "_" for c in name)
        measured[name] = figures(name, {**common, **table[name]}, args.corpus, folder)
    print(as_table(measured))


if __name__ == "__main__":
    main()
