"""`failings run`: read reports, find failures, keep them in a store."""

import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from pipeline.commands.common import Subparsers, add_store, count, open_store, say, say_json, warn

STOPPED = 130


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="read reports, find what went wrong, keep it in a store")
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="files, folders, 'patterns', zip archives, or tables with one report a row; URLs of these (s3:// gs:// az:// sftp://)",
    )
    add_store(parser)
    _add_settings(parser)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(call=call)


def _add_settings(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--taxonomy", type=Path, metavar="FILE", help="categories to find (default: the 17 that come with failings)"
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="MODEL",
        help="minilm (default), fast, large (more right, three times slower), or a model folder",
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        default={},
        metavar="OURS=THEIRS,...",
        help="names of table columns, as in text=body,id=ref",
    )
    parser.add_argument("--workers", type=count, default=0, metavar="N", help="processes (default: one a processor)")
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="what does the work (default: local; docs/cluster.md)",
    )
    parser.add_argument(
        "--address",
        metavar="RAY",
        help="the Ray cluster that this machine is in: auto, or HOST:PORT of its head (default: Ray on this machine)",
    )
    parser.add_argument(
        "--shards",
        metavar="URL",
        help="where Ray's workers put finished work, kept: a folder or URL that all machines see",
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="what the model runs on (default: auto, a GPU where there is one)",
    )
    parser.add_argument(
        "--max-bytes", type=count, metavar="N", help="refuse a document of more bytes (default: 100 MiB)"
    )
    parser.add_argument("--max-pages", type=count, metavar="N", help="refuse a document of more pages (default: 5000)")
    parser.add_argument(
        "--max-memory",
        type=count,
        metavar="MIB",
        help="give up on a document that takes more memory (default: 2048 MiB)",
    )
    parser.add_argument(
        "--max-seconds", type=float, metavar="N", help="give up on a document after this long (default: 300)"
    )
    parser.add_argument("--no-ocr", action="store_true", help="do not read page images, report them")


def _columns(given: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in given.split(",")]
    if not all(ours and equals and theirs for ours, equals, theirs in pairs):
        raise ArgumentTypeError(f"{given!r} is not OURS=THEIRS[,OURS=THEIRS...]")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def call(args: Namespace) -> int:
    """Run, and print what was found."""
    from pipeline.batch import Options
    from pipeline.classify.load import device_here
    from pipeline.classify.model_folder import load_config, named_folder
    from pipeline.ingest.document import Limits
    from pipeline.taxonomy import load_taxonomy

    defaults = Limits()
    limits = Limits(
        max_bytes=args.max_bytes or defaults.max_bytes,
        max_pages=args.max_pages or defaults.max_pages,
        max_memory=args.max_memory or defaults.max_memory,
        seconds=args.max_seconds or defaults.seconds,
        ocr=not args.no_ocr,
    )
    taxonomy, model = load_taxonomy(args.taxonomy), named_folder(args.model)
    untrained = taxonomy.untrained(load_config(model).categories)
    if untrained:
        warn(f"untrained: the model does not know {', '.join(untrained)}; nothing will be found of them")
    cluster = _cluster(args)
    options = Options(
        taxonomy=taxonomy,
        model=model,
        limits=limits,
        columns=args.columns,
        workers=args.workers,
        cluster=cluster,
        device=device_here(args.device),
    )
    engine = open_store(args, create=True)
    summary = _with_progress(args.paths, engine, options)
    for source, reason in summary.failures:
        warn(f"failed: {source}: {reason}")
    if summary.stopped:
        warn("stopped: the same command goes on from here")
    _report(args, summary, engine, taxonomy)
    return STOPPED if summary.stopped else int(bool(summary.failures))


def _cluster(args: Namespace) -> Any:
    """Where Ray does the work, or None; without `--shards` they lie beside the store, or here, until they are in it."""
    from pipeline.cluster.settings import Cluster
    from pipeline.errors import UsageError
    from pipeline.ingest.remote import is_url
    from pipeline.store.connect import store_url

    if args.engine != "ray":
        if args.address or args.shards:
            raise UsageError("--address and --shards are for --engine ray")
        return None
    if args.address and not args.shards:
        raise UsageError(
            "--address needs --shards: a folder that all machines see, or a URL such as s3://bucket/shards"
        )
    store = store_url(args.store)
    beside = store.removeprefix("sqlite:///") if store.startswith("sqlite:///") else "findings"
    shards = args.shards or f"{beside}.shards"
    url = shards if is_url(shards) else f"file://{Path(shards).absolute().as_posix()}"
    return Cluster(url, args.address, keep_shards=bool(args.shards))


def _with_progress(paths: list[str], engine: Any, options: Any) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from pipeline.batch import count_sources, run_batch

    interrupts: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        if interrupts:
            raise KeyboardInterrupt
        interrupts.append(number)
        warn("\nstopping after the reports in hand (once more to stop at once)")

    before = signal.signal(signal.SIGINT, interrupt)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    try:
        with (
            redirect_stdout(sys.stderr),  # Ray prints there
            Progress(*columns, console=Console(file=sys.stderr), disable=not sys.stderr.isatty()) as bar,
        ):
            task = bar.add_task("reading reports", total=count_sources(paths, options), rate="")

            def progress(done: int, _name: str) -> None:
                speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
                bar.update(task, completed=done, rate=f"{speed:.1f}/s" if speed else "")

            return run_batch(paths, engine, options, progress=progress, stopping=lambda: bool(interrupts))
    finally:
        signal.signal(signal.SIGINT, before)


def _report(args: Namespace, summary: Any, engine: Any, taxonomy: Any) -> None:
    from pipeline.store.connect import shown, store_url
    from pipeline.store.reader import count_by_category, count_totals

    categories = count_by_category(engine, taxonomy)
    totals = count_totals(engine)
    store = shown(store_url(args.store))
    if args.json:
        say_json({
            "run_id": summary.run_id, "counts": summary.counts, "findings": summary.findings,
            "seconds": round(summary.seconds, 2), "stopped": summary.stopped,
            "failures": [{"source": s, "reason": r} for s, r in summary.failures], "store": {
                **totals, "categories": {k: {"findings": m, "reports": r} for k, (m, r) in categories.items()}},
        })  # fmt: skip
        return
    say(f"{'category':20s} {'findings':>8s} {'reports':>8s}")
    for category, (mentions, reports) in categories.items():
        say(f"{category:20s} {mentions:8d} {reports:8d}")
    done = ", ".join(f"{n} {outcome}" for outcome, n in sorted(summary.counts.items())) or "nothing to do"
    say(f"\nThis run: {done}; {summary.findings} findings in {summary.seconds:.1f} s.")
    say(
        f"{store} holds {totals['findings']} findings ({totals['needs_review']} to review) in {totals['reports']} reports."
    )
