"""The notebook of the Python interface does what it shows."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from installed import write_entry_points

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))


def test_the_notebook_prints_what_it_was_saved_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python scripts/run_notebook.py` saves it anew when a change of the findings is meant."""
    nbformat = pytest.importorskip("nbformat", reason='needs pip install "failings[docs]"')
    pytest.importorskip("nbclient", reason='needs pip install "failings[docs]"')
    pytest.importorskip("ipykernel", reason='needs pip install "failings[docs]"')
    from run_notebook import NOTEBOOK, executed

    installed = write_entry_points(tmp_path / "installed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(installed), os.environ.get("PYTHONPATH", "")]))
    saved, made = nbformat.read(NOTEBOOK, as_version=4), executed()
    assert printed(made) == printed(saved)
    assert drawn(made) == drawn(saved) == 1


def printed(notebook: Any) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output["text"] for output in outputs if output["output_type"] == "stream"]


def drawn(notebook: Any) -> int:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return sum("image/svg+xml" in output.get("data", {}) for output in outputs)
