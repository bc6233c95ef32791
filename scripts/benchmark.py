"""Measure `failings run` from files to store, by corpus size, workers and model, beside what a user would pick instead.

usage: python scripts/benchmark.py [CORPUS_DIR] [--reports N ...] [--workers N ...] [--model NAME ...] [--peer-reports N]
                                   [--json FILE]

CORPUS_DIR (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus) has the public reports, reports.csv.gz. Each run is a
process of its own, with start-up counted; memory is the most that it and its workers held together, as proportional set size.
N reports are every (all / N)th row; more than there are, copies with a line of their own. Prints Markdown; docs/benchmarks.md holds
what it printed.
"""

import argparse
import csv
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from benchmark_peers import spacy_rate, transformers_rate

from pipeline.classify.gold import corpus_folder
from pipeline.classify.model_folder import default_folder, named_folder
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, discover, read

TABLE = "reports.csv.gz"
PACKAGES = ("numpy", "openvino", "spacy", "torch", "transformers")
FASTER = ("amx_int8", "avx512_vnni", "avx_vnni", "avx512f", "avx2")


@dataclass(frozen=True, slots=True)
class Row:
    """One run: `megabytes` at its peak."""

    model: str
    workers: int
    reports: int
    words: int
    findings: int
    seconds: float
    megabytes: float


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=corpus_folder(), metavar="CORPUS_DIR")
    parser.add_argument("--reports", type=int, nargs="+", default=[100, 1000, 5000], metavar="N")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--model", nargs="+", default=["fast", "minilm"], metavar="NAME")
    parser.add_argument(
        "--peer-reports", type=int, default=50, metavar="N", help="reports that the others read (default: 50)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    args = parser.parse_args()
    csv.field_size_limit(2**30)
    with gzip.open(args.corpus / TABLE, "rt", encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    print(f"{machine()}\n", flush=True)
    rows = [
        run_once(table, count, workers, model)
        for model in args.model
        for count in args.reports
        for workers in args.workers
    ]
    print(as_table(rows), flush=True)
    stages_of = {model: stages(args.corpus, model, args.peer_reports) for model in args.model}
    print(f"\n{stage_table(stages_of)}\n", flush=True)
    print(f"{packing(args.corpus, args.model[0], max(args.reports))}\n", flush=True)
    texts = [read(source, limits=Limits()).text for source in drawn(args.corpus, args.peer_reports)]
    peers = {
        f"`transformers.pipeline()`, the weights of {model}": transformers_rate(texts, named_folder(Path(model)))
        for model in dict.fromkeys((*args.model, default_folder().name))
    }
    peers["spaCy, the whole small English pipeline"] = spacy_rate(texts)
    print(peer_table(peers, rows), flush=True)
    if args.json:
        figures = {"machine": machine(), "runs": [asdict(r) for r in rows], "stages": stages_of, "peers": peers}
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    """The processor, how many of its cores there are, and the versions that count."""
    told = Path("/proc/cpuinfo")
    info = told.read_text(encoding="utf-8") if told.is_file() else ""
    name = next(
        (x.partition(":")[2].strip() for x in info.splitlines() if x.startswith("model name")), platform.processor()
    )
    found = [flag for flag in FASTER if flag in info.split()]
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    return (f"{os.cpu_count()} cores of {name} ({', '.join(found) or 'no vector instructions'}), {memory:.0f} GiB; "
            f"Python {platform.python_version()}, {packages}.")  # fmt: skip


def run_once(table: Sequence[dict[str, str]], count: int, workers: int, model: str) -> Row:
    """Run on `count` reports into a new store."""
    rows = chosen(table, count)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with (folder / "reports.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.DictWriter(lines, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        command = [sys.executable, "-m", "pipeline", "run", str(folder / "reports.csv"), "--json", "--device", "cpu",
                   "--store", str(folder / "store.db"), "--workers", str(workers), "--model", model]  # fmt: skip
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process, peak_memory(process.pid) as peak:  # noqa: S603
            out = process.communicate()[0]
        seconds = time.perf_counter() - begun
    words = sum(len(value.split()) for row in rows for name, value in row.items()
                if name in ("investigation", "circumstances", "concerns"))  # fmt: skip
    return Row(model, workers, len(rows), words, json.loads(out)["findings"], seconds, peak[0])


def chosen(table: Sequence[dict[str, str]], count: int) -> list[dict[str, str]]:
    """`count` rows from all over the table; where it has fewer, its rows again and again, none a duplicate."""
    if count <= len(table):
        return list(table[:: len(table) // count][:count])
    copies = [(copy, row) for copy in range(-(-count // len(table))) for row in table]
    return [
        row | {"id": f"{row['id']}-{copy}", "concerns": f"{row['concerns']}\nCopy {copy}."}
        for copy, row in copies[:count]
    ]


@contextmanager
def peak_memory(pid: int) -> Iterator[list[float]]:
    """The most MB that a process and those below it held, from now to the end of the block."""
    peak, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            with suppress(psutil.Error):
                tree = psutil.Process(pid)
                held = sum(p.memory_full_info().pss for p in (tree, *tree.children(recursive=True)))
                peak[0] = max(peak[0], held / 1e6)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def drawn(corpus: Path, count: int) -> list[Source]:
    """`count` reports from all over the table."""
    found = [s for s in discover([str(corpus / TABLE)], limits=Limits()) if isinstance(s, Source)]
    return found[:: max(1, len(found) // count)][:count]


def stages(corpus: Path, model: str, count: int) -> dict[str, float]:
    """Milliseconds of processor time a report that each stage takes, in one process."""
    from pipeline.analyser import Scored, load_analyser  # noqa: PLC0415
    from pipeline.extract.sections import classified  # noqa: PLC0415
    from pipeline.taxonomy import load_taxonomy  # noqa: PLC0415

    analyser = load_analyser(named_folder(Path(model)), load_taxonomy().ids)
    sources = drawn(corpus, count)
    analyser.analyse(read(sources[0], limits=Limits()))
    spent: Counter[str] = Counter()

    def timed(stage: str, work: Any) -> Any:
        begun = time.process_time()
        result = work()
        spent[stage] += time.process_time() - begun  # type: ignore[assignment]
        return result

    for source in sources:
        report = timed("read the row", lambda source=source: read(source, limits=Limits()))
        passages = timed("cut into passages", lambda report=report: analyser.segmenter.passages(report.text))
        asked = classified(passages)
        scores = timed("classify", lambda report=report, asked=asked: analyser.classifier.scores(report.text, asked))
        scored = Scored(passages, asked, scores)
        timed("decide, attribute, date", lambda report=report, scored=scored: analyser.decide(report, scored))
    return {stage: seconds / len(sources) * 1000 for stage, seconds in spent.items()}


def packing(corpus: Path, model: str, count: int) -> str:
    """How much of what a model reads is padding, and how much it has read before, window for window."""
    from pipeline.analyser import load_analyser  # noqa: PLC0415
    from pipeline.extract.sections import classified  # noqa: PLC0415
    from pipeline.taxonomy import load_taxonomy  # noqa: PLC0415

    analyser = load_analyser(named_folder(Path(model)), load_taxonomy().ids)
    sources = drawn(corpus, count)
    seen: set[bytes] = set()
    tokens = padded = again = 0
    for source in sources:
        text = read(source, limits=Limits()).text
        for batch in analyser.classifier.inputs(text, classified(analyser.segmenter.passages(text))):
            padded += batch["input_ids"].size
            for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True):
                tokens += mask.sum()
                window = ids[mask == 1].tobytes()
                again += mask.sum() if window in seen else 0
                seen.add(window)
    return (f"Of the tokens that {model} is given of {len(sources):,} reports, {1 - tokens / padded:.1%} are padding; of the "
            f"{tokens:,} others {again / tokens:.2%} are in windows that it has had before.")  # fmt: skip


def as_table(rows: Sequence[Row]) -> str:
    """The runs as Markdown."""
    lines = ["| model | workers | reports | words | findings | seconds | reports/s | words/s | ms a report | peak MB |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    lines += [
        f"| {r.model} | {r.workers} | {r.reports:,} | {r.words:,} | {r.findings:,} | {r.seconds:.1f} | {r.reports / r.seconds:.1f} | "
        f"{r.words / r.seconds:,.0f} | {r.seconds / r.reports * 1000:.0f} | {r.megabytes:,.0f} |"
        for r in rows
    ]
    return "\n".join(lines)


def stage_table(stages_of: dict[str, dict[str, float]]) -> str:
    """The stages as Markdown, a column a model."""
    lines = [f"| ms of one core a report | {' | '.join(stages_of)} |", f"| --- |{' --- |' * len(stages_of)}"]
    for stage in next(iter(stages_of.values())):
        lines.append(f"| {stage} | {' | '.join(f'{found[stage]:.1f}' for found in stages_of.values())} |")
    return "\n".join(lines)


def peer_table(peers: dict[str, float], rows: Sequence[Row]) -> str:
    """The others' rates, and how many times as fast the largest run of each model is."""
    largest = {(r.model, r.workers): r for r in sorted(rows, key=lambda r: r.reports)}
    lines = [f"| | words/s | {' | '.join(f'{m}, {w} workers, whole run' for m, w in largest)} |",
             f"| --- | --- |{' --- |' * len(largest)}"]  # fmt: skip
    for name, rate in peers.items():
        times = " | ".join(f"{r.words / r.seconds / rate:.1f} times as fast" for r in largest.values())
        lines.append(f"| {name} | {rate:,.0f} | {times} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
