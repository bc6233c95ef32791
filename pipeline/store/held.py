"""Hold reports back for a moment where they come fast, so that many go into the store in one transaction."""

import time
from collections.abc import Callable

from pipeline.report import Analysed
from pipeline.store.put import Outcome
from pipeline.store.writer import Writer, check

MOST = 64
SECONDS = 0.5


class Held:
    """Passes reports on to a writer in their order, at once where they come slowly; `stored` is told what became of each."""

    def __init__(self, writer: Writer, stored: Callable[[Analysed, Outcome], None]) -> None:
        self._writer = writer
        self._stored = stored
        self._held: list[Analysed] = []
        self._flushed = float("-inf")

    def add(self, analysed: Analysed) -> None:
        """Take a report; raise OffsetError or InputError for one that cannot be stored, and go on without it."""
        check(analysed)
        self._held.append(analysed)
        if len(self._held) >= MOST or time.monotonic() - self._flushed >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Store all that is held."""
        batch, self._held = self._held, []
        for analysed, outcome in zip(batch, self._writer.add_all(batch), strict=True):
            self._stored(analysed, outcome)
        self._flushed = time.monotonic()
