import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.segment import Segmenter, load_segmenter
from pipeline.report import Actor

SENTENCES = Path(__file__).parent / "data" / "resolution_sentences.jsonl"
ENOUGH = 0.9


@pytest.fixture(scope="module")
def tagger() -> AgencyTagger:
    return load_tagger()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter()


def actor_of(tagger: AgencyTagger, segmenter: Segmenter, marked: str) -> Actor | None:
    """The actor in the words between [[ and ]], or else the one that their passage takes over."""
    start, end = marked.index("[["), marked.index("]]") - 2
    text = marked.replace("[[", "").replace("]]", "")
    passage = next(p for p in segmenter.passages(text) if p.start <= start < p.end)
    [named] = tagger.actors(text, [Statement(passage.start, passage.end)])
    taken_over = [actor for actor in named.chosen if actor.end <= passage.start]
    inside = [[a for a in who if start < a.end and a.start < end] for who in (named.chosen, named.mentioned)]
    return next(iter((*inside[0], *taken_over, *inside[1])), None)


def test_most_made_up_mentions_get_the_agency_that_they_stand_for(tagger: AgencyTagger, segmenter: Segmenter) -> None:
    rows = [json.loads(line) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]
    wrong = []
    for row in rows:
        actor = actor_of(tagger, segmenter, row["text"])
        found = actor.agency if actor else None
        if found != row["agency"]:
            wrong.append(f"{found!r}, not {row['agency']!r}: {row['text']}")
    print(*wrong, sep="\n")
    assert len(rows) == 50
    assert len(wrong) <= (1 - ENOUGH) * len(rows), wrong


LIST = "Southmoor Mental Health Trust did not:\n(a) record the risk that his sister described;\n(b) tell the GP.\n"


def test_an_item_takes_over_the_actor_of_its_lead_in_where_its_words_are(tagger: AgencyTagger) -> None:
    start = LIST.index("(b)")
    [named] = tagger.actors(LIST, [Statement(start, len(LIST) - 1)])
    actor = named.chosen[0]
    assert (actor.start, actor.text, actor.role, actor.resolved) == (
        0,
        "Southmoor Mental Health Trust",
        "responsible",
        True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "The Trust gave evidence about these matters:\n(a) Nobody recorded the risk.",
        "The Trust did not attend.\n(a) record the risk.",
        "The Trust did not:\nA page of other things.\n(a) record the risk.",
    ],
)
def test_an_item_takes_over_nothing_where_its_lead_in_does_not_ask_for_it(tagger: AgencyTagger, text: str) -> None:
    [named] = tagger.actors(text, [Statement(text.index("(a)"), len(text))])
    assert named.chosen == ()


def test_what_a_pronoun_stands_for_comes_before_the_actors_of_the_sentence(tagger: AgencyTagger) -> None:
    text = "Brackenridge NHS Foundation Trust wrote a report. It did not interview the ward staff."
    [named] = tagger.actors(text, [Statement(text.index("It"), len(text))])
    assert [(a.text, a.resolved) for a in named.chosen] == [
        ("Brackenridge NHS Foundation Trust", True),
        ("ward staff", False),
    ]


def test_words_that_name_a_body_themselves_are_not_resolved(tagger: AgencyTagger) -> None:
    text = "Thornbeck Community Health Trust (TCHT) sent nurses. TCHT took no action. The Trust did not reply."
    passages = [Statement(text.index("TCHT took"), text.index(" The")), Statement(text.index("The"), len(text))]
    found = [who.chosen[0] for who in tagger.actors(text, passages)]
    assert [(a.text, a.agency, a.resolved) for a in found] == [
        ("TCHT", "Thornbeck Community Health Trust", False),
        ("Trust", "Thornbeck Community Health Trust", True),
    ]


def test_an_abbreviation_counts_in_the_report_that_defines_it_only(tagger: AgencyTagger) -> None:
    defining, other = "Thornbeck Trust (QXT) met. QXT failed to act.", "Nobody met. QXT failed to act."
    agencies = []
    for text in (defining, other):
        [found] = tagger.candidates(text, [Statement(text.index("QXT failed"), len(text))])
        agencies.append([candidate.actor.agency for candidate in found])
    assert agencies == [["Thornbeck Trust"], [None]]


WORDS = [
    "the Trust",
    "(a)",
    "\n",
    ":",
    "They did",
    "did not",
    "Ash NHS Trust",
    '(hereafter "the Trust")',
    "(ANT)",
    "😀",
    ". ",
    "It failed",
]


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=30), cut=st.integers(0, 80))
def test_every_actor_is_exactly_its_words_wherever_it_stands(tagger: AgencyTagger, words: list[str], cut: int) -> None:
    text = " ".join(words)
    cut = min(cut, len(text))
    for named in tagger.actors(text, [Statement(0, cut), Statement(cut, len(text))]):
        for actor in (*named.chosen, *named.mentioned):
            assert text[actor.start : actor.end] == actor.text
            assert actor.text


@pytest.mark.parametrize(
    "part", ["(", "hereafter the ", "(the ", ": ", "They did ", "(a) ", "Trust ", "AB (", "\n(a)\n"]
)
def test_hostile_text_takes_no_longer_than_its_length(tagger: AgencyTagger, part: str) -> None:
    def seconds(text: str) -> float:
        begin = time.process_time()
        tagger.actors(text, [Statement(len(text) // 2, len(text))])
        return time.process_time() - begin

    assert seconds(part * 4000) < 20 * seconds(part * 1000) + 0.5
