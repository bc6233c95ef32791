"""Where a simulated campaign starts: a model that has seen a tenth of train.jsonl, and what it makes of all the reports."""

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from pipeline.annotate.heads import Ints, Taught
from pipeline.annotate.refit import read_with
from pipeline.classify.calibrate import fit_calibration
from pipeline.classify.encoders import encoder_folder
from pipeline.classify.export_onnx import export_onnx
from pipeline.classify.from_recipe import Data, load_data, torch_classifier, train_network
from pipeline.classify.gold import GoldReport
from pipeline.classify.lessons import NONE_FIRST, from_gold
from pipeline.classify.load import load_classifier
from pipeline.classify.model_folder import CALIBRATION, CONFIG, TOKENIZER, WEIGHTS, Calibration, write_config
from pipeline.classify.recipe import Recipe, load_recipe
from pipeline.classify.scores import Logits
from pipeline.taxonomy import load_taxonomy

RECIPE = Path(__file__).with_name("campaign.toml")
SHARE = 0.1


def split(corpus: Path) -> tuple[Data, tuple[GoldReport, ...], tuple[GoldReport, ...]]:
    """The data, and its training reports as those that the model starts from and those that annotators may be given."""
    recipe = load_recipe(RECIPE)
    data = load_data(recipe, RECIPE.parent, corpus)
    chosen = {r.id for r in random.Random(recipe.seed).sample(data.train, round(SHARE * len(data.train)))}  # noqa: S311
    first = tuple(r for r in data.train if r.id in chosen)
    return data, first, tuple(r for r in data.train if r.id not in chosen)


def starting_model(data: Data, first: Sequence[GoldReport], *, work: Path) -> Path:
    """The folder of a model trained on `first`; made once.

    It is calibrated on what two models say that learnt from half of `first` each, of the other half.
    """
    recipe, categories, folder = load_recipe(RECIPE), load_taxonomy().ids, work / "start"
    if (folder / CONFIG).is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    network = train_network(recipe, RECIPE.parent, replace(data, train=tuple(first)), categories, work=work / "whole")
    export_onnx(network, folder / WEIGHTS, recipe.weights)
    shutil.copyfile(encoder_folder(recipe.encoder, unpack_to=work) / TOKENIZER, folder / TOKENIZER)
    calibration = _crossed(recipe, data, first, work=work)
    (folder / CALIBRATION).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")
    write_config(folder, {"name": "start", "categories": list(categories), "assertions": list(NONE_FIRST),
                          "size": recipe.size, "overlap": recipe.overlap, "marks": list(recipe.marks),
                          "context": recipe.context})  # fmt: skip
    return folder


def _crossed(recipe: Recipe, data: Data, first: Sequence[GoldReport], *, work: Path) -> Calibration:
    categories = load_taxonomy().ids
    halves = (tuple(first[::2]), tuple(first[1::2]))
    short, logits, lessons = replace(recipe, steps=recipe.steps // 2), [], []
    for number, (half, other) in enumerate((halves, halves[::-1])):
        place = work / f"half-{number}"
        network = train_network(short, RECIPE.parent, replace(data, train=half), categories, work=place)
        classifier = torch_classifier(network, short, categories, work=place)
        logits += [classifier.logits(report.text, report.passages) for report in other]
        lessons += [from_gold(report, categories) for report in other]
    return fit_calibration(
        Logits(*(np.concatenate([getattr(row, part) for row in logits]) for part in ("categories", "assertions"))),
        np.concatenate([lesson.categories for lesson in lessons]).astype(np.int64),
        np.concatenate([lesson.assertions for lesson in lessons]).argmax(axis=1),
    )


@dataclass(frozen=True, slots=True)
class Read:
    """All sentences of some reports as the starting model embeds them, with gold labels; `reports` and `words` are by report."""

    reports: tuple[GoldReport, ...]
    taught: Taught
    words: Ints

    @property
    def starts(self) -> Ints:
        """The place of each report's first sentence, and the end."""
        return np.searchsorted(self.taught.reports, np.arange(len(self.reports) + 1))

    def only(self, chosen: Ints) -> "Read":
        """These reports alone, by their places."""
        some = self.some(chosen)
        renumbered = replace(some, reports=np.searchsorted(chosen, some.reports))
        return Read(tuple(self.reports[at] for at in chosen), renumbered, self.words[chosen])

    def some(self, chosen: Sequence[int] | Ints) -> Taught:
        """The sentences of the chosen reports, in the order of all."""
        rows = np.flatnonzero(np.isin(self.taught.reports, chosen))
        return Taught(*(getattr(self.taught, f.name)[rows] for f in fields(Taught)))


def read(name: str, reports: Sequence[GoldReport], model: Path, *, work: Path) -> Read:
    """Embed reports; made once."""
    kept = work / f"{name}.npz"
    if not kept.is_file():
        taught = read_with(load_classifier(model), reports)
        np.savez(kept, **{f.name: getattr(taught, f.name) for f in fields(Taught)})
    with np.load(kept) as arrays:
        taught = Taught(**arrays)
    words = [sum(len(r.text[p.start : p.end].split()) for p in r.passages) for r in reports]
    return Read(tuple(reports), taught, np.array(words))
