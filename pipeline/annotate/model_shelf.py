"""The folder of models that were learnt from annotators: a folder a version, which of them is in use, and how each training went."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pipeline.classify.model_folder import CONFIG, load_config
from pipeline.errors import ModelError

CURRENT = "current.json"
HISTORY = "history.jsonl"
UNFINISHED = ".unfinished"
VERSION = re.compile(r"[^./\\:\0][^/\\:\0]*")


@dataclass(frozen=True, slots=True)
class Training:
    """One training: on how many reports, judged by how many, and how it ended.

    `running` is the model that it was to beat, `challenger` the one that it made. `figures` are those of the contest, None when it
    did not come to one, and then `reason` says why. `when` is when it began; `read_until` when the latest of its reports was read.
    """

    when: str
    seconds: float
    forced: bool
    trained_on: int
    held_back: int
    read_until: str | None
    running: str
    challenger: str | None = None
    promoted: bool = False
    figures: Mapping[str, Any] | None = None
    reason: str | None = None


class ModelShelf:
    """Models by version in `folder`; `base` is the model from which all others are learnt, and runs until one is better."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = folder
        self.base = base
        self.base_version = load_config(base).version
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def current(self) -> Path:
        """The folder of the model in use; raise ModelError when that is not there, or not whole."""
        pointer = self.folder / CURRENT
        if not pointer.exists():
            return self.base
        try:
            return self.folder_of(str(json.loads(pointer.read_text(encoding="utf-8"))["version"]))
        except (OSError, ValueError, KeyError, TypeError, ModelError) as error:
            reason = f"{pointer} names no model that can be used ({error}); delete it to go back to {self.base}"
            raise ModelError(reason) from error

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions of all models, that of the base first, then the others by name."""
        kept = (path.parent.name for path in self.folder.glob(f"*/{CONFIG}"))
        return (self.base_version, *sorted(version for version in kept if VERSION.fullmatch(version)))

    @property
    def history(self) -> tuple[Training, ...]:
        """All trainings, the latest last; a line that was cut off by a crash is left out."""
        path = self.folder / HISTORY
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return tuple(training for line in lines if (training := _training(line)))

    def workplace(self) -> Path:
        """A folder, not there yet, for the model that is being made; what an earlier training left behind is removed."""
        place = self.folder / UNFINISHED
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return place / load_config(self.base).name

    def keep(self, made: Path) -> str:
        """Put a finished model on the shelf and return its version; raise ModelError when it is not whole."""
        version = load_config(made).version
        place = self._place(version)
        if version != self.base_version and not _is_whole(place):
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
        shutil.rmtree(self.folder / UNFINISHED, ignore_errors=True)
        return version

    def folder_of(self, version: str) -> Path:
        """The folder of a version; raise ModelError when the shelf does not hold it whole."""
        folder = self.base if version == self.base_version else self._place(version)
        held = load_config(folder).version
        if held != version:
            raise ModelError(f"{folder} holds the model {held}, not {version}")
        return folder

    def promote(self, version: str) -> None:
        """Put a version into use, also after a restart; whoever reads meanwhile sees the old one or the new one."""
        self.folder_of(version)
        if version == self.base_version:
            (self.folder / CURRENT).unlink(missing_ok=True)
            return
        unfinished = self.folder / f"{CURRENT}.new"
        _write(unfinished, "w", json.dumps({"version": version}) + "\n")
        unfinished.replace(self.folder / CURRENT)

    def note(self, training: Training) -> None:
        """Add to the history."""
        path = self.folder / HISTORY
        cut_off = path.exists() and not path.read_bytes().endswith(b"\n")
        _write(path, "a", "\n" * cut_off + json.dumps(asdict(training)) + "\n")

    def _place(self, version: str) -> Path:
        if not VERSION.fullmatch(version):
            raise ModelError(f"version {version!r} cannot be the name of a folder: make the model under another name")
        return self.folder / version


def _is_whole(folder: Path) -> bool:
    try:
        load_config(folder)
    except ModelError:
        return False
    return True


def _write(path: Path, mode: str, content: str) -> None:
    with path.open(mode, encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _training(line: str) -> Training | None:
    try:
        row = json.loads(line)
        return Training(**{f.name: row[f.name] for f in fields(Training)})
    except (ValueError, KeyError, TypeError):
        return None
