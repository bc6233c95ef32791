import json
from pathlib import Path

import pytest

from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.concerns import concern_numbers
from pipeline.extract.deadlines import deadline, response_deadline
from pipeline.extract.recommendations import make_recommendations
from pipeline.extract.segment import Segmenter, load_segmenter
from pipeline.report import Assertion, CategoryScore, Fact, Finding, Passage, Recommendation

LABELS = Path(__file__).resolve().parent.parent / "annotations" / "gold" / "recommendations.jsonl"


@pytest.fixture(scope="module")
def tagger() -> AgencyTagger:
    return load_tagger()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter()


def finding(
    tagger: AgencyTagger, text: str, passage: Passage, assertion: Assertion, *, categories: tuple[str, ...] = ()
) -> Finding:
    [who] = tagger.actors(text, [Statement(passage.start, passage.end, assertion)])
    scores = tuple(CategoryScore(c, 0.9) for c in categories)
    quote = text[passage.start : passage.end]
    return Finding(
        passage.start, passage.end, quote, passage.section, assertion, 0.9, scores,
        actors=who.chosen, mentioned=who.mentioned,
    )  # fmt: skip


def made(
    tagger: AgencyTagger,
    segmenter: Segmenter,
    text: str,
    *,
    said: dict[str, tuple[Assertion, tuple[str, ...]]],
    recipients: tuple[Fact, ...] = (),
) -> list[Recommendation]:
    """The recommendations of a text; `said` has the assertion and categories of passages by a piece of their words."""
    passages = segmenter.passages(text)
    findings = [
        finding(tagger, text, p, assertion, categories=categories)
        for p in passages
        for words, (assertion, categories) in said.items()
        if words in text[p.start : p.end]
    ]
    numbers = concern_numbers(text, passages)
    calls = make_recommendations(text, passages, findings, numbers, recipients, tagger=tagger)
    for call in calls:
        call.check(text)
    return list(calls)


def whom(tagger: AgencyTagger, segmenter: Segmenter, text: str, call: str, **kwargs: object) -> list[str]:
    calls = made(tagger, segmenter, text, said={call: ("recommendation", ())}, **kwargs)  # type: ignore[arg-type]
    [one] = [c for c in calls if call in c.quote]
    assert all(actor.role == "addressee" for actor in one.addressees)
    return [actor.text for actor in one.addressees]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The Trust should agree a protocol with Kent Police.", ["Trust"]),
        ("Kent Police must review how it passes warnings to the Trust.", ["Kent Police"]),
        ("The council needs to consider whether officers should carry keys.", ["council"]),
        ("I recommend that NHS England issue guidance to hospitals.", ["NHS England"]),
        ("I ask Kent Police to look at the log.", ["Kent Police"]),
        ("NHS England is invited to consider whether to issue guidance.", ["NHS England"]),
        ("Kent Police and the Trust should agree who keeps the log.", ["Kent Police", "Trust"]),
        ("Consideration should be given by Kent Police to a new log.", ["Kent Police"]),
        ("The Trust's policy should be reviewed.", ["Trust"]),
        ("It is important that paramedics record the time.", ["paramedics"]),
        ("It would be helpful for nurses to write the time down.", ["nurses"]),
        ("Officers should be given training.", []),
        ("Consideration should be given to the training of officers.", []),
        ("The Quiet Roads Association should publish its list.", ["Quiet Roads Association"]),
        ("The log should be kept.", []),
    ],
)
def test_the_words_beside_somebody_tell_whom_a_call_addresses(
    tagger: AgencyTagger, segmenter: Segmenter, sentence: str, expected: list[str]
) -> None:
    assert whom(tagger, segmenter, sentence, sentence[:20]) == expected


@pytest.mark.parametrize(
    ("text", "call", "expected"),
    [
        ("RECOMMENDATIONS\nThe Trust should:\n(a) review the log;\n(b) train its staff.", "review the log", ["Trust"]),
        ("RECOMMENDATIONS\nThe Trust should:\n(a) review the log;\n(b) train its staff.", "train its staff", ["Trust"]),
        ("RECOMMENDATIONS\n\nRecommendations for Kent Police:\n\n1. The log is to be kept.", "log is to be", ["Kent Police"]),
        ("CONCERNS\n\nKENT POLICE\n\nThe log\n\n1. Logs need to be kept.", "Logs need", ["KENT POLICE"]),
        ("CONCERNS\n1. For NHS England: The log was lost. Logs are to be kept in future.", "Logs are", ["NHS England"]),
        ("CONCERNS\n1. Kent Police lost the log. Logs are to be kept.\n2. It rained.", "Logs are", []),
    ],
)  # fmt: skip
def test_the_words_above_name_the_addressee_else(
    tagger: AgencyTagger, segmenter: Segmenter, text: str, call: str, expected: list[str]
) -> None:
    assert whom(tagger, segmenter, text, call) == expected


def test_a_body_that_failed_under_the_same_concern_is_addressed(tagger: AgencyTagger, segmenter: Segmenter) -> None:
    text = "CONCERNS\n1. Kent Police failed to keep the log.\nLogs are to be kept.\n2. Logs are to be read."
    said: dict[str, tuple[Assertion, tuple[str, ...]]] = {
        "Kent": ("failing", ()), "be kept": ("recommendation", ()), "be read": ("recommendation", ()),
    }  # fmt: skip
    kept, read = made(tagger, segmenter, text, said=said)
    assert [a.agency for a in kept.addressees] == ["Kent Police"]
    assert read.addressees == ()
    [elsewhere, _] = made(tagger, segmenter, text, said=said, recipients=(Fact("addressee", "NHS England"),))
    assert elsewhere.addressees == ()


@pytest.mark.parametrize("sentence", ["Logs are to be kept.", "You may wish to keep logs."])
def test_recipients_are_addressed_when_nobody_is_named(
    tagger: AgencyTagger, segmenter: Segmenter, sentence: str
) -> None:
    text = f"This letter goes to NHS England.\n\nCORONER'S CONCERNS\n{sentence}"
    at = text.index("NHS England")
    sent = (Fact("addressee", "NHS England", at, at + 11),)
    assert whom(tagger, segmenter, text, sentence, recipients=sent) == ["NHS England"]
    assert whom(tagger, segmenter, text, sentence, recipients=(Fact("addressee", "NHS England"),)) == []


def test_calls_in_a_section_of_calls_need_no_finding(tagger: AgencyTagger, segmenter: Segmenter) -> None:
    text = (
        "ACTION SHOULD BE TAKEN\nIn my opinion action should be taken to prevent future deaths and I believe you have "
        "the power to take such action.\nThe Trust should look again at its log.\nI thank the family."
    )
    calls = made(tagger, segmenter, text, said={})
    assert [c.quote for c in calls] == ["The Trust should look again at its log."]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("No log was kept and I would ask that this be reviewed.", True),
        ("No log was kept and the Trust should review why.", True),
        ("It was unclear how the log should be reviewed.", False),
        ("The Trust should have reviewed the log.", False),
        ("He did not consider the log.", False),
    ],
)
def test_a_failing_that_holds_a_call_is_a_recommendation_too(
    tagger: AgencyTagger, segmenter: Segmenter, sentence: str, expected: bool
) -> None:
    calls = made(tagger, segmenter, sentence, said={sentence: ("failing", ())})
    assert bool(calls) is expected
    assert all(call.answers == (0,) or not call.answers for call in calls)


def test_a_call_answers_the_failings_of_its_concern(tagger: AgencyTagger, segmenter: Segmenter) -> None:
    text = "CONCERNS\n1. No log was kept.\nNobody looked.\nLogs are to be kept.\n2. No bed was free.\nBeds are needed."
    calls = made(
        tagger,
        segmenter,
        text,
        said={
            "No log": ("failing", ("record_keeping",)),
            "Nobody": ("failing", ("monitoring",)),
            "Logs": ("recommendation", ("record_keeping",)),
            "No bed": ("failing", ("bed_shortage",)),
            "Beds": ("recommendation", ("bed_shortage",)),
        },
    )
    starts = [[text[at : at + 6] for at in call.answers] for call in calls]
    assert starts == [["1. No ", "Nobody"], ["2. No "]]
    assert [call.concern for call in calls] == ["1", "2"]


def test_without_a_number_a_call_answers_the_nearest_failing_before_it_on_its_category(
    tagger: AgencyTagger, segmenter: Segmenter
) -> None:
    text = "No log was kept.\nNobody looked.\nLogs are to be kept.\nBeds are needed.\nNo book was kept."
    calls = made(
        tagger,
        segmenter,
        text,
        said={
            "No log": ("failing", ("record_keeping",)),
            "Nobody": ("failing", ("monitoring",)),
            "Logs": ("recommendation", ("training", "record_keeping")),
            "Beds": ("recommendation", ("bed_shortage",)),
            "No book": ("failing", ("record_keeping",)),
        },
    )
    assert [call.answers for call in calls] == [(0,), ()]


@pytest.mark.parametrize(
    ("sentence", "value", "words"),
    [
        ("The Trust should report by 3 March 2024.", "2024-03-03", "3 March 2024"),
        ("The Trust should report no later than 3rd of March, 2024.", "2024-03-03", "3rd of March, 2024"),
        ("The Trust should report by 03/04/2024.", "2024-04-03", "03/04/2024"),
        ("The Trust should review it within six months.", "6 months", "within six months"),
        ("The Trust should review it within 56 days of the date of this report.", "56 days", "within 56 days"),
        ("The Trust should urgently review it.", "urgently", "urgently"),
        ("It should be reviewed immediately.", "immediately", "immediately"),
        ("It should be mended with immediate effect.", "immediately", "with immediate effect"),
        ("Patients should be seen within 7 days of discharge.", None, None),
        ("Staff should immediately call for help.", None, None),
        ("The Trust should report by 31 February 2024.", None, None),
        ("The fall of 3 March 2024 should be looked into.", None, None),
    ],
)
def test_deadlines(sentence: str, value: str | None, words: str | None) -> None:
    found = deadline(sentence, 0, len(sentence))
    assert (found and found.value) == value
    assert (found and sentence[found.start : found.end]) == words


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("You must respond within 56 days of the date of this report, namely by 2 May 2024.", "2024-05-02", "2 May 2024"),
        ("You must respond within 56 days\nof the date of this report, namely by [REDACTED].", "56 days", "within 56 days"),
        ("He was seen within 56 days, by 2 May 2024.", None, None),
    ],
)  # fmt: skip
def test_the_deadline_of_the_answer_to_the_report(text: str, value: str | None, words: str | None) -> None:
    found = response_deadline(text)
    assert (found and (found.field, found.value)) == (value and ("response_deadline", value))
    assert (found and text[found.start : found.end]) == words


def test_the_labels_of_addressees_hold_offsets_and_no_words() -> None:
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    labels = [label for row in rows for label in row["recommendations"]]
    assert len(labels) == 60
    assert {frozenset(row) for row in rows} == {frozenset({"id", "sha256", "recommendations"})}
    assert {frozenset(label) for label in labels} == {frozenset({"start", "end", "addressees", "recipients"})}
    assert all(type(x) is int for label in labels for span in label["addressees"] for x in span)
    assert all(label["addressees"] or label["recipients"] for label in labels)
