"""`failings train`: make a model from a recipe, or add categories of one's own to one."""

from argparse import Namespace
from pathlib import Path

from pipeline.commands.common import Subparsers, say, warn


def add(commands: Subparsers) -> None:
    """Add the command."""
    parser = commands.add_parser("train", help="make a model from a recipe (resumes where it was stopped)")
    parser.add_argument(
        "recipe",
        type=Path,
        metavar="CONFIG",
        help="a recipe: of a model, as models/minilm/train.toml, or of own categories, as in docs/own-categories.md",
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        metavar="DIR",
        help="folder with train.jsonl and dev.jsonl (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)",
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
    from pipeline.classify.own_recipe import is_own
    from pipeline.errors import UsageError

    own = is_own(args.recipe)
    try:
        return _add_categories(args) if own else _make_model(args)
    except ModuleNotFoundError as error:
        extra = "own" if own else "train"
        raise UsageError(f'training needs {error.name}: pip install "failings[{extra}]"') from error


def _add_categories(args: Namespace) -> int:
    import json

    from pipeline.classify.own_card import background, notes, table
    from pipeline.classify.own_categories import make_own_model
    from pipeline.classify.own_recipe import load_own_recipe
    from pipeline.errors import UsageError

    if args.taxonomy or args.corpus:
        raise UsageError(f"{args.recipe} names its own taxonomy and sentences: leave out --taxonomy and --corpus")
    recipe = load_own_recipe(args.recipe)
    version, outcome = make_own_model(recipe)
    metrics = json.loads((recipe.folder / "metrics.json").read_text(encoding="utf-8"))
    for category, reason in outcome.untrained.items():
        warn(f"untrained: {category}: {reason}")
    say(table(metrics) + "\n")
    for note in (*notes(metrics), background(metrics)):
        say(note)
    say(f"\n{version} is in {recipe.folder}; use it with")
    say(f"failings run PATH --model {recipe.folder} --taxonomy {recipe.taxonomy}")
    return 0


def _make_model(args: Namespace) -> int:
    from pipeline.classify.gold import corpus_folder
    from pipeline.classify.make_model import make_model
    from pipeline.errors import UsageError
    from pipeline.taxonomy import load_taxonomy

    corpus = args.corpus or corpus_folder()
    for name in ("train.jsonl", "dev.jsonl"):
        if not (corpus / name).is_file():
            raise UsageError(f"no {name} in {corpus}: name the folder with --corpus, or run `failings corpus fetch`")
    folder = args.recipe.parent
    warn(f"training {folder.name}; checkpoints in {args.work / folder.name}")
    version = make_model(args.recipe, corpus, load_taxonomy(args.taxonomy).ids, work=args.work / folder.name)
    say(f"{version} is in {folder}; measure it with `failings evaluate {corpus / 'dev.jsonl'} --model {folder}`")
    return 0
