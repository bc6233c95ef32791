"""Find what went wrong in reviews, inquests and inquiry reports: each failure, its kind, who, and the exact words.

`read`, `analyse`, `run` and `open_store` are the Python interface (docs/python.md); what they need is loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.api.analysing import analyse
    from pipeline.api.reading import read
    from pipeline.api.running import run
    from pipeline.api.store import Store, open_store
    from pipeline.errors import FailingsError
    from pipeline.report import Analysed, Finding, Report

__version__ = "0.1.0"
__all__ = ["Analysed", "FailingsError", "Finding", "Report", "Store", "analyse", "open_store", "read", "run"]

_HOMES = {
    "analyse": "pipeline.api.analysing",
    "read": "pipeline.api.reading",
    "run": "pipeline.api.running",
    "Store": "pipeline.api.store",
    "open_store": "pipeline.api.store",
    "FailingsError": "pipeline.errors",
    "Analysed": "pipeline.report",
    "Finding": "pipeline.report",
    "Report": "pipeline.report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
