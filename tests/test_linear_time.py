"""Twice the text takes about twice the time, whatever it is made of: no pattern and no loop explodes.

The model is left out (its time is linear and most of the whole); every passage counts as a finding instead, the worst case for what
comes after it. Time is that of the processor, so that a busy machine does not count.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipeline.analyser import Analyser, load_analyser
from pipeline.classify.model_folder import default_folder, load_config
from pipeline.classify.scores import Scores
from pipeline.ingest.document import Limits
from pipeline.ingest.html import read_html
from pipeline.ingest.text import read_markdown
from pipeline.redact import redaction
from pipeline.report import ASSERTIONS, Passage, Report, sha256

PIECES = {
    "one letter": "a", "words": "a ", "capitals": "A ", "lines of capitals": "A A A\n", "spaces": " ", "lines": "\n", "returns": "\r\n",
    "tabs": "\t", "blank lines": " \n", "brackets": "[((", "digits": "1", "numbers": "1.", "dots": ".", "sentences": "xx. ",
    "names": "Aaa Bbb ",
    "apostrophes": "A’", "open quotes": '"', "quotes": 'said "a ', "bodies": "The Trust and ", "dashes": "a-", "addresses": "http://a.b/",
    "dates": "1 January 2020 ", "titles": "Dr A ", "denials": "did not ", "claims": "he said that ", "inquests": "inquest ",
    "deaths": "died a ",
    "separators": "\u2028", "marks": "e\u0301", "ambulances": "🚑", "commas": ", and ", "areas": "Coroner for A ",
}  # fmt: skip
NAMELIKE = (
    "one letter",
    "capitals",
    "brackets",
    "names",
    "apostrophes",
    "open quotes",
    "bodies",
    "dashes",
    "titles",
    "areas",
)
SMALL, SLACK, NOTHING = 12_000, 3.5, 0.4  # characters; times as long for twice the text; seconds that say nothing


class EverythingIsFound:
    """In the place of a classifier: each passage is a finding of every category, its assertions in turn."""

    def __init__(self, analyser: Analyser) -> None:
        self.config, self.calibration = analyser.classifier.config, analyser.classifier.calibration

    def scores(self, _text: str, passages: Sequence[Passage]) -> Scores:
        said = np.zeros((len(passages), 1 + len(ASSERTIONS)), np.float32)
        said[np.arange(len(passages)), 1 + np.arange(len(passages)) % len(ASSERTIONS)] = 0.9
        return Scores(np.full((len(passages), len(self.config.categories)), 0.95, np.float32), said)


@pytest.fixture(scope="module")
def analyse() -> Callable[[str], object]:
    loaded = load_analyser(default_folder(), load_config(default_folder()).categories)
    analyser = replace(loaded, classifier=EverythingIsFound(loaded))  # type: ignore[arg-type]
    return lambda text: analyser.analyse(Report(text, "a.txt", sha256(text.encode())))


def seconds(call: Callable[[str], object], piece: str, size: int) -> float:
    text = (piece * (size // len(piece) + 1))[:size] + "."
    begun = time.process_time()
    call(text)
    return time.process_time() - begun


def check(call: Callable[[str], object], piece: str, size: int) -> None:
    """Compare twice and four times a text; what is too quick to measure is well."""
    seconds(call, piece, 1000)
    once, twice = seconds(call, piece, size), seconds(call, piece, 2 * size)
    if twice > max(SLACK * once, NOTHING):
        once, twice = min(once, seconds(call, piece, size)), min(twice, seconds(call, piece, 2 * size))
    assert twice <= max(SLACK * once, NOTHING), f"{size} characters took {once:.2f} s, twice as many {twice:.2f} s"


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES.keys())
def test_analysis(analyse: Callable[[str], object], piece: str) -> None:
    check(analyse, piece, SMALL)


@pytest.mark.parametrize("piece", [PIECES[name] for name in NAMELIKE], ids=NAMELIKE)
def test_redaction(piece: str) -> None:
    check(lambda text: redaction(text, ()), piece, SMALL // 3)


@pytest.mark.parametrize("piece", [*PIECES.values(), "<b>", "<!--", "<p>", "&amp;", "# a", "#\t"])
def test_reading_text_and_pages(piece: str) -> None:
    limits = Limits()
    check(lambda text: read_markdown(f"x{text}".encode(), limits), piece, 20 * SMALL)
    if piece != "<b>":  # too deep, and refused
        check(lambda text: read_html(f"<p>x</p>{text}".encode(), limits), piece, SMALL)
