"""Simulate an annotation campaign: gold labels answer for the annotator, the heads are refitted each round, dev measures.

usage: python scripts/simulate_campaign.py [CORPUS_DIR] [--work DIR] [--seeds N] [--criterion NAME ...] [--plot STEM]

Starts from an encoder trained on a tenth of train.jsonl (campaign.toml); the other nine tenths are what may be read, less some that only
compare criteria. Everything that is made is kept in DIR (default: runs/campaign) and not made again. Prints Markdown tables.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from campaign_criteria import CRITERIA, Criterion
from campaign_figures import as_table, draw
from campaign_start import Read, read, split, starting_model

from pipeline.annotate.duplicates import sentences_of
from pipeline.annotate.heads import Heads, Ints, Taught, fit_heads
from pipeline.annotate.refit import heads_of, text_hash
from pipeline.annotate.selection import Candidate, choose
from pipeline.classify.calibrate import fit_calibration
from pipeline.classify.gold import corpus_folder
from pipeline.classify.model_folder import Calibration, load_calibration
from pipeline.classify.scores import calibrated
from pipeline.extract.findings import is_finding

ROUNDS = (25, 50, 75, 100, 150, 200, 250, 300)
COMPARED_ON = 150
FOLDS = 3


def outcomes(stick: Read, heads: Heads, calibration: Calibration) -> Ints:
    """True and false hits and misses, (reports, categories, 3): on gold's own sentences this is what `count_agreements` counts."""
    scores = calibrated(heads.logits(stick.taught.pooled), calibration)
    hits = (scores.categories >= np.array(calibration.threshold)) & is_finding(scores, calibration)[:, np.newaxis]
    labels = stick.taught.categories == 1
    counts = np.stack([hits & labels, hits & ~labels, ~hits & labels], axis=-1).astype(np.int64)
    return np.add.reduceat(counts, stick.starts[:-1], axis=0)


def candidates(pool: Read, worth: np.ndarray, sentences: list[dict[str, int]]) -> list[Candidate]:
    """The reports of the pool as `choose` takes them; ids are places."""
    return [
        Candidate(str(at), text_hash(report), tuple(map(float, worth[at])), int(pool.words[at]), sentences[at])
        for at, report in enumerate(pool.reports)
    ]


def campaign(
    pool: Read, sticks: dict[str, Read], model: Path, criterion: Criterion, *, seed: int
) -> dict[str, np.ndarray]:
    """What was read after each round, and the outcomes on each measuring stick; round 0 is the starting model."""
    base = heads_of(model)
    heads, calibration = base, load_calibration(model)
    sentences = [sentences_of(report.text, report.passages) for report in pool.reports]
    chosen: list[int] = []
    rows = [(0, 0, 0, *(outcomes(stick, heads, calibration) for stick in sticks.values()))]
    for total in ROUNDS:
        probabilities = calibrated(heads.logits(pool.taught.pooled), calibration).categories
        left = candidates(pool, criterion.worth(pool, probabilities), sentences)
        found = choose(left, total - len(chosen), random_share=criterion.random_share, seed=seed,
                       length_power=criterion.length_power, read=[left[at] for at in chosen])  # fmt: skip
        chosen += [int(each.report_id) for each in found]
        taught: Taught = pool.some(chosen)
        refitted = fit_heads(taught, base, seed=seed, folds=FOLDS)
        heads, calibration = refitted.heads, fit_calibration(refitted.crossed, taught.categories, taught.assertions)
        measured = (outcomes(stick, heads, calibration) for stick in sticks.values())
        rows.append((len(chosen), len(taught.pooled), int(pool.words[chosen].sum()), *measured))
    names = ("reports", "sentences", "words", *sticks)
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def kept_campaign(
    name: str, seed: int, work: Path, ground: tuple[Read, dict[str, Read], Path]
) -> dict[str, np.ndarray]:
    """A campaign, simulated once."""
    path = work / "campaigns" / f"{''.join(c if c.isalnum() else '_' for c in name)}-{seed}.npz"
    if not path.is_file():
        print(f"{name}, seed {seed} ...", file=sys.stderr)
        path.parent.mkdir(exist_ok=True)
        made = campaign(*ground, CRITERIA[name], seed=seed)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **made)
        part.rename(path)
    with np.load(path) as arrays:
        return {**arrays, "both": np.concatenate([arrays["compared"], arrays["dev"]], axis=1)}


def ground(corpus: Path, work: Path) -> tuple[Read, dict[str, Read], Path]:
    """What may be read, what measures, and the starting model."""
    data, first, others = split(corpus)
    model = starting_model(data, first, work=work)
    everything = read("pool", others, model, work=work)
    shuffled = np.random.default_rng(0).permutation(len(others))
    compared, pool = (everything.only(np.sort(part)) for part in np.split(shuffled, [COMPARED_ON]))
    return pool, {"dev": read("dev", data.dev, model, work=work), "compared": compared}, model


def main() -> None:
    """Simulate, print the tables, draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=corpus_folder(), metavar="CORPUS_DIR")
    parser.add_argument("--work", type=Path, default=Path("runs/campaign"), metavar="DIR")
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument(
        "--criterion", action="append", choices=CRITERIA, help="only this one (repeatable; default: all)"
    )
    parser.add_argument("--plot", type=Path, metavar="STEM", help="write the plot to STEM.png and STEM.svg")
    args = parser.parse_args()
    there = ground(args.corpus, args.work)
    names = args.criterion or list(CRITERIA)
    done = {name: [kept_campaign(name, seed, args.work, there) for seed in range(args.seeds)] for name in names}
    print(as_table(done))
    if args.plot:
        draw(done, args.plot)


if __name__ == "__main__":
    main()
