"""Run docs/notebooks/python-api.ipynb from its folder and keep its outputs: `python scripts/run_notebook.py` (`pip install ".[docs]"`)."""

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebooks" / "python-api.ipynb"
SECONDS = 300


def executed(path: Path = NOTEBOOK) -> Any:
    """The notebook with the outputs of today, and nothing that differs from run to run or machine to machine."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if output.get("name") != "stderr"])
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """What was printed in one piece, however many the kernel sent."""
    printed = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    shown = [output for output in outputs if output["output_type"] != "stream"]
    return [*([nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []), *shown]


if __name__ == "__main__":
    nbformat.write(executed(), NOTEBOOK)
