"""`failings train`: make a model from a recipe."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, say, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("train", help="make a model from a recipe (resumes where it was stopped)")
    parser.add_argument(
        "recipe", type=Path, metavar="CONFIG", help="a recipe, as models/minilm/train.toml; the model goes beside it"
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        help="folder with train.jsonl and dev.jsonl (default: $FAILINGS_CORPUS, else ../shared/corpus)",
    )
    parser.add_argument(
        "--work", type=Path, default=Path("runs"), metavar="DIR", help="where checkpoints go (default: runs)"
    )
    parser.add_argument(
        "--taxonomy", type=Path, metavar="FILE", help="categories to train (default: the 17 that come with failings)"
    )
    parser.set_defaults(call=call)


def call(args: Namespace) -> int:
    """Train, calibrate, and write the model folder."""
    import os

    from pipeline.errors import UsageError

    try:
        from pipeline.classify.make_model import make_model
    except ModuleNotFoundError as error:
        raise UsageError(f'training needs {error.name}: pip install "failings[train]"') from error
    from pipeline.taxonomy import load_taxonomy

    corpus = args.corpus or Path(os.environ.get("FAILINGS_CORPUS", "../shared/corpus"))
    for name in ("train.jsonl", "dev.jsonl"):
        if not (corpus / name).is_file():
            raise UsageError(f"no {name} in {corpus}: name the folder with --corpus")
    folder = args.recipe.parent
    warn(f"training {folder.name}; checkpoints in {args.work / folder.name}")
    version = make_model(args.recipe, corpus, load_taxonomy(args.taxonomy).ids, work=args.work / folder.name)
    say(f"{version} is in {folder}; measure it with `failings evaluate {corpus / 'dev.jsonl'} --model {folder}`")
    return 0
