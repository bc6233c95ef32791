from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.web_link import web_links

URL = "https://example.org/report"
PAGE = """The ward was full.
1. The crew was not told of the risk, and nobody asked.
(a) The crew was not told - of the risk & the plan. The ward was full.
The Trust had no lead for this work at any time in the year before his death, and the Board knew of it.
It was
closed."""


def link(words: str, *, after: int = 0, text: str = PAGE, url: str = URL) -> str | None:
    start = text.index(words, after)
    return web_links(url, text, [(start, start + len(words))])[0]


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        ("The crew was not told of the risk, and nobody", "The%20crew%20was%20not%20told%20of%20the%20risk%2C%20and%20nobody"),
        ("1. The crew was not told of", "The%20crew%20was%20not%20told%20of"),
        ("not told - of the risk & the plan.", "not%20told%20%2D%20of%20the%20risk%20%26%20the%20plan."),
        (
            "The Trust had no lead for this work at any time in the year before his death, and the Board knew of it.",
            "The%20Trust%20had%20no,Board%20knew%20of%20it.",
        ),
        ("It was\nclosed.", "It%20was,closed."),
    ],
)  # fmt: skip
def test_a_fragment_is_the_words_encoded(words: str, fragment: str) -> None:
    assert link(words) == f"{URL}#:~:text={fragment}"


def test_words_that_come_twice_get_those_beside_them() -> None:
    assert link("The ward was full.", after=30) == f"{URL}#:~:text=plan.-,The%20ward%20was%20full."
    assert link("The crew was not told") == f"{URL}#:~:text=1.-,The%20crew%20was%20not%20told"


def test_an_address_that_has_a_fragment_keeps_it_and_what_is_no_web_address_gives_none() -> None:
    assert link("closed.", url=f"{URL}#concerns") == f"{URL}#concerns:~:text=closed."
    assert link("closed.", url="reports/one.html") is None


@given(
    st.lists(st.sampled_from(["the", "ward", "was", "full,", "-", "&", "\n", "1.", "Trust"]), min_size=1, max_size=60),
    st.data(),
)
def test_what_a_fragment_names_first_stands_in_the_span(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    [found] = web_links(URL, text, [(start, end)])
    if found is None:
        return
    parts = found.partition(":~:text=")[2].split(",")
    inside = [unquote(part) for part in parts if not part.endswith("-") and not part.startswith("-")]
    folded = " ".join(text[start:end].split())
    assert 1 <= len(inside) <= 2
    assert inside[0] in folded
    assert inside[-1] in folded
