"""Say how far to trust categories that were learnt from few sentences: a table for the terminal, and the model card."""

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

{base}, with categories learnt from labelled sentences of a user's own. The encoder, the head that says how the report puts it, and the
rows of all other categories are those of {base}: what they find is the same to the last bit, and its card holds their figures.

## Categories learnt here

Each is a row of weights on frozen embeddings. Figures are cross-validated on {sentences} labelled sentences (repeats taken out; a
report never on both sides); the threshold was chosen anew in each fold. A sentence that the model takes for no finding counts as missed.

{table}

- The 95% interval is that of F1, bootstrapped over reports (or over sentences where the file names no reports).
- *At 1 in 100* is the precision to expect in documents where one passage in a hundred is of the category.
{notes}
- A finding that only these categories speak for is always marked `needs_review`.
- Not learnt: {untrained}.

## What it was made of

{background}
Files: {files}. Seed {seed}. Figures on sentences that were picked by hand are kinder than those on whole reports.
"""

HEADINGS = (
    "category",
    "examples",
    "precision",
    "recall",
    "F1",
    "95% interval",
    "average precision",
    "at 1 in 100",
    "trust",
)


def rows(metrics: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row a learnt category, under HEADINGS."""
    return [
        (
            category,
            str(row["examples"]),
            *(f"{row[name]['value']:.2f}" for name in ("precision", "recall", "f1")),
            f"{row['f1']['low']:.2f} to {row['f1']['high']:.2f}",
            f"{row['average_precision']:.2f}",
            f"{row['rare_precision']:.2f}",
            row["level"],
        )
        for category, row in metrics["learnt"].items()
    ]


def notes(metrics: dict[str, Any]) -> list[str]:
    """What a reader of the table must know besides, a line each."""
    said = []
    for category, row in metrics["learnt"].items():
        said.append(f"{category}: trust {row['trust']}.")
        said.append(
            f"{category}: the threshold assumes that {100 * row['share']:.1f} in 100 passages are of it, as in what it learnt from."
        )
        if row["missed_as_finding"]:
            said.append(
                f"{category}: {row['missed_as_finding']} of the {row['examples']} examples can never be found, since the base model "
                "takes them for no finding."
            )
        if not row["negatives"]:
            said.append(
                f"{category}: your sentences hold no others, so precision is only against background. Label some."
            )
        if row["background_rate"] is not None and metrics["background_from_reports"]:
            said.append(
                f"{category}: found in {row['background_rate']:.1f} of 1,000 background passages, rightly or not."
            )
    for category, row in metrics["kept"].items():
        if row:
            said.append(
                f"{category}: the model knew it and keeps its own row, which has F1 {row['f1']['value']:.2f} on your sentences; "
                "a new one was not clearly better."
            )
    return said


def table(metrics: dict[str, Any]) -> str:
    """The table in aligned columns."""
    lines = [HEADINGS, *rows(metrics)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def write_own_card(folder: Path) -> None:
    """Write README.md of a model folder from its config and metrics."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows(metrics)]
    card = TEMPLATE.format(
        version=load_config(folder).version,
        base=metrics["base"],
        sentences=metrics["sentences"],
        table="\n".join(f"| {' | '.join(line)} |" for line in lines),
        notes="\n".join(f"- {note}" for note in notes(metrics)),
        untrained="; ".join(f"{category} ({why})" for category, why in metrics["untrained"].items()) or "none",
        background=background(metrics),
        files=", ".join(f"{name} `{digest}`" for name, digest in metrics["sentences_sha256"].items()),
        seed=metrics["seed"],
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def background(metrics: dict[str, Any]) -> str:
    """Where the passages come from that nobody labelled."""
    count = metrics["background_passages"]
    if not count:
        return "No background: the labelled reports hold negatives enough."
    if metrics["background_from_reports"]:
        return f"Background: {count} passages, those of your unlabelled reports among them, all taken to be of no learnt category."
    return (
        f"Background: {count} made-up sentences of the taxonomy that comes with failings. Name a folder of your own reports under "
        "`reports` in the recipe: then the threshold follows what reports are made of, and fewer findings are false."
    )
