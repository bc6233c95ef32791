"""`failings dashboard`: look at a store in the browser."""

import socket
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.commands.common import Subparsers, add_store, count, open_store, warn

HOST, PORT = "127.0.0.1", 8001


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "dashboard", help="look at a store in the browser: charts, search, reports with findings"
    )
    add_store(parser)
    parser.add_argument(
        "--port", type=count, default=PORT, help=f"the port to listen on; 0 takes any that is free (default: {PORT})"
    )
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Serve until interrupted, on this machine alone."""
    from pipeline.errors import UsageError

    try:
        import rich
        import uvicorn

        from pipeline.dashboard.server import dashboard
    except ModuleNotFoundError as error:
        raise UsageError(f'this needs {error.name}: pip install "failings[dashboard]"') from error
    store = _file_of(open_store(args))
    # Datasette prints its variables, texts among them, whenever a page is not there
    rich.reconfigure(quiet=True)
    with _listen(args.port) as listener, dashboard(store) as served:
        config = uvicorn.Config(served.app(), log_level="warning", access_log=False)
        warn(
            f"{store.name} is at http://{HOST}:{listener.getsockname()[1]}/ (this machine alone, read-only); Ctrl-C stops it"
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    return 0


def _file_of(engine: Any) -> Path:
    """The file of an open store, which is closed: from here on it is only read."""
    from pipeline.errors import UsageError

    name, dialect = engine.url.database, engine.dialect.name
    engine.dispose()
    if dialect != "sqlite" or not name:
        raise UsageError(
            f"the dashboard reads SQLite files; for {dialect} connect a BI tool to the views (docs/dashboards.md)"
        )
    return Path(name).absolute()


def _listen(port: int) -> socket.socket:
    from pipeline.errors import UsageError

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"cannot listen on {HOST}:{port} ({error}): name another port with --port") from error
    listener.listen()
    return listener
