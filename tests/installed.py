"""The entry points of pyproject.toml as an installer writes them, for tests that run from a checkout."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def write_entry_points(folder: Path) -> Path:
    """Put them into `folder`, which a process of its own has on its PYTHONPATH; return it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "failings_installed-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failings-installed\nVersion: 1\n", encoding="utf-8")
    lines = [f"{name} = {target}" for name, target in project["entry-points"]["spacy_factories"].items()]
    (info / "entry_points.txt").write_text("[spacy_factories]\n" + "\n".join(lines), encoding="utf-8")
    return folder
