"""What a reader gets and gives: bytes under limits, and a document's text with its pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.report import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one document; a document over one of them is refused with LimitExceeded."""

    max_bytes: int = 100 * 2**20
    max_pages: int = 5_000
    max_chars: int = 20_000_000
    max_memory: int = 2048  # MiB, on top of what a worker holds with the model loaded
    seconds: float = 300.0
    ocr: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader makes of bytes. `metadata` keys are `pipeline.report.METADATA_FIELDS`."""

    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[Page, ...] = ()
