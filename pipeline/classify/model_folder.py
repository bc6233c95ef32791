"""A model folder: `config.json` names the labels and windows, and carries the hash of every file that decides an answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.classify.windows import Context
from pipeline.errors import ModelError
from pipeline.report import sha256

WEIGHTS = "model.onnx"
TOKENIZER = "tokenizer.json"
CALIBRATION = "calibration.json"
CONFIG = "config.json"
DEFAULT = "minilm"
HASHED = (WEIGHTS, TOKENIZER, CALIBRATION)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns logits to probabilities and probabilities to decisions, per category.

    The probability is sigmoid(slope * logit + intercept). A category is found from `threshold` on, and is sure from `sure` on.
    `finding_threshold` bounds the probability that a passage is a finding at all.
    """

    slope: tuple[float, ...]
    intercept: tuple[float, ...]
    threshold: tuple[float, ...]
    sure: tuple[float, ...]
    assertion_temperature: float
    finding_threshold: float


def neutral(categories: int) -> Calibration:
    """A calibration that changes nothing."""
    same = (1.0,) * categories
    return Calibration(same, (0.0,) * categories, (0.5,) * categories, (0.9,) * categories, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What `config.json` says; `version` changes with any file that decides an answer."""

    name: str
    version: str
    categories: tuple[str, ...]
    assertions: tuple[str, ...]
    size: int
    overlap: int
    context: Context
    marks: tuple[str, ...]
    architecture: dict[str, Any]
    sha256: dict[str, str]


def default_folder() -> Path:
    """The folder of the shipped default model: beside the package in an installed wheel, or in `models/` of a checkout."""
    folder = _shipped(DEFAULT)
    if folder is None:
        raise ModelError("no model beside the package: reinstall failings, or name a model folder with --model")
    return folder


def named_folder(given: Path | None, *, beside: Path = Path()) -> Path:
    """The model folder that a user names, by a path from `beside` or as a shipped model; None is the default model.

    Raise ModelError when there is none. The large model is in a checkout's `models/`, not in the wheel.
    """
    if given is None:
        return default_folder()
    if (beside / given / CONFIG).is_file():
        return beside / given
    shipped = _shipped(str(given))
    if shipped is None:
        raise ModelError(
            f"no model {str(given)!r}: name {DEFAULT}, fast, large (of a checkout; the wheel has it not), or a model folder"
        )
    return shipped


def _shipped(name: str) -> Path | None:
    package = Path(__file__).resolve().parents[1]
    folders = (package / "models" / name, package.parent / "models" / name)
    return next((folder for folder in folders if (folder / CONFIG).is_file()), None)


def load_config(folder: Path) -> ModelConfig:
    """Read `config.json` and check the hash of every file that it lists; raise ModelError that names what is wrong."""
    path = folder / CONFIG
    try:
        row: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        config = ModelConfig(
            name=row["name"],
            version=row["version"],
            categories=tuple(row["categories"]),
            assertions=tuple(row["assertions"]),
            size=row["size"],
            overlap=row["overlap"],
            context=row["context"],
            marks=tuple(row["marks"]),
            architecture=row.get("architecture", {}),
            sha256=row["sha256"],
        )
        wrong = [name for name in HASHED if sha256((folder / name).read_bytes()) != config.sha256[name]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} is not a whole model folder: {type(error).__name__}: {error}") from error
    said = {key: value for key, value in row.items() if key not in ("version", "sha256")}
    if not wrong and config.version != _version(said, config.sha256):
        wrong = [CONFIG]
    if wrong:
        raise ModelError(
            f"{folder}: {', '.join(wrong)} is damaged (its hash is not the one in config.json); install it again"
        )
    return config


def load_calibration(folder: Path) -> Calibration:
    """Read `calibration.json` of a model folder."""
    row: dict[str, Any] = json.loads((folder / CALIBRATION).read_text(encoding="utf-8"))
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Calibration(**values)


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Write `config.json` with the hashes of the files beside it and the version that follows from them."""
    hashes = {name: sha256((folder / name).read_bytes()) for name in HASHED}
    row = {"version": _version(config, hashes), **config, "sha256": hashes}
    (folder / CONFIG).write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def _version(config: dict[str, Any], hashes: dict[str, str]) -> str:
    return f"{config['name']}-{sha256(json.dumps([config, hashes], sort_keys=True).encode())[:8]}"


def rehash(folder: Path) -> None:
    """Write `config.json` anew after a file beside it changed."""
    row: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    write_config(folder, {key: value for key, value in row.items() if key not in ("version", "sha256")})
