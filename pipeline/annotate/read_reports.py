"""Reports that annotators have read: which are learnt from, which are held back, and how many are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.annotate.model_shelf import Training
from pipeline.classify.gold import GoldReport
from pipeline.report import sha256

ENOUGH_RANDOM = 10
HELD_BACK_PERCENT = 30
RANDOM = "random"


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A report that annotators have read: its labels, why it was pushed (`records.Reading`), and when it was last read, ISO 8601."""

    gold: GoldReport
    chosen: str | None
    when: str


def held_back(reports: Sequence[ReadReport]) -> tuple[list[ReadReport], list[ReadReport]]:
    """Divide reports into those to train on and those to judge by; a text is only ever on one side.

    Reports that were chosen at random are judged by, always. While they are few, so is a share of the others, by their
    text: more reports move none from training to judging.
    """
    judged = {r.gold.text for r in reports if r.chosen == RANDOM}
    if sum(r.chosen == RANDOM for r in reports) < ENOUGH_RANDOM:
        judged |= {r.gold.text for r in reports if _share(r.gold.text) < HELD_BACK_PERCENT}
    return [r for r in reports if r.gold.text not in judged], [r for r in reports if r.gold.text in judged]


def _share(text: str) -> int:
    return int(sha256(text.encode("utf-8", "surrogatepass"))[:8], 16) % 100


def read_since(reports: Sequence[ReadReport], last: Training | None) -> int:
    """How many reports were read, or read again, since those that the last training saw."""
    if last is None or last.read_until is None:
        return len(reports)
    until = instant(last.read_until)
    return sum(instant(r.when) > until for r in reports)


def instant(when: str) -> datetime:
    """A time in ISO 8601; UTC where it does not say."""
    time = datetime.fromisoformat(when)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
