"""`failings annotate`: reports to Label Studio, corrections back, agreement between readers, and a backend that learns from them."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from pipeline.commands.common import Subparsers

URL = "http://127.0.0.1:8080"
PROJECT = "failings"


def add(commands: Subparsers) -> None:
    """Add the command and its own commands."""
    from pipeline.commands import annotate_agreement, annotate_pull, annotate_push, annotate_serve

    parser = commands.add_parser("annotate", help="correct findings in Label Studio, and learn from the corrections")
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for part in (annotate_push, annotate_pull, annotate_agreement, annotate_serve):
        part.add(parts)


def add_server(parser: ArgumentParser) -> None:
    """Add the options that name a project on a Label Studio server."""
    parser.add_argument(
        "--url",
        default=os.environ.get("LABEL_STUDIO_URL") or URL,
        help=f"the Label Studio server (default: $LABEL_STUDIO_URL, else {URL})",
    )
    parser.add_argument(
        "--project", default=PROJECT, metavar="NAME", help=f"title or id of the project (default: {PROJECT})"
    )
    parser.add_argument(
        "--taxonomy", type=Path, metavar="FILE", help="the categories (default: the 17 that come with failings)"
    )


def connect(args: Namespace) -> Any:
    """The server that the arguments name; its token is in $LABEL_STUDIO_API_KEY, so that it is in no list of processes."""
    from pipeline.errors import UsageError

    token = os.environ.get("LABEL_STUDIO_API_KEY", "")
    if not token.strip():
        raise UsageError("set LABEL_STUDIO_API_KEY to your token: in Label Studio, Account & Settings, Access Token")
    try:
        from pipeline.annotate.label_studio import LabelStudio
    except ModuleNotFoundError as error:
        raise missing(error) from error
    return LabelStudio(args.url, token)


def missing(error: ModuleNotFoundError) -> Exception:
    """What to tell a user who lacks the extra."""
    from pipeline.errors import UsageError

    return UsageError(f'this needs {error.name}: pip install "failings[annotate]"')
