"""The shipped model on the reports that we wrote ourselves, against what we expect of them by hand."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOLD = Path(__file__).parent / "data" / "samples_gold.jsonl"
FLOOR_FOUND = 0.9
FLOOR_ASSERTION = 0.85
CEILING_TRAPS = 0.06


def folded(text: str) -> str:
    """Text as it compares across formats: one space for white space, no hyphen at a line's end."""
    return "".join(text.split()).replace("-", "").replace("\u00ad", "")


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    return [json.loads(line) for line in GOLD.read_text(encoding="utf-8").split("\n") if line]


def findings_by_file(failings: Callable[..., subprocess.CompletedProcess[str]], samples: Path) -> dict[str, list[Any]]:
    assert failings("run", samples).returncode == 0
    found: dict[str, list[Any]] = {}
    for line in failings("search", "--json").stdout.split("\n"):
        if line:
            record = json.loads(line)
            found.setdefault(Path(record["source"].split("#")[0]).name, []).append(record)
    return found


def matching(records: list[Any], quote: str) -> list[Any]:
    wanted = folded(quote)
    return [r for r in records if folded(r["quote"]) in wanted or wanted in folded(r["quote"])]


def test_most_of_what_is_expected_is_found_and_most_traps_are_not(
    failings: Callable[..., subprocess.CompletedProcess[str]], samples: Path, expected: list[dict[str, Any]]
) -> None:
    found = findings_by_file(failings, samples)
    hits = right = wanted = trapped = traps = 0
    for row in expected:
        records = found.get(row["file"], [])
        for item in row["must_find"]:
            matches = matching(records, item["quote"])
            wanted += 1
            hits += bool(matches)
            right += any(m["assertion"] == item["assertion"] for m in matches)
        for item in row["must_not_find"]:
            traps += 1
            trapped += any(
                (item.get("category") is None or item["category"] in {c["id"] for c in m["categories"]})
                and item.get("assertion") in (None, m["assertion"])
                for m in matching(records, item["quote"])
            )
    print(f"found {hits}/{wanted}, with the right assertion {right}; fell for {trapped}/{traps} traps")
    assert hits / wanted >= FLOOR_FOUND
    assert right / max(1, hits) >= FLOOR_ASSERTION
    assert trapped / traps <= CEILING_TRAPS
