"""The model card: what the model is for, what it was made of, and its figures."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.classify.calibrate import SURE_PRECISION
from pipeline.classify.model_folder import load_config
from pipeline.classify.recipe import Recipe

COMPARED = "compared.md"
METRICS = "metrics.json"
CARD = "README.md"
WEIGHTS = {
    "half": "half precision. Runs with OpenVINO in single precision",
    "int8": "8-bit integers with a scale a row. Runs with OpenVINO in single precision",
    "quantised": "8-bit integers. Runs with OpenVINO in 8-bit integers, but for pooling and heads",
}
TEMPLATE = """---
license: apache-2.0
language: en
library_name: openvino
pipeline_tag: text-classification
---

# {version}

Labels passages of reviews, inquests and inquiry reports with seventeen categories of failure and with how the report puts
it (failing, alleged, recommendation, remedied). A window of consecutive passages goes through the encoder once; each
passage is pooled in its context and read by two linear heads.

- Weights: fine-tuned from {encoder} (Apache-2.0), ONNX, {weights}.
- Intended use: finding passages for a person to read. A finding is a pointer to words, not a verdict on anybody.
- Not for: decisions about persons; documents that are not in English; kinds of document far from those below.

## Data

Coroners' Prevention of Future Deaths reports and police-conduct summaries of England and Wales (train), coroners' reports (dev),
split by report, and made-up reports of other kinds (made_up.csv, to learn from only). **The labels were made by a
large language model under our guidelines; no person has checked them**, so the figures say how well the model follows
that reader. Sampling favoured restraint, beds, responsibility and Mental Health Act work: shares are not those of the
archive. SHA-256 of the files: {digests}.
{unlabelled}
## Figures on dev ({reports} reports)

On the sentences of the gold data. Probabilities and thresholds were fitted on dev, cross-fitted in five
folds: no report's figures use thresholds fitted on it. Intervals are 95%, bootstrapped over reports. The
design was chosen on the same dev reports, so expect a little less elsewhere.

| figure | value | 95% interval |
| --- | --- | --- |
{figures}

| category | precision | recall | F1 | sentences |
| --- | --- | --- | --- | --- |
{categories}

Of the categories found, cross-fitted on dev:

| precision asked for | share that is sure | precision reached |
| --- | --- | --- |
{sure}

A finding needs review while none of its categories is sure at {sure_precision}.

{compared}Reproduce: `failings train models/{name}/train.toml --corpus DIR` (recipe: {recipe}). `failings evaluate
DIR/dev.jsonl` measures the whole path with the final thresholds, which were fitted on dev: its figures are a little
better than these.

## Limits

Categories with little support are weak, and `alleged` is rare in the data. Sarcasm, long quotations and lists whose
lead-in is far away mislead it. Police-conduct summaries are few in training, and other kinds of review only made up:
no figure here says how it does on real ones. Denials ("found no sign that ...") are sometimes taken for failings.
"""


def write_card(folder: Path, recipe: Recipe, *, compared: Path) -> None:
    """Write README.md of a model folder from its config and metrics, with the table of other methods in `compared`, if there."""
    metrics: dict[str, Any] = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    figures = [
        f"| {name} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} |"
        for name, row in metrics["figures"].items()
        if row["low"] is not None
    ]
    categories = [
        f"| {name} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} | {row['support']} |"
        for name, row in metrics["by_category"].items()
    ]
    sure = [
        f"| {row['wanted']:.2f} | {row['share']:.1%} | {'' if row['precision'] is None else format(row['precision'], '.2f')} |"
        for row in metrics["sure"]
    ]
    table = compared.read_text("utf-8") if compared.is_file() else ""
    card = TEMPLATE.format(
        version=load_config(folder).version,
        name=folder.name,
        encoder=recipe.encoder,
        weights=WEIGHTS[recipe.weights] + _quantised(metrics),
        unlabelled=_unlabelled(recipe),
        digests=", ".join(f"{name} `{digest}`" for name, digest in metrics["gold_sha256"].items()),
        reports=metrics["dev_reports"],
        figures="\n".join(figures),
        categories="\n".join(categories),
        sure="\n".join(sure),
        sure_precision=SURE_PRECISION,
        compared=f"Compared on the same sentences:\n\n{table}\n" if table else "",
        recipe=", ".join(f"{k} {v}" for k, v in asdict(recipe).items()),
    )
    (folder / CARD).write_text(card, encoding="utf-8")


def _quantised(metrics: dict[str, Any]) -> str:
    if "quantised" not in metrics:
        return ""
    row = metrics["quantised"]
    return (
        f". With the same thresholds its category micro-F1 on dev is {row['f1']:.4f}, that of single precision {row['f1_before']:.4f}; "
        f"{row['decided_alike']:.1%} of the sentences get the same answer"
    )


def _unlabelled(recipe: Recipe) -> str:
    """What was learnt from reports without labels; held-out and dev reports are never among them."""
    said = []
    if recipe.adapt_steps:
        said.append(
            f"The encoder first guessed masked words of unlabelled public reports for {recipe.adapt_steps} batches."
        )
    if recipe.teacher:
        said.append(
            f"It learnt, besides, the probabilities that models/{recipe.teacher} gives to {recipe.taught_reports:,} unlabelled "
            "public reports."
        )
    return f"{' '.join(said)} None of those is in dev or held out.\n" if said else ""
