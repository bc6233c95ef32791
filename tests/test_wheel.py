"""The built wheel runs the main job from an empty environment."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_installs_and_runs_the_main_job(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {"pipeline/taxonomy.toml", "pipeline/extract/attribution.json", "pipeline/models/minilm/model.onnx",
            "pipeline/export/html/vendor/vega.min.js", "pipeline/export/html/page/reading.js",
            "pipeline/export/html/templates/index.html"}  # fmt: skip
    assert data <= names
    venv.create(tmp_path / "empty", with_pip=True)
    python = tmp_path / "empty" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True, capture_output=True)
    installed = subprocess.run([python, "-m", "pip", "list"], check=True, capture_output=True, text=True).stdout
    assert not {"torch", "transformers", "datasets"} & {line.split()[0] for line in installed.splitlines()}
    run = [tmp_path / "empty" / "bin" / "failings", "run", ROOT / "samples" / "reports", "--store", "wheel.db"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    verify = [tmp_path / "empty" / "bin" / "failings", "verify", "--store", "wheel.db"]
    subprocess.run(verify, cwd=tmp_path, check=True, capture_output=True)
