"""`failings annotate serve`: live predictions for annotators, and a model that learns from them."""

import os
import secrets
import signal
import threading
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.commands.annotate import add_server, connect, missing
from pipeline.commands.common import Subparsers, add_store, count, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.annotate.read_reports import ReadReport

HOST, PORT = "127.0.0.1", 9090


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", help="answer Label Studio with live predictions, and learn from what is read")
    add_server(parser)
    add_store(parser)
    parser.add_argument("--host", default=HOST, help=f"the address to listen on (default: {HOST}, this machine alone)")
    parser.add_argument("--port", type=count, default=PORT, help=f"the port to listen on (default: {PORT})")
    parser.add_argument(
        "--backend-url", metavar="URL", help="how Label Studio reaches this backend (default: http://HOST:PORT)"
    )
    parser.add_argument(
        "--model", type=Path, metavar="MODEL", help="the model to start from: minilm (default), large, or a folder"
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("runs/annotate"),
        metavar="DIR",
        help="where new models go (default: runs/annotate)",
    )
    parser.add_argument(
        "--train-after", type=count, default=20, metavar="N", help="train when N more reports were read (default: 20)"
    )
    parser.add_argument(
        "--poll", type=count, default=600, metavar="SECONDS", help="look for missed events this often (default: 600)"
    )
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Serve until interrupted."""
    try:
        import uvicorn

        from pipeline.annotate.backend import make_app
        from pipeline.annotate.contest import contest
        from pipeline.annotate.push import wanted_project
        from pipeline.annotate.refit import refit
    except ModuleNotFoundError as error:
        raise missing(error) from error
    from pipeline.annotate.connection import connect_backend, release_project
    from pipeline.annotate.model_shelf import ModelShelf
    from pipeline.annotate.running_model import RunningModel
    from pipeline.annotate.training import Schedule, Trainer
    from pipeline.classify.model_folder import named_folder
    from pipeline.taxonomy import load_taxonomy

    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    secret = os.environ.get("FAILINGS_SECRET") or secrets.token_urlsafe(32)
    taxonomy = load_taxonomy(args.taxonomy)
    with connect(args) as server:
        project = wanted_project(server, args.project)
        shelf = ModelShelf(args.models, named_folder(args.model))
        model = RunningModel(shelf, taxonomy)
        schedule = Schedule(train_after=max(1, args.train_after), poll_seconds=max(1, args.poll))
        trainer = Trainer(
            shelf, _reader(args, taxonomy), model.promote, refit=refit, contest=contest, schedule=schedule
        )
        app = make_app(model, trainer, shelf, secret=secret)
        listener = uvicorn.Server(
            uvicorn.Config(app, host=args.host, port=args.port, log_level="warning", access_log=False)
        )
        thread = threading.Thread(target=listener.run, name="backend", daemon=True)
        thread.start()
        _wait_until_up(listener, thread, args)
        url = args.backend_url or f"http://{args.host}:{args.port}"
        try:
            connect_backend(server, project["id"], url.rstrip("/"), secret)
            warn(f"{model.version} answers at {url} for project {project['id']} ({project['title']}); Ctrl-C stops it")
            thread.join()
        except KeyboardInterrupt:
            warn("stopping; annotators see stored predictions until the next start")
        finally:
            listener.should_exit = True
            thread.join()
            release_project(server, project["id"])
    return 0


def _wait_until_up(listener: Any, thread: threading.Thread, args: Namespace) -> None:
    from pipeline.errors import UsageError

    while not listener.started:
        thread.join(0.05)
        if not thread.is_alive():
            raise UsageError(
                f"cannot listen on {args.host}:{args.port}: is the port taken? Name another one with --port"
            )


def _reader(args: Namespace, taxonomy: Any) -> Any:
    """What asks Label Studio for all that was read; each look has a connection of its own."""
    from pipeline.annotate.known import lookup_in
    from pipeline.annotate.read_project import read_reports_of
    from pipeline.commands.annotate_pull import store_of
    from pipeline.extract.segment import load_segmenter

    segmented = load_segmenter().passages
    lookup = lookup_in(store_of(args))

    def read() -> "Sequence[ReadReport]":
        with connect(args) as server:
            return read_reports_of(server, args.project, taxonomy, lookup, segmented)

    return read
