"""From a recipe to a trained network: encoder, what it learns from, and the training, all in one working folder."""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from pipeline.classify.adapt import adapted
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.gold import GoldReport, read_gold, read_made_up
from pipeline.classify.lessons import NONE_FIRST, Lesson, from_gold
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import TOKENIZER, ModelConfig, neutral
from pipeline.classify.network import PassageClassifier
from pipeline.classify.predict import Classifier
from pipeline.classify.recipe import Recipe
from pipeline.classify.teaching import Read, held_out, taught, unlabelled
from pipeline.classify.tokens import WordPieces
from pipeline.classify.torch_runtime import Torch
from pipeline.classify.train import fine_tune
from pipeline.errors import ModelError
from pipeline.report import sha256


@dataclass(frozen=True, slots=True)
class Data:
    """What a recipe is trained and calibrated on. `kept_back` are the ids and URLs that nothing is learnt from."""

    corpus: Path
    train: tuple[GoldReport, ...]
    dev: tuple[GoldReport, ...]
    made_up: tuple[GoldReport, ...]
    kept_back: Set[str]
    sha256: Mapping[str, str]


def load_data(recipe: Recipe, folder: Path, corpus: Path) -> Data:
    """Read the labelled reports; train.jsonl less what shares its URL with a dev or a held-out report."""
    made_up = folder / recipe.made_up if recipe.made_up else None
    dev = tuple(read_gold(corpus / "dev.jsonl"))
    kept_back = held_out(corpus) | {report.url for report in dev if report.url}
    files = [corpus / "train.jsonl", corpus / "dev.jsonl", *([made_up] if made_up else [])]
    return Data(
        corpus,
        tuple(r for r in read_gold(corpus / "train.jsonl") if not {r.id, r.url} & kept_back),
        dev,
        tuple(read_made_up(made_up)) if made_up else (),
        kept_back,
        {path.name: sha256(path.read_bytes()) for path in files},
    )


def train_network(
    recipe: Recipe, folder: Path, data: Data, categories: Sequence[str], *, work: Path
) -> PassageClassifier:
    """Train what `recipe`, which lies in `folder`, describes. What is finished in `work` is not repeated."""
    _claim(work, {"recipe": asdict(recipe), "categories": list(categories), "sha256": dict(data.sha256)})
    known = data.kept_back | {report.url for report in data.train if report.url}
    raw = partial(unlabelled, data.corpus, leave_out=known, seed=recipe.seed, kept=work / "unlabelled.jsonl")
    encoder = encoder_folder(recipe.encoder, unpack_to=work)
    if recipe.adapt_steps:
        texts = [*raw(), *((report.text, report.passages) for report in data.train)]
        encoder = adapted(encoder, texts, recipe, work=work)

    def lessons() -> Iterator[Lesson]:
        yield from (from_gold(report, categories) for report in (*data.train, *data.made_up))
        if recipe.teacher:
            yield from _taught(raw(), folder.parent / recipe.teacher, recipe.taught_reports)

    return fine_tune(encoder, lessons, recipe, work=work)


def torch_classifier(
    network: PassageClassifier, recipe: Recipe, categories: Sequence[str], *, work: Path
) -> Classifier:
    """A network that has just been trained, uncalibrated."""
    config = ModelConfig(
        name=recipe.encoder,
        version="in training",
        categories=tuple(categories),
        assertions=NONE_FIRST,
        size=recipe.read_size,
        overlap=recipe.overlap,
        context=recipe.context,
        marks=recipe.marks,
        architecture={},
        sha256={},
    )
    tokenizer = WordPieces(encoder_folder(recipe.encoder, unpack_to=work) / TOKENIZER)
    return Classifier(config, neutral(len(categories)), tokenizer, Torch(network))


def _taught(reports: Sequence[Read], teacher: Path, count: int) -> Iterator[Lesson]:
    if len(reports) < count:
        raise ModelError(f"{count} unlabelled reports are asked for; the corpus has {len(reports)}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return taught(
        reports[:count], load_classifier(teacher, threads=torch.get_num_threads(), device=device, precision="bf16")
    )


def _claim(work: Path, made_of: Mapping[str, object]) -> None:
    """Note what the training in `work` is made of; refuse to go on with that of another recipe or other data."""
    work.mkdir(parents=True, exist_ok=True)
    note, wanted = work / "made_of.json", json.dumps(made_of, indent=1)
    if note.is_file() and note.read_text(encoding="utf-8") != wanted:
        raise ModelError(f"{work} holds a training of another recipe or other data: remove it, or name another --work")
    note.write_text(wanted, encoding="utf-8")
