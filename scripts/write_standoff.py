"""Write annotations/gold from the labelled corpus: its labels without its text, and hashes that tell held-out reports.

usage: python scripts/write_standoff.py [CORPUS_DIR] [OUT_DIR]
    (default: $FAILINGS_CORPUS, else ../shared/corpus; annotations/gold)

Held-out reports give two hashes each, of URL and number, so that `failings corpus fetch` leaves them out; nothing else
is written of them. A labelled report on the page of a held-out one is left out too, and named.
"""

import json
import os
import sys
from pathlib import Path

from pipeline.corpus.public import held_out_keys
from pipeline.corpus.standoff import HELD_OUT, SPLITS, standoff_of, to_json

GOLD = Path(__file__).resolve().parent.parent / "annotations" / "gold"


def held_out_hashes(path: Path) -> set[str]:
    """The hashes of all reports of a file of ids and URLs."""
    pairs = [line.split("\t") for line in lines_of(path)]
    return {key for number, url in pairs for key in held_out_keys(url, number)}


def lines_of(path: Path) -> list[str]:
    """The lines of a file, which may hold other line separators than the newline."""
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def main() -> None:
    """Write a file a split, and the hashes."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FAILINGS_CORPUS", "../shared/corpus"))
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else GOLD
    hashes = held_out_hashes(folder / "heldout_ids.txt")
    out.mkdir(parents=True, exist_ok=True)
    (out / HELD_OUT).write_text("".join(f"{h}\n" for h in sorted(hashes)), encoding="utf-8")
    for split in SPLITS:
        rows = [json.loads(line) for line in lines_of(folder / f"{split}.jsonl")]
        caught = [row["id"] for row in rows if not hashes.isdisjoint(held_out_keys(row["url"], ""))]
        reports = [standoff_of(row) for row in rows if row["id"] not in caught]
        (out / f"{split}.jsonl").write_text("".join(f"{to_json(r)}\n" for r in reports), encoding="utf-8")
        print(
            f"{split}: {len(reports)} reports, {sum(len(r.labels) for r in reports)} labels; left out: {', '.join(caught) or 'none'}"
        )


if __name__ == "__main__":
    main()
