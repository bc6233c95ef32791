"""Fuzz the readers for as long as you like: `python scripts/fuzz_readers.py --minutes 10 --format pdf`.

Files are made by mutation of the samples, or grown by atheris (`pip install atheris`, with `--atheris`). Each reader works in a process
of its own with a bound on time and memory. What it raises besides a refusal, and what kills or hangs it, is written to `--findings`, one
file for each place that broke; mend the reader and put a small one of our own making into tests/data/fuzz.
"""

import argparse
import hashlib
import multiprocessing
import random
import resource
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from mutations import mutated

if "--atheris" in sys.argv:
    import atheris

    # before anything of ours is imported: what is not instrumented guides nothing
    with atheris.instrument_imports(
        include=["pipeline.ingest", "pipeline.importing", "pipeline.annotate", "pipeline.classify.gold"]
    ):
        import fuzz_targets  # noqa: F401

from fuzz_targets import TARGETS, samples, try_reading

SECONDS, MEMORY = 30, 3 << 30


def main() -> int:
    """Fuzz; exit status 1 when anything broke."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=sorted(TARGETS), action="append", help="only this one; may be repeated")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each format (default: 1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--atheris", action="store_true", help="coverage-guided, by atheris")
    args = parser.parse_args()
    broken = 0
    for name in args.format or sorted(TARGETS):
        if args.atheris:
            return _grow(name, args.minutes, args.findings)
        broken += _campaign(name, args)
    return int(broken > 0)


def _campaign(name: str, args: argparse.Namespace) -> int:
    end, seed = time.monotonic() + 60 * args.minutes, args.seed * 1_000_000
    found: dict[str, int] = {}
    done = refused = 0
    worker, connection = _started(name)
    while time.monotonic() < end:
        data = mutated(random.Random(seed).choice(samples(name)), random.Random(seed), samples(name))  # noqa: S311
        seed += 1
        connection.send_bytes(data)
        said: str | None = "hang" if not connection.poll(SECONDS) else None
        if said is None:
            try:
                said = connection.recv()
            except EOFError:
                worker.join()
                said = f"death {worker.exitcode}"
        done += 1
        refused += said.startswith("refused")
        if not said.startswith(("read", "refused")):
            _keep(args.findings / name, said, data, found)
        if said.startswith(("hang", "death")):
            worker.kill()
            worker.join()
            worker, connection = _started(name)
    worker.kill()
    worker.join()
    print(
        f"{name}: {done} files, {refused} refused, {len(found)} places that broke ({sum(found.values())} times)",
        flush=True,
    )
    return len(found)


def _started(name: str) -> tuple[multiprocessing.process.BaseProcess, Connection]:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_serve, args=(name, theirs), daemon=True)
    worker.start()
    theirs.close()
    return worker, ours


def _serve(name: str, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stderr = Path("/dev/null").open("w")  # noqa: SIM115
    while True:
        data = connection.recv_bytes()
        begun = time.process_time()
        try:
            reason = try_reading(name, data)
            took = time.process_time() - begun
            said = f"slow {took:.0f}s" if took > 10 else "read" if reason is None else f"refused {reason}"
        except BaseException as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "/pipeline/" in f.filename]
            at = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
            said = f"{type(error).__name__} at {at}: {str(error)[:200]}"
        connection.send(said)


def _keep(folder: Path, said: str, data: bytes, found: dict[str, int]) -> None:
    place = said.split(": ", maxsplit=1)[0]
    found[place] = found.get(place, 0) + 1
    if found[place] == 1:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / hashlib.sha256(data).hexdigest()[:12]
        path.write_bytes(data)
        print(f"  {folder.name}: {said}\n    {path} ({len(data)} bytes)", flush=True)


def _grow(name: str, minutes: float, findings: Path) -> int:
    """Let atheris grow inputs from the samples; it ends the process itself, and leaves what broke in `findings`."""
    corpus = findings / f"{name}-corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples(name)):
        (corpus / f"sample-{number}").write_bytes(sample)
    options = [f"-max_total_time={round(60 * minutes)}", f"-artifact_prefix={findings}/{name}-", "-timeout=30", "-rss_limit_mb=3000",
               "-max_len=400000"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: try_reading(name, data) and None)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
