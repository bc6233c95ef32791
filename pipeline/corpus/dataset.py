"""The labelled corpus as a Hugging Face dataset, for those who train with their own tools."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.classify.gold import read_gold
from pipeline.corpus.standoff import SPLITS
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from datasets import DatasetDict, Features


def load_dataset(folder: Path) -> "DatasetDict":
    """The splits `train` and `dev` of a corpus folder, a report a row.

    A sentence without a label is a negative: its `assertion` is None, its lists are empty. Offsets are code points of `text`.
    Raise GoldError when a file does not fit, UsageError without the package `datasets`.
    """
    try:
        from datasets import Dataset, DatasetDict  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(f'this needs {error.name}: pip install "failings[train]"') from error
    splits = {split: dataset_rows(folder / f"{split}.jsonl") for split in SPLITS}
    return DatasetDict({split: Dataset.from_list(rows, features=_features()) for split, rows in splits.items()})


def dataset_rows(path: Path) -> list[dict[str, Any]]:
    """The reports of a gold file, each sentence with what is said of it."""
    rows = []
    for report in read_gold(path):
        sentences = []
        for passage in report.passages:
            label = report.labels.get((passage.start, passage.end))
            sentences.append(
                {
                    "start": passage.start,
                    "end": passage.end,
                    "section": passage.section,
                    "assertion": label.assertion if label else None,
                    "categories": list(label.categories) if label else [],
                    "actors": [{"start": start, "end": end} for start, end in label.actors] if label else [],
                }
            )
        rows.append({"id": report.id, "text": report.text, "sentences": sentences})
    return rows


def _features() -> "Features":
    from datasets import Features, Value  # noqa: PLC0415

    offset = Value("int32")
    sentence = {
        "start": offset,
        "end": offset,
        "section": Value("string"),
        "assertion": Value("string"),
        "categories": [Value("string")],
        "actors": [{"start": offset, "end": offset}],
    }
    return Features({"id": Value("string"), "text": Value("string"), "sentences": [sentence]})
