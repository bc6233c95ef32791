"""Fine-tune an encoder on labelled reports, as a recipe says; a killed training goes on where it was."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from pipeline.classify.encoders import encoder_folder
from pipeline.classify.gold import GoldReport
from pipeline.classify.network import PassageClassifier
from pipeline.classify.recipe import Recipe
from pipeline.classify.tokens import WordPieces
from pipeline.classify.windows import windows
from pipeline.report import ASSERTIONS

NONE_FIRST = ("none", *ASSERTIONS)


def examples(
    reports: Iterable[GoldReport], categories: Sequence[str], tokenizer: WordPieces, recipe: Recipe, rng: random.Random
) -> Iterator[dict[str, Any]]:
    """Yield one row a window: token ids, passage spans, and each passage's labels. `rng` moves the window borders."""
    for report in reports:
        targets = [_target(report, p.start, p.end, categories) for p in report.passages]
        for window in windows(
            report.text,
            report.passages,
            tokenizer,
            size=recipe.size,
            overlap=0,
            marks=recipe.marks if rng.random() >= recipe.mark_dropout else (),
            first_size=rng.randint(recipe.size // 4, recipe.size),
        ):
            yield {
                "input_ids": list(window.token_ids),
                "spans": [[start, end] for _, start, end in window.spans],
                "categories": [targets[index][0] for index, _, _ in window.spans],
                "assertions": [targets[index][1] for index, _, _ in window.spans],
            }


def _target(report: GoldReport, start: int, end: int, categories: Sequence[str]) -> tuple[list[float], int]:
    label = report.labels.get((start, end))
    if label is None:
        return [0.0] * len(categories), 0
    return [float(c in label.categories) for c in categories], NONE_FIRST.index(label.assertion)


def collate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Tensor]:
    """Pad rows to one batch: the arguments of `PassageClassifier.forward`."""
    tokens = max(len(r["input_ids"]) for r in rows)
    passages = max(len(r["spans"]) for r in rows)
    labels = len(rows[0]["categories"][0])
    batch = {
        "input_ids": torch.zeros(len(rows), tokens, dtype=torch.long),
        "attention_mask": torch.zeros(len(rows), tokens, dtype=torch.long),
        "pooling": torch.zeros(len(rows), passages, tokens),
        "categories": torch.zeros(len(rows), passages, labels),
        "assertions": torch.full((len(rows), passages), -100, dtype=torch.long),
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
    heads = [*model.category_head.parameters(), *model.assertion_head.parameters()]
    return torch.optim.AdamW(
        [
            {"params": decays, "lr": recipe.learning_rate, "weight_decay": recipe.weight_decay},
            {"params": plain, "lr": recipe.learning_rate, "weight_decay": 0.0},
            {"params": heads, "lr": recipe.head_learning_rate, "weight_decay": recipe.weight_decay},
        ]
    )


def fine_tune(
    reports: Iterable[GoldReport], categories: Sequence[str], recipe: Recipe, *, work: Path
) -> PassageClassifier:
    """Train on `reports`; checkpoints go to `work`, and a second call on the same folder resumes from the last one."""
    torch.manual_seed(recipe.seed)
    folder = encoder_folder(recipe.encoder)
    tokenizer = WordPieces(folder / "tokenizer.json")
    rng = random.Random(recipe.seed)  # noqa: S311
    reports = list(reports)
    rows = Dataset.from_list(
        [r for _ in range(recipe.packs) for r in examples(reports, categories, tokenizer, recipe, rng)]
    )
    model = PassageClassifier(
        str(folder),
        categories=len(categories),
        assertions=len(NONE_FIRST),
        dropout=recipe.dropout,
        assertion_weight=recipe.assertion_weight,
    )
    steps = recipe.steps
    optimizer = _optimizer(model, recipe)
    warmup = max(1, int(steps * recipe.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, max(0.0, (steps - step) / (steps - warmup)))
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(work),
            seed=recipe.seed,
            max_steps=steps,
            per_device_train_batch_size=recipe.batch,
            logging_steps=20,
            save_steps=100,
            save_total_limit=1,
            remove_unused_columns=False,
            report_to=[],
            train_sampling_strategy="random",
            use_cpu=not torch.cuda.is_available(),
            max_grad_norm=1.0,
        ),
        data_collator=collate,
        train_dataset=rows,
        optimizers=(optimizer, schedule),
    )
    checkpoint = get_last_checkpoint(str(work)) if work.is_dir() and any(work.iterdir()) else None
    trainer.train(resume_from_checkpoint=checkpoint)
    return model.eval()
