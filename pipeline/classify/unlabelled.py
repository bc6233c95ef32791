"""Passages of a user's unlabelled reports, as background: what reports are made of besides the category at hand."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.classify.sentences import LabelledText
from pipeline.errors import InputError
from pipeline.extract.sections import classified
from pipeline.extract.segment import load_segmenter
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import Source, discover, read

MOST = 2000


def unlabelled_reports(paths: Sequence[Path], *, seed: int) -> list[LabelledText]:
    """Reports drawn from `paths` until there are MOST passages, all of them taken to be of no category.

    A report that cannot be read is left out: `failings run` is there to say why.
    """
    sources = [found for found in discover([str(p) for p in paths], limits=Limits()) if isinstance(found, Source)]
    random.Random(seed).shuffle(sources)  # noqa: S311
    drawn: list[LabelledText] = []
    for report in _readable(sources):
        if sum(len(text.passages) for text in drawn) >= MOST:
            break
        drawn.append(report)
    return drawn


def _readable(sources: Sequence[Source]) -> Iterator[LabelledText]:
    segmenter = load_segmenter()
    for source in sources:
        try:
            report = read(source, limits=Limits())
        except InputError:
            continue
        passages = classified(segmenter.passages(report.text))
        yield LabelledText(source.name, report.text, passages, (frozenset(),) * len(passages), source.name)
