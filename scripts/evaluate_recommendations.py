"""Measure whom recommendations address on the hand-labelled ones of annotations/gold/recommendations.jsonl.

usage: python scripts/evaluate_recommendations.py [CORPUS_DIR]     (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)

A label has the offsets of a recommendation, `addressees` (offsets of words that name whom it addresses, in the sentence, a lead-in, a
title or beside it) and `recipients` (whether it addresses the recipients of the report without naming them itself).

The labelled sentences of dev.jsonl, with their gold assertions and categories, stand for the findings, so that only this stage is
measured; actors are those of the product. A recommendation is right when one of its addressees shares words with a labelled one, or is
the same agency; where the report's recipients are the answer, also when it names nobody (the report's `receiver` then speaks) or one
of their agencies. The interval is Wilson's, 95%.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from pipeline.classify.gold import GoldReport, corpus_folder, read_gold
from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.concerns import concern_numbers
from pipeline.extract.recommendations import make_recommendations
from pipeline.report import Actor, CategoryScore, Fact, Finding, Recommendation, sha256

LABELS = Path(__file__).resolve().parent.parent / "annotations" / "gold" / "recommendations.jsonl"
Z = 1.959964


@dataclass(frozen=True)
class Outcome:
    """What became of one labelled recommendation: whom it was found to address, and whether that is right."""

    report: str
    start: int
    where: str
    found: tuple[str, ...]
    right: bool
    quote: str


def findings_of(report: GoldReport, tagger: AgencyTagger) -> tuple[Finding, ...]:
    """The gold sentences of a report as findings, with the actors that the product gives them."""
    sections = {(p.start, p.end): p.section for p in report.passages}
    labels = sorted(report.labels.values(), key=lambda label: label.start)
    said = [Statement(x.start, x.end, x.assertion, x.categories, sections[x.start, x.end]) for x in labels]
    return tuple(
        Finding(
            start=x.start,
            end=x.end,
            quote=report.text[x.start : x.end],
            section=x.section,
            assertion=x.assertion,
            assertion_score=1.0,
            categories=tuple(CategoryScore(c, 1.0) for c in x.categories),
            actors=who.chosen,
            mentioned=who.mentioned,
        )
        for x, who in zip(said, tagger.actors(report.text, said), strict=True)
    )


def recipients_of(row: dict[str, Any]) -> list[Fact]:
    """The recipients in the corpus's field `receiver`, which has no place in the text."""
    return [Fact("addressee", name.strip()) for name in (row["receiver"] or "").split(";") if name.strip()]


def agencies(tagger: AgencyTagger, text: str, spans: Sequence[Sequence[int]]) -> set[str]:
    """The agencies that intervals of a text name."""
    named = tagger.actors(text, [Statement(start, end) for start, end in spans])
    return {a.agency for who in named for a in (*who.chosen, *who.mentioned) if a.agency}


def is_right(label: dict[str, Any], found: Sequence[Actor], same: set[str], received: set[str]) -> bool:
    """Whether the addressees found are those of a label, of which `same` are the agencies and `received` the recipients'."""
    shared = any(a.start < end and start < a.end for a in found for start, end in label["addressees"])
    known = same | (received if label["recipients"] else set())
    return shared or any(a.agency in known for a in found) or (label["recipients"] and not found)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share."""
    share = right / of
    middle, spread = share + Z * Z / (2 * of), Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return (middle - spread) / (1 + Z * Z / of), (middle + spread) / (1 + Z * Z / of)


def outcomes(row: dict[str, Any], made: Sequence[Recommendation], labels: Any, tagger: AgencyTagger) -> list[Outcome]:
    """What became of the labelled recommendations of one report."""
    text = row["text"]
    received = agencies(tagger, row["receiver"] or "-", [(0, len(row["receiver"] or "-"))])
    result = []
    for label in labels:
        call = next((r for r in made if r.start == label["start"]), None)
        found = call.addressees if call else ()
        same = agencies(tagger, text, label["addressees"])
        right = call is not None and is_right(label, found, same, received)
        where = "recipients" if label["recipients"] else "named"
        result.append(
            Outcome(
                row["id"],
                label["start"],
                where,
                tuple(a.text for a in found),
                right,
                text[label["start"] : label["end"]],
            )
        )
    return result


def main() -> None:
    """Print the share that is right, by where the addressee is named, and what is wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else corpus_folder())
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    labels = {row["id"]: row for row in map(json.loads, lines)}
    rows = {
        row["id"]: row for row in map(json.loads, (folder / "dev.jsonl").read_text(encoding="utf-8").split("\n")[:-1])
    }
    tagger, seconds, results, calls = load_tagger(), 0.0, [], 0
    for report in read_gold(folder / "dev.jsonl"):
        findings = findings_of(report, tagger)
        begin = time.process_time()
        numbers = concern_numbers(report.text, report.passages)
        facts = recipients_of(rows[report.id])
        made = make_recommendations(report.text, report.passages, findings, numbers, facts, tagger=tagger)
        seconds += time.process_time() - begin
        calls += len(made)
        label = labels.get(report.id)
        if label and label["sha256"] == sha256(report.text.encode()):
            results += outcomes(rows[report.id], made, label["recommendations"], tagger)
    for outcome in results:
        if not outcome.right:
            print(
                f"{outcome.report} {outcome.start} {outcome.where}: found {list(outcome.found)} | {outcome.quote[:110]!r}"
            )
    right = sum(o.right for o in results)
    low, high = wilson(right, len(results))
    print(f"addressee right in {right} of {len(results)}: {right / len(results):.3f} [{low:.3f}, {high:.3f}]")
    for where in ("named", "recipients"):
        count = Counter(o.right for o in results if o.where == where)
        print(f"  {where}: {count[True]} of {count.total()}")
    print(
        f"  nobody found: {sum(not o.found for o in results)}; nobody ever: {sum(o.where == 'recipients' for o in results)} right"
    )
    print(f"{calls} recommendations in {len(rows)} reports, {1000 * seconds / len(rows):.1f} ms a report")


if __name__ == "__main__":
    main()
