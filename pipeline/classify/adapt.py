"""Continue an encoder's pre-training on reports: it guesses masked words of them, before it sees a label."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForMaskedLM, AutoTokenizer, DataCollatorForLanguageModeling

from pipeline.classify.recipe import Recipe
from pipeline.classify.steps import take_steps
from pipeline.classify.tokens import WordPieces
from pipeline.classify.windows import windows
from pipeline.report import Passage

MASKED = 0.25


def adapted(encoder: Path, texts: Iterable[tuple[str, Sequence[Passage]]], recipe: Recipe, *, work: Path) -> Path:
    """The folder of `encoder` after `recipe.adapt_steps` steps on `texts`: made once in `work`, resumed after a kill."""
    made = work / "adapted"
    if made.is_dir():
        return made
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(encoder, local_files_only=True)
    known = {id(p) for p in model.base_model.parameters()}
    new = [p for p in model.parameters() if id(p) not in known]
    optimizer = torch.optim.AdamW(
        [
            {"params": model.base_model.parameters(), "lr": recipe.adapt_learning_rate},
            {"params": new, "lr": recipe.head_learning_rate},
        ],
        weight_decay=recipe.weight_decay,
    )
    take_steps(
        model,
        Dataset.from_list(list(_rows(texts, WordPieces(encoder / "tokenizer.json"), recipe))),
        DataCollatorForLanguageModeling(tokenizer, mlm_probability=MASKED),
        optimizer,
        recipe,
        steps=recipe.adapt_steps,
        seed=recipe.seed,
        work=work / "adapting",
    )
    part = work / "adapted.part"
    model.base_model.save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(made)
    return made


def _rows(
    texts: Iterable[tuple[str, Sequence[Passage]]], tokenizer: WordPieces, recipe: Recipe
) -> Iterator[dict[str, list[int]]]:
    for text, passages in texts:
        for window in windows(text, passages, tokenizer, size=recipe.size, overlap=0, marks=recipe.marks):
            yield {"input_ids": list(window.token_ids)}
