"""Run `failings run` on damaged files: `python scripts/mutate_samples.py --files 1000 --also ../shared/samples`.

Each file is a sample with something done to it (scripts/mutations.py), the same for the same seed. Every file has to be in the store or
in its `failures` with a reason; the run may neither crash nor hang. Exit status 1 when that does not hold.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from fuzz_targets import TARGETS
from mutations import mutated

from pipeline.store.connect import open_engine
from pipeline.store.schema import failures, sources

ROOT = Path(__file__).resolve().parent.parent
MADE = {"zip": ".zip", "table": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "qdpx": ".zip"}


def main() -> int:
    """Make the files, run, and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--also", type=Path, action="append", default=[], help="a folder with more files to damage")
    parser.add_argument("--workers", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="failings-mutated-") as folder:
        made = write_files(Path(folder) / "batch", args.files, args.seed, args.also)
        outcome = run(Path(folder), made, ["--workers", str(args.workers)])
    print(json.dumps(outcome, indent=1))
    return int(bool(outcome["lost"] or outcome["tracebacks"] or outcome["status"] not in (0, 1)))


def write_files(folder: Path, count: int, seed: int, also: Sequence[Path] = ()) -> list[str]:
    """Write damaged files into a new folder; return their names."""
    folder.mkdir(parents=True)
    originals = [(path.suffix, path.read_bytes()) for place in (ROOT / "samples" / "reports", *also)
                 for path in sorted(place.iterdir()) if path.is_file()]  # fmt: skip
    originals += [(suffix, data) for name, suffix in MADE.items() for data in TARGETS[name].made()]
    names = []
    for number in range(count):
        rng = random.Random(f"{seed}-{number}")  # noqa: S311
        suffix, data = originals[number % len(originals)]
        alike = [other for kind, other in originals if kind == suffix]
        names.append(f"{number:04}{suffix}")
        (folder / names[-1]).write_bytes(mutated(data, rng, alike))
    return names


def run(folder: Path, made: Sequence[str], options: Sequence[str] = ()) -> dict[str, object]:
    """Run the command on `batch` in a folder; say how it went, and name the files that are neither stored nor failed."""
    begun = time.monotonic()
    call = [sys.executable, "-m", "pipeline", "run", "batch", "--json", "--no-ocr", "--max-seconds", "120", *options]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=7200)  # noqa: S603
    engine = open_engine(f"sqlite:///{folder / 'findings.db'}")
    with engine.connect() as connection:
        stored = set(connection.execute(sa.select(sources.c.source)).scalars())
        failed = dict(connection.execute(sa.select(failures.c.source, failures.c.reason)).all())
    engine.dispose()
    known = Counter(re.match(r"batch/(\d+\.\w+)", source)[1] for source in (*stored, *failed))  # type: ignore[index]
    kinds = Counter(re.sub(r"\d[\d,.]*", "N", reason)[:60] for reason in failed.values())
    return {
        "files": len(made), "status": done.returncode, "seconds": round(time.monotonic() - begun, 1),
        "sources_stored": len(stored), "sources_failed": len(failed), "lost": [name for name in made if not known[name]],
        "without_reason": [s for s, reason in failed.items() if not reason.strip() or "\n" in reason],
        "died_or_hung": {s: r for s, r in failed.items() if re.search("died|longer than|nothing came", r)},
        "tracebacks": re.findall(r"Traceback[\s\S]*?\n(\S.*)", done.stderr), "reasons": dict(kinds.most_common(25)),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
