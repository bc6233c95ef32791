from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelError, UsageError
from pipeline.extract.actor_features import Statement
from pipeline.extract.agencies import AgencyTagger, load_tagger
from pipeline.extract.attribution import CLASSES_PATH, WEIGHTS_PATH, load_classes, load_selector
from pipeline.extract.lexicon import load_lexicon
from pipeline.report import Assertion


@pytest.fixture(scope="module")
def tagger() -> AgencyTagger:
    return load_tagger()


def actors(tagger: AgencyTagger, sentence: str) -> list[tuple[int, str]]:
    [found] = tagger.actors(sentence, [Statement(0, len(sentence))])
    return [(actor.start, actor.text) for actor in found.chosen]


def named(tagger: AgencyTagger, sentence: str) -> list[tuple[str, str | None, str]]:
    [found] = tagger.candidates(sentence, [Statement(0, len(sentence))])
    return [(c.actor.text, c.actor.agency, c.actor.agency_type) for c in found]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The Trust failed to act on the warning.", [(4, "Trust")]),
        ("🚑🚑 Paramedics did not check his blood sugar.", [(3, "Paramedics")]),
        ("It was the Trust's policy that was not followed by nursing staff.", [(11, "Trust"), (51, "nursing staff")]),
        ("It was the Trust’s policy that was not followed.", [(11, "Trust")]),
        ("LAS did not send a crew in time.", [(0, "LAS")]),
        ("Officers from West Midlands Police failed to search the cell.", [(0, "Officers from West Midlands Police")]),
        ("The Hill Street Crisis\nTeam did not call him back.", [(4, "Hill Street Crisis\nTeam")]),
        ("His care co-ordinator did not update the plan.", [(4, "care co-ordinator")]),
        ("There was a failure by the Willow Tree Care Home to keep records.", [(27, "Willow Tree Care Home")]),
        ("The risk was plain and nothing was done.", []),
    ],
)
def test_actors_are_the_exact_words_without_the_article(
    tagger: AgencyTagger, sentence: str, expected: list[tuple[int, str]]
) -> None:
    assert actors(tagger, sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The nurse did not pass the message on to the GP.", [(4, "nurse")]),
        ("A failure of the control room to pass on the message to the crew.", [(17, "control room")]),
        ("Greenmoor NHS Foundation Trust did not share the plan with the GP.", [(0, "Greenmoor NHS Foundation Trust")]),
    ],
)
def test_the_body_left_uninformed_is_no_actor(
    tagger: AgencyTagger, sentence: str, expected: list[tuple[int, str]]
) -> None:
    assert actors(tagger, sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr Abel Tasker was told by Nurse Quill that no bed was free.",
        "Dr Hollis did not examine her.",
        "PC Jones did not write it down.",
        "Doctor Marlow failed to attend.",
        "Miss Ada Marlow failed to attend.",
    ],
)
def test_private_persons_are_never_named(tagger: AgencyTagger, sentence: str) -> None:
    assert named(tagger, sentence) == []


def test_a_role_beside_a_private_person_is_an_actor(tagger: AgencyTagger) -> None:
    assert actors(tagger, "Dr Hollis was away and the consultant failed to review the scan.") == [(27, "consultant")]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The Met Police came.", [("Met Police", "Metropolitan Police Service", "police")]),
        ("Surrey police came.", [("Surrey police", "Surrey Police", "police")]),
        ("The CQC inspected it.", [("CQC", "Care Quality Commission", "government_regulator")]),
        ("The IPCC looked at it.", [("IPCC", "Independent Office for Police Conduct", "government_regulator")]),
        ("Staff at HMP Larkfield came.", [("Staff at HMP Larkfield", "HMP Larkfield", "prison_probation")]),
        ("Eastmere County Council paid.", [("Eastmere County Council", "Eastmere County Council", "social_services")]),
        (
            "University Hospitals of Eastmere NHS Foundation Trust paid.",
            [("University Hospitals of Eastmere NHS Foundation Trust",) * 2 + ("acute_trust",)],
        ),
        (
            "Eastmere and Vale Partnership NHS Trust paid.",
            [("Eastmere and Vale Partnership NHS Trust",) * 2 + ("mental_health_trust",)],
        ),
        ("The Amber Ward was full.", [("Amber Ward", None, "acute_trust")]),
        ("An AMHP came.", [("AMHP", None, "mental_health_trust")]),
        ("The surgery was shut.", [("surgery", None, "primary_care")]),
        ("The call handler hung up.", [("call handler", None, "control_room")]),
        ("The police national computer held his care plan.", []),
        ("It was nice, at last, at home.", []),
    ],
)
def test_mentions_carry_the_canonical_agency_and_its_type(
    tagger: AgencyTagger, sentence: str, expected: list[tuple[str, str | None, str]]
) -> None:
    assert named(tagger, sentence) == expected


def test_an_abbreviation_that_the_report_defines_stands_for_its_agency(tagger: AgencyTagger) -> None:
    text = "He knew Northvale Mental Health Trust (NAMHT) well. NAMHT failed to train its staff. The NAMHT and the MPFT met."
    found = tagger.candidates(text, [Statement(52, 84)])[0]
    assert found[0].actor.text == "NAMHT"
    assert found[0].actor.agency == "Northvale Mental Health Trust"
    assert found[0].actor.agency_type == "mental_health_trust"


def test_the_trust_is_the_one_that_the_report_calls_so(tagger: AgencyTagger) -> None:
    text = "Greenmoor Partnership NHS Trust (“the Trust”) runs it. The Trust failed to act."
    [named] = tagger.actors(text, [Statement(55, len(text))])
    [actor] = named.chosen
    assert (actor.text, actor.agency) == ("Trust", "Greenmoor Partnership NHS Trust")
    assert actor.agency_type == "mental_health_trust"


def test_somebody_named_twice_is_one_actor(tagger: AgencyTagger) -> None:
    assert [text for _, text in actors(tagger, "The Trust wrote that the Trust had failed to train.")] == ["Trust"]


def test_passages_of_a_report_are_tagged_apart_with_offsets_of_its_text(tagger: AgencyTagger) -> None:
    text = "Paramedics did not stop. 😀 Officers failed to look. All was well."
    statements = [Statement(0, 24), Statement(25, 52), Statement(53, len(text))]
    found = tagger.actors(text, statements)
    assert [[(a.start, a.text) for a in who.chosen] for who in found] == [[(0, "Paramedics")], [(27, "Officers")], []]
    assert tagger.actors(text, statements) == found


@pytest.mark.parametrize(
    ("text", "spans"), [("", []), ("   ", [(0, 3)]), ("\ud800 a \udfff", [(0, 5)]), ("x", [(0, 0)])]
)
def test_text_without_words_has_no_actors(tagger: AgencyTagger, text: str, spans: list[tuple[int, int]]) -> None:
    found = tagger.actors(text, [Statement(*span) for span in spans])
    assert [(who.chosen, who.mentioned) for who in found] == [((), ())] * len(spans)


WORDS = [
    "the Trust",
    "failed",
    "Kent Police",
    "’s",
    "officers",
    "(LAS)",
    "HMP",
    "of",
    "Larkfield",
    "\n",
    "😀",
    "Mr",
    "-",
    "\x00",
]


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=25), start=st.integers(0, 9))
def test_actors_are_quoted_exactly_in_order_and_apart(tagger: AgencyTagger, words: list[str], start: int) -> None:
    text = " ".join(words)
    start = min(start, len(text))
    at = start
    for candidate in tagger.candidates(text, [Statement(start, len(text))])[0]:
        actor = candidate.actor
        assert at <= actor.start < actor.end <= len(text)
        assert text[actor.start : actor.end] == actor.text
        at = actor.end


def test_the_lexicon_holds_every_territorial_force() -> None:
    others = {"British Transport Police", "Ministry of Defence Police", "Civil Nuclear Constabulary"}
    forces = {agency.name for agency in load_lexicon().agencies if agency.type == "police"} - others
    assert len(forces) == 43 + len({"Police Scotland", "Police Service of Northern Ireland"} & forces)


def test_another_lexicon_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'version = 1\n[types]\nother = "Other"\n[[agencies]]\nname = "Quay Board"\ntype = "other"\naliases = ["QB"]\n'
        'source = "https://example.org/quay"\n'
    )
    assert named(load_tagger(toml_path=path), "QB closed and the police came.") == [("QB", "Quay Board", "other")]


def test_all_faults_of_a_lexicon_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'version = 2\nextra = 1\n[types]\nother = "Other"\n[roles]\nothr = ["nurse"]\nother = "nurse"\n'
        '[[patterns]]\ntype = "other"\nshapes = ["Ltd"]\n'
        '[[agencies]]\nname = "Quay Board"\ntype = "other"\nalias = ["QB"]\n'
        '[[agencies]]\nname = "Quay Bureau"\ntype = "other"\naliases = ["Quay Board"]\n'
    )
    with pytest.raises(UsageError) as error:
        load_lexicon(path)
    for fault in ("version", "'extra'", "'othr'", "roles.other", "'Ltd'", "'alias'", "already stands for 'Quay Board'"):
        assert fault in str(error.value)


def test_a_lexicon_that_is_missing_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml"):
        load_tagger(toml_path=tmp_path / "none.toml")


@pytest.mark.parametrize("content", ["{", "[]", '{"bias": 0}', '{"bias": 0, "threshold": 1, "weights": {"a": "x"}}'])
def test_weights_that_cannot_be_used_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "weights.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"weights\.json"):
        load_selector(path)


def test_the_shipped_weights_hold_no_names_of_people() -> None:
    words = {name.rpartition("=")[2] for name in load_selector().weights} | set(load_classes())
    assert not words & {"james", "john", "sarah", "emma", "david", "paul", "mary", "lauren", "smith", "jones"}


def roles(tagger: AgencyTagger, sentence: str, assertion: Assertion) -> list[tuple[str, str]]:
    [found] = tagger.actors(sentence, [Statement(0, len(sentence), assertion)])
    return [(actor.text, actor.role) for actor in (*found.chosen, *found.mentioned)]


@pytest.mark.parametrize(
    ("sentence", "assertion", "expected"),
    [
        (
            "The nurse did not pass the message on to the GP.",
            "failing",
            [("nurse", "responsible"), ("GP", "mentioned")],
        ),
        (
            "Greenmoor NHS Foundation Trust should agree a joint protocol with the force.",
            "recommendation",
            [("Greenmoor NHS Foundation Trust", "addressee"), ("force", "mentioned")],
        ),
        (
            "The ward failed to share the plan and the Trust should review its policy.",
            "failing",
            [("ward", "responsible"), ("Trust", "addressee")],
        ),
        (
            "The nurse failed to call and Kent Police should have searched the house.",
            "failing",
            [("nurse", "responsible"), ("Kent Police", "responsible")],
        ),
    ],
)
def test_who_failed_is_told_from_who_should_act_and_who_is_only_mentioned(
    tagger: AgencyTagger, sentence: str, assertion: Assertion, expected: list[tuple[str, str]]
) -> None:
    assert roles(tagger, sentence, assertion) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Quayside Care Board (QCB) wrote.", "Quayside Care Board"),
        ("Staff at the emergency department of Westmere Hospital came.", None),
        ("The Health Board came.", "Health Board"),
        ("Dr Yarrow of Oakfield Medical Practice came.", "Oakfield Medical Practice"),
    ],
)
def test_one_body_is_one_mention(tagger: AgencyTagger, sentence: str, expected: str | None) -> None:
    expected = expected or "Staff at the emergency department of Westmere Hospital"
    assert [text for text, _, _ in named(tagger, sentence)] == [expected]


def test_a_kind_of_body_is_no_name_of_one(tagger: AgencyTagger) -> None:
    assert named(tagger, "The Health Board came.") == [("Health Board", None, "acute_trust")]


@pytest.mark.parametrize("content", ["{", "[]", '{"the": "x"}'])
def test_word_classes_that_cannot_be_used_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "classes.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"classes\.json"):
        load_classes(path)


def test_the_shipped_weights_and_classes_are_small() -> None:
    assert WEIGHTS_PATH.stat().st_size < 400_000
    assert CLASSES_PATH.stat().st_size < 100_000
