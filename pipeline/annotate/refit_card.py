"""The card of a model whose heads were fitted anew on reports that people read."""

import json
from pathlib import Path
from typing import Any

from pipeline.classify.model_folder import load_config

TEMPLATE = """---
license: apache-2.0
language: en
library_name: openvino
pipeline_tag: text-classification
---

# {version}

{base}, with the heads that say what a passage is about and how the report puts it fitted anew on {reports} reports that people read
({passages} sentences, {findings} findings). The encoder is that of {base}, and its card says what it was made of.

- Each head is a linear one, drawn to the head of {base}; how hard is what did best on reports left out (L2 penalty: {strength}).
- Probabilities and thresholds were fitted on what heads fitted on other reports say of each report.
- {unknown}

## Figures on the reports that it learnt from

The figures of a report come from heads, probabilities and thresholds fitted on the others. Intervals are 95%, bootstrapped over reports.
Reports that were picked as useful are harder than most: whether this model is better is for reports kept back from it to say.

| figure | {base} | this model |
| --- | --- | --- |
{figures}

| category | precision | recall | F1 | sentences |
| --- | --- | --- | --- | --- |
{categories}

Seed {seed}. `metrics.json` lists the SHA-256 of each text that it learnt from: measure it on none of these.
"""


def write_refit_card(folder: Path) -> None:
    """Write README.md of a model folder from its config and metrics."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    figures = [
        f"| {name} | {_cell(metrics['base_figures'][name])} | {_cell(row)} |"
        for name, row in metrics["figures"].items()
    ]
    categories = [
        f"| {name} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} | {row['support']} |"
        for name, row in metrics["by_category"].items()
    ]
    strength = ", ".join(f"{name} {value or 'left as it was'}" for name, value in metrics["strength"].items())
    left_out = ", ".join(f"{name} ({count})" for name, count in metrics["unknown_categories"].items())
    card = TEMPLATE.format(
        **{key: metrics[key] for key in ("base", "reports", "passages", "findings", "seed")},
        version=load_config(folder).version,
        strength=strength,
        unknown=f"Not learnt, since {metrics['base']} does not know them: {left_out}."
        if left_out
        else "All categories read are known.",
        figures="\n".join(figures),
        categories="\n".join(categories),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def _cell(row: dict[str, float | None]) -> str:
    if row["value"] is None:
        return "-"
    return f"{row['value']:.3f}" + (f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else "")
