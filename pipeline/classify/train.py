"""Fine-tune an encoder on labelled reports, as a recipe says; a killed training goes on where it was."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor

from pipeline.classify.lessons import NONE_FIRST, Lesson
from pipeline.classify.network import PassageClassifier, load_encoder
from pipeline.classify.recipe import Recipe
from pipeline.classify.steps import take_steps
from pipeline.classify.tokens import WordPieces
from pipeline.classify.windows import Tokenizer, windows


def examples(
    lessons: Iterable[Lesson], tokenizer: Tokenizer, recipe: Recipe, rng: random.Random
) -> Iterator[dict[str, Any]]:
    """Yield one row a window: token ids, passage spans, and each passage's probabilities. `rng` moves the window borders."""
    for lesson in lessons:
        for window in windows(
            lesson.text,
            lesson.passages,
            tokenizer,
            size=recipe.size,
            overlap=0,
            marks=recipe.marks if rng.random() >= recipe.mark_dropout else (),
            first_size=rng.randint(recipe.size // 4, recipe.size),
            context=recipe.context,
        ):
            passages = [index for index, _, _ in window.spans]
            yield {
                "input_ids": list(window.token_ids),
                "spans": [[start, end] for _, start, end in window.spans],
                "categories": lesson.categories[passages].tolist(),
                "assertions": lesson.assertions[passages].tolist(),
            }


def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """Pad rows to one batch: the arguments of `PassageClassifier.forward`."""
    tokens = max(len(r["input_ids"]) for r in rows)
    passages = max(len(r["spans"]) for r in rows)
    about, said = (len(rows[0][name][0]) for name in ("categories", "assertions"))
    batch = {
        "input_ids": torch.zeros(len(rows), tokens, dtype=torch.long),
        "attention_mask": torch.zeros(len(rows), tokens, dtype=torch.long),
        "pooling": torch.zeros(len(rows), passages, tokens),
        "categories": torch.zeros(len(rows), passages, about),
        "assertions": torch.zeros(len(rows), passages, said),
    }
    for i, row in enumerate(rows):
        batch["input_ids"][i, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
        batch["attention_mask"][i, : len(row["input_ids"])] = 1
        for p, (start, end) in enumerate(row["spans"]):
            batch["pooling"][i, p, start:end] = 1 / max(1, end - start)
        batch["categories"][i, : len(row["spans"])] = torch.tensor(row["categories"])
        batch["assertions"][i, : len(row["spans"])] = torch.tensor(row["assertions"])
    return batch


def _optimizer(model: PassageClassifier, recipe: Recipe) -> torch.optim.Optimizer:
    decays = [p for n, p in model.encoder.named_parameters() if p.ndim > 1]
    plain = [p for n, p in model.encoder.named_parameters() if p.ndim == 1]
    heads = [*model.norm.parameters(), *model.category_head.parameters(), *model.assertion_head.parameters()]
    return torch.optim.AdamW(
        [
            {"params": decays, "lr": recipe.learning_rate, "weight_decay": recipe.weight_decay},
            {"params": plain, "lr": recipe.learning_rate, "weight_decay": 0.0},
            {"params": heads, "lr": recipe.head_learning_rate, "weight_decay": recipe.weight_decay},
        ]
    )


def _rows(lessons: Callable[[], Iterable[Lesson]], tokenizer: Tokenizer, recipe: Recipe, kept: Path) -> Dataset:
    """The rows to train on, made once and kept for a training that is resumed."""
    if not kept.is_dir():
        rng = random.Random(recipe.seed)  # noqa: S311
        learnt = list(lessons())
        rows = [row for _ in range(recipe.packs) for row in examples(learnt, tokenizer, recipe, rng)]
        part = kept.with_suffix(".part")
        Dataset.from_list(rows).save_to_disk(part)
        part.rename(kept)
    return Dataset.load_from_disk(kept)


def _rare_weights(rows: Dataset, power: float) -> Tensor:
    count = torch.tensor([p for row in rows["categories"] for p in row]).sum(0).clamp(min=1)
    return (count.max() / count) ** power


def fine_tune(
    encoder: Path, lessons: Callable[[], Iterable[Lesson]], recipe: Recipe, *, work: Path
) -> PassageClassifier:
    """Train `encoder` on `lessons`; checkpoints go to `work`, and a second call on the same folder resumes from the last one."""
    rows = _rows(lessons, WordPieces(encoder / "tokenizer.json"), recipe, work / "rows")
    trained = [
        _trained_once(encoder, rows, recipe, recipe.seed + run, work / f"run-{run}") for run in range(recipe.runs)
    ]
    network = _network(encoder, rows, recipe)
    network.load_state_dict({name: torch.stack([t[name] for t in trained]).mean(0) for name in trained[0]})
    return network.eval()


def _trained_once(encoder: Path, rows: Dataset, recipe: Recipe, seed: int, work: Path) -> dict[str, Tensor]:
    """The weights of one training; made once."""
    kept = work / "trained.pt"
    if not kept.is_file():
        network = _network(encoder, rows, recipe)
        optimizer = _optimizer(network, recipe)
        take_steps(network, rows, collate, optimizer, recipe, steps=recipe.steps, seed=seed, work=work)
        part = kept.with_suffix(".part")
        torch.save({name: weights.cpu() for name, weights in network.state_dict().items()}, part)
        part.rename(kept)
    weights: dict[str, Tensor] = torch.load(kept, weights_only=True)
    return weights


def _network(encoder: Path, rows: Dataset, recipe: Recipe) -> PassageClassifier:
    torch.manual_seed(recipe.seed)  # the heads start alike in every run: only so can they be averaged
    return PassageClassifier(
        load_encoder(str(encoder), recipe.layers),
        categories=len(rows[0]["categories"][0]),
        assertions=len(NONE_FIRST),
        dropout=recipe.dropout,
        assertion_weight=recipe.assertion_weight,
        category_weights=_rare_weights(rows, recipe.rare_weight),
    )
