"""Real reports: the labelled dev reports saved as text, and the real PDFs. None of their text is in the project."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def failings(folder: Path, *args: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipeline", *map(str, args)]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def dev() -> Path:
    folder = Path(os.environ.get("FAILINGS_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not (folder / "dev.jsonl").is_file():
        pytest.skip(f"needs the labelled corpus: no dev.jsonl in {folder} (set FAILINGS_CORPUS)")
    return folder / "dev.jsonl"


@pytest.fixture(scope="module")
def scored(dev: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What the corpus's own scorer says of a run over the dev reports as text files."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "texts").mkdir()
    for line in dev.read_text(encoding="utf-8").split("\n"):
        if line:
            report = json.loads(line)
            (folder / "texts" / f"{report['id']}.txt").write_text(report["text"], encoding="utf-8", newline="")
    assert failings(folder, "run", "texts").returncode == 0
    assert failings(folder, "verify").returncode == 0
    assert failings(folder, "export", "--format", "jsonl", "--with-text", "-o", "findings.jsonl").returncode == 0
    scorer = [sys.executable, dev.parent / "score.py", dev, folder / "findings.jsonl", "--json", "--bootstrap", "20"]
    figures: dict[str, float] = json.loads(subprocess.run(scorer, capture_output=True, text=True, check=True).stdout)
    return figures


@pytest.fixture(scope="module")
def evaluated(dev: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    run = failings(tmp_path_factory.mktemp("evaluate"), "evaluate", dev, "--json")
    assert run.returncode == 0, run.stderr
    return {name: figure["value"] for name, figure in json.loads(run.stdout)["figures"].items()}


def test_no_link_is_broken(scored: dict[str, float]) -> None:
    assert scored["links_broken"] == 0
    assert scored["links_exact"] > 500


def test_evaluate_agrees_with_the_scorer(scored: dict[str, float], evaluated: dict[str, float]) -> None:
    shared = set(scored) & set(evaluated)
    assert len(shared) >= 10
    assert {n: round(scored[n], 3) for n in shared} == {n: round(evaluated[n], 3) for n in shared}


def test_passages_are_the_gold_sentences(evaluated: dict[str, float]) -> None:
    assert evaluated["passages_exact"] >= 0.95
    assert evaluated["passages_over_120_words"] == 0


def test_real_pdfs_are_read_whole(tmp_path: Path) -> None:
    folder = ROOT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip(f"needs the real sample PDFs: no {folder}")
    run = failings(tmp_path, "run", folder, "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["counts"] == {"new": 6}
    assert failings(tmp_path, "verify").returncode == 0
    assert failings(tmp_path, "export", "--format", "jsonl", "-o", "out.jsonl").returncode == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert all(f["page"] and f["boxes"] for f in found)
    assert len({f["source"] for f in found}) >= 5
