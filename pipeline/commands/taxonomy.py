"""`failings taxonomy`: list the categories, or check a taxonomy file."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, say, say_json


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("taxonomy", help="list the categories, or check a taxonomy file")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, text in (
        ("list", "list the categories with their definitions"),
        ("check", "say whether a taxonomy file is sound, and which categories the model knows"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument(
            "--taxonomy", type=Path, metavar="FILE", help="a taxonomy file (default: the one that comes with failings)"
        )
        action.add_argument(
            "--model", type=Path, metavar="MODEL", help="a shipped model or a model folder (default: minilm)"
        )
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Print the categories, or how they stand to the model."""
    from dataclasses import asdict

    from pipeline.classify.model_folder import load_config, named_folder
    from pipeline.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(args.taxonomy)
    if args.action == "list":
        if args.json:
            say_json([asdict(c) for c in taxonomy.categories])
        else:
            for c in taxonomy.categories:
                say(f"{c.id:20s} {'core ' if c.core else '     '} {c.definition}")
        return 0
    untrained = taxonomy.untrained(load_config(named_folder(args.model)).categories)
    if args.json:
        say_json({"version": taxonomy.version, "categories": list(taxonomy.ids), "untrained": list(untrained)})
    else:
        say(f"{len(taxonomy.ids)} categories, version {taxonomy.version}: sound")
        say(
            f"untrained (the model finds none of them): {', '.join(untrained)}"
            if untrained
            else "the model knows all of them"
        )
    return 0
