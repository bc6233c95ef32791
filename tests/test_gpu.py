"""The main job on a GPU, against the same on a CPU; skipped where there is none."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.classify.load import device_here
from pipeline.errors import UsageError

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("model", ["minilm", "fast"])
def test_a_gpu_finds_what_a_cpu_finds(model: str, failings: Run, samples: Path) -> None:
    try:
        device_here("cuda")
    except UsageError as error:
        pytest.skip(str(error))
    found: dict[str, set[tuple[str, int, int, str]]] = {}
    for device in ("cpu", "cuda"):
        run = failings("run", samples, "--model", model, "--device", device, "--store", f"{device}.db")
        assert run.returncode == 0, run.stderr
        lines = failings("search", "--json", "--store", f"{device}.db").stdout.splitlines()
        records = [json.loads(line) for line in lines]
        assert {record["model"].endswith("+bf16") for record in records} == {device == "cuda"}
        found[device] = {
            (r["report_id"], r["start"], r["end"], category["id"]) for r in records for category in r["categories"]
        }
        assert failings("verify", "--store", f"{device}.db").returncode == 0
    both = found["cpu"] & found["cuda"]
    assert 2 * len(both) >= 0.95 * (len(found["cpu"]) + len(found["cuda"]))
