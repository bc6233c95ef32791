import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotate.adjudicate import adjudicate, project_of_adjudication
from pipeline.annotate.agreed import Said, agreed, said_of
from pipeline.annotate.changes import changes
from pipeline.annotate.gold_rows import Known, gold_rows
from pipeline.annotate.known import lookup_in
from pipeline.annotate.label_studio import LabelStudio
from pipeline.annotate.pull import GOLD, PROBLEMS, STANDOFF, Pulled, comments, pull, write_gold
from pipeline.annotate.readings import Problem, Project, Task, read_project, whole_texts
from pipeline.annotate.records import Marked, MarkedActor, Part, Reading
from pipeline.annotate.regions import Suggested, as_result
from pipeline.classify.evaluate import falls_on
from pipeline.classify.gold import parse_report, read_gold
from pipeline.corpus.standoff import read_standoff, standoff_of
from pipeline.report import Analysed, Fact, Passage, Report, Section, sha256
from pipeline.store.connect import open_engine
from pipeline.store.writer import Versions, Writer
from pipeline.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
USERS = {1: "ann@x.org", 2: "bob@x.org", 3: "cyd@x.org"}
TEXT = "She was 42 🙂.\nMATTERS OF CONCERN\nThe ward did not ring the Trust.\r\nNo bed was found. She died.\nNothing was learnt."
SENTENCES = [
    "She was 42 🙂.",
    "The ward did not ring the Trust.",
    "No bed was found.",
    "She died.",
    "Nothing was learnt.",
]
AGE, RING, BED, DIED, LEARNT = [Passage(TEXT.index(words), TEXT.index(words) + len(words)) for words in SENTENCES]
PASSAGES = (AGE, RING, BED, DIED, LEARNT)
DIGEST = sha256(TEXT.encode())
PART = Part("r1", DIGEST, 0, len(TEXT))
CUT = BED.start
WARD = MarkedActor(RING.start, RING.start + 8, "responsible")
TRUST = MarkedActor(RING.end - 6, RING.end - 1, "addressee")


def mark(place: Passage, *categories: str, said: Any = "failing", actors: tuple[MarkedActor, ...] = ()) -> Marked:
    return Marked(place.start, place.end, said, categories or ("policy",), actors)


def reading(who: str, *marked: Marked, read: bool = True, **more: Any) -> Reading:
    facts = {"part": PART, "when": "2024-01-01T00:00:00Z", "task": 7, "annotation": 70, **more}
    return Reading(annotator=who, marked=tuple(sorted(marked, key=lambda m: m.start)), fully_read=read, **facts)


# What readers of one sentence say together.

POLICY = mark(RING, "policy")
SAID = Said("failing", ("policy",), ())


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ([reading("a", POLICY)], SAID),
        ([reading("a")], None),
        ([], "unread"),
        ([reading("a", mark(BED), read=False)], "unread"),
        ([reading("a", POLICY, read=False)], SAID),
        ([reading("a", POLICY), reading("b", read=False)], SAID),
        ([reading("a", POLICY), reading("b", POLICY)], SAID),
        ([reading("a"), reading("b")], None),
        ([reading("a", POLICY), reading("b")], "disputed"),
        ([reading("a", POLICY), reading("b", mark(RING, "training"))], "disputed"),
        ([reading("a", POLICY), reading("b", mark(RING, "policy", "training"))], "disputed"),
        ([reading("a", POLICY), reading("b", mark(RING, "policy", said="alleged"))], "disputed"),
        ([reading("a", POLICY), reading("b", POLICY), reading("c")], SAID),
        ([reading("a", POLICY), reading("b"), reading("c")], None),
        ([reading("a", POLICY), reading("b", mark(RING, "training")), reading("c", mark(RING, "bed_shortage"))], "disputed"),
        ([reading("a", POLICY), reading("b", mark(RING, "training", "policy")), reading("c", POLICY)], SAID),
        ([reading("a", POLICY), reading("b", POLICY), reading("c", mark(RING, said="alleged"))], SAID),
        ([reading("a", POLICY), reading("b", mark(RING, said="remedied")), reading("c", mark(RING, said="alleged"))], "disputed"),
    ],
)  # fmt: skip
def test_what_more_than_half_of_the_readers_of_a_sentence_say(readings: Sequence[Reading], said: Any) -> None:
    assert agreed(RING, readings) == said
    assert agreed(RING, readings[::-1]) == said


@pytest.mark.parametrize(("marked", "said"), [((POLICY,), SAID), ((), None)])
def test_a_final_reading_decides_alone(marked: tuple[Marked, ...], said: Any) -> None:
    others = [reading("a", mark(RING, "training")), reading("b", mark(RING, "restraint"))]
    assert agreed(RING, [*others, reading("z", *marked, is_final=True)]) == said


def test_of_final_readings_the_newest_decides() -> None:
    old = reading("a", is_final=True)
    new = reading("b", POLICY, is_final=True, when="2024-01-02T00:00:00Z")
    assert agreed(RING, [old, new]) == agreed(RING, [new, old]) == SAID


def test_actors_are_those_that_more_than_half_name() -> None:
    both, one = mark(RING, actors=(WARD, TRUST)), mark(RING, actors=(WARD,))
    assert agreed(RING, [reading("a", both), reading("b", one)]) == Said("failing", ("policy",), (WARD,))


def test_all_marks_on_a_sentence_count_the_one_that_shares_most_with_it_first() -> None:
    begins = Marked(RING.start, RING.start + 8, "alleged", ("training",))
    most = Marked(RING.start + 8, RING.end, "failing", ("policy", "training"), (TRUST,))
    assert said_of(RING, reading("a", begins, most)) == Said("failing", ("policy", "training"), (TRUST,))


def test_a_mark_over_two_sentences_is_on_both_each_with_its_own_actors() -> None:
    over = Marked(RING.start, BED.end, "failing", ("policy",), (WARD,))
    assert said_of(RING, reading("a", over)) == Said("failing", ("policy",), (WARD,))
    assert said_of(BED, reading("a", over)) == Said("failing", ("policy",), ())
    assert said_of(DIED, reading("a", over)) is None


# From readings to gold.


def known(passages: tuple[Passage, ...] = PASSAGES) -> Known:
    return Known(TEXT, passages, "pfd", "https://x.org/1", "2024-01-02")


def row_of(*readings: Reading, passages: tuple[Passage, ...] = PASSAGES) -> dict[str, Any]:
    (row,) = gold_rows(readings, lambda *_: known(passages))
    return row


def test_a_row_holds_sentences_labels_and_who_said_them() -> None:
    row = row_of(reading("a", mark(RING, "policy", "training", actors=(WARD,)), mark(LEARNT, "learning")))
    assert [TEXT[s:e] for s, e in row["sentences"]] == SENTENCES
    assert row["labels"] == [
        {"start": RING.start, "end": RING.end, "assertion": "failing", "categories": ["policy", "training"],
         "actors": [{"start": WARD.start, "end": WARD.end, "text": "The ward", "role": "responsible"}]},
        {"start": LEARNT.start, "end": LEARNT.end, "assertion": "failing", "categories": ["learning"], "actors": []},
    ]  # fmt: skip
    assert (row["id"], row["text_sha256"], row["disputed"], row["strays"]) == ("r1", DIGEST, [], [])
    assert (row["kind"], row["url"], row["date"]) == ("pfd", "https://x.org/1", "2024-01-02")
    (read,) = row["readings"]
    assert (read["annotator"], read["task"], read["annotation"], read["fully_read"]) == ("a", 7, 70, True)
    assert [(m["start"], m["categories"]) for m in read["marked"]] == [
        (RING.start, ("policy", "training")),
        (LEARNT.start, ("learning",)),
    ]


def test_sentences_outside_all_sections_get_one_so_that_stand_off_labels_can_be_made() -> None:
    row = row_of(reading("a", POLICY))
    concern = TEXT.index("\nThe ward")
    assert row["sections"] == [
        {"name": "other", "start": AGE.start, "end": AGE.end},
        {"name": "concerns", "start": concern, "end": len(TEXT)},
    ]
    assert parse_report(row).passages == (
        Passage(AGE.start, AGE.end, "other"),
        *(replace(p, section="concerns") for p in PASSAGES[1:]),
    )


def test_the_row_keeps_its_offsets_as_gold_and_as_stand_off_labels() -> None:
    row = row_of(reading("a", mark(RING, actors=(TRUST,)), mark(LEARNT, "learning")))
    gold = parse_report(json.loads(json.dumps(row)))
    assert [(TEXT[s:e], label.categories) for (s, e), label in gold.labels.items()] == [
        ("The ward did not ring the Trust.", ("policy",)),
        ("Nothing was learnt.", ("learning",)),
    ]
    assert gold.labels[RING.start, RING.end].actors == ((TRUST.start, TRUST.end),)
    standoff = standoff_of(row)
    places = [(section.start + s.start, section.start + s.end) for section, s in standoff.sentences]
    assert [TEXT[start:end] for start, end in places] == SENTENCES
    assert [(places[x.sentence], x.categories) for x in standoff.labels] == [
        ((RING.start, RING.end), ("policy",)),
        ((LEARNT.start, LEARNT.end), ("learning",)),
    ]


def test_a_sentence_across_the_end_of_a_section_is_in_a_section_of_its_own() -> None:
    text = "BACKGROUND\nHe fell\nMATTERS OF CONCERN\nand died. No one came."
    across, after = Passage(11, text.index(".") + 1), Passage(text.index("No one"), len(text))
    part = Part("r1", sha256(text.encode()), 0, len(text))
    (row,) = gold_rows([reading("a", part=part)], lambda *_: Known(text, (across, after)))
    assert len(standoff_of({**row, "url": "", "date": ""}).sentences) == 2
    assert {"name": "other", "start": across.start, "end": across.end} in row["sections"]


@st.composite
def read_reports(draw: st.DrawFn) -> tuple[Known, list[Reading]]:
    """Texts with headings, passages and parts anywhere, also across them, and marks anywhere in the parts."""
    lines = ["MATTERS OF CONCERN", "Background", "e\u0301 🙂 one.", "He fell\r", "\tNobody came.", "x"]
    text = "x\n" + "\n".join(draw(st.lists(st.sampled_from(lines), max_size=12)))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    passages = tuple(Passage(a, b) for a, b in pairwise(cuts) if draw(st.booleans()))
    edges = sorted({0, len(text), *draw(st.sets(st.integers(1, len(text)), max_size=2))})
    digest = sha256(text.encode())
    readings = []
    for (start, end), who in product(pairwise(edges), ("a", "b")):
        places = draw(st.lists(st.tuples(st.integers(start, end), st.integers(start, end)), max_size=4))
        marked = {(a, b): Marked(a, b, "failing", ("policy",)) for a, b in places if a < b}
        read = draw(st.booleans())
        readings.append(reading(who, *marked.values(), read=read, part=Part("r1", digest, start, end)))
    return Known(text, passages), readings


@given(read_reports())
def test_whatever_was_read_the_row_is_gold_and_stand_off_labels_with_the_same_offsets(
    drawn: tuple[Known, list[Reading]],
) -> None:
    report, readings = drawn
    (row,) = gold_rows(readings, lambda *_: report)
    gold = parse_report(row)
    standoff = standoff_of({**row, "url": "", "date": ""})
    places = [(section.start + s.start, section.start + s.end) for section, s in standoff.sentences]
    assert sorted(places) == sorted(row["sentences"]) == sorted((p.start, p.end) for p in gold.passages)
    assert {places[label.sentence] for label in standoff.labels} == set(gold.labels)
    assert set(row["disputed"]).isdisjoint(row["sentences"])
    for mark_ in (m for r in readings for m in r.marked if [m.start, m.end] not in row["strays"]):
        assert any(falls_on((mark_.start, mark_.end), place) for place in [*row["sentences"], *row["disputed"]])


def test_disputed_sentences_are_no_sentences_of_the_gold() -> None:
    row = row_of(reading("a", POLICY, mark(BED)), reading("b", mark(BED)))
    assert row["disputed"] == [(RING.start, RING.end)]
    assert [TEXT[s:e] for s, e in row["sentences"]] == [s for s in SENTENCES if s != SENTENCES[1]]
    assert [label["start"] for label in row["labels"]] == [BED.start]


def test_of_a_reader_who_did_not_tick_only_the_marks_count() -> None:
    row = row_of(reading("a", POLICY, read=False))
    assert (row["sentences"], len(row["labels"])) == ([(RING.start, RING.end)], 1)


def test_each_part_is_read_by_its_own_readers() -> None:
    first, second = replace(PART, end=CUT), replace(PART, start=CUT)
    row = row_of(
        reading("a", POLICY, part=first), reading("b", mark(BED), part=second), reading("c", part=first, read=False)
    )
    assert len(row["sentences"]) == 5
    assert [label["start"] for label in row["labels"]] == [RING.start, BED.start]


def test_marks_on_no_sentence_are_strays_named_once() -> None:
    heading = Marked(TEXT.index("MATTERS"), TEXT.index("MATTERS") + 7, "failing", ("policy",))
    row = row_of(reading("a", heading), reading("b", heading, POLICY))
    assert row["strays"] == [[heading.start, heading.end]]


def test_a_mark_on_a_sentence_that_no_part_shows_whole_is_a_stray() -> None:
    middle = RING.start + 8
    first, second = replace(PART, end=middle), replace(PART, start=middle)
    rest = Marked(middle, RING.end, "failing", ("policy",))
    row = row_of(reading("a", part=first), reading("a", rest, part=second))
    assert row["strays"] == [[middle, RING.end]]
    assert [TEXT[s:e] for s, e in row["sentences"]] == [s for s in SENTENCES if s != SENTENCES[1]]


def test_reports_are_told_apart_by_id_and_text() -> None:
    other = Part("r2", DIGEST, 0, len(TEXT))
    rows = list(gold_rows([reading("a", part=other), reading("b"), reading("c", part=other)], lambda *_: known()))
    assert [(r["id"], [x["annotator"] for x in r["readings"]]) for r in rows] == [("r1", ["b"]), ("r2", ["a", "c"])]


# From the tasks of a project to readings.


def task(
    number: int, *annotations: Mapping[str, Any], part: Part = PART, text: str = TEXT, **more: Any
) -> dict[str, Any]:
    data = {
        "key": part.key, "report_id": part.report_id, "text_sha256": part.text_sha256, "start": part.start,
        "end": part.end, "text": text[part.start : part.end], "title": "T", "chosen": "random",
    }  # fmt: skip
    return {
        "id": number,
        "data": data | more.pop("data", {}),
        "annotations": list(annotations),
        "predictions": [],
        **more,
    }


def annotation(
    number: int, who: Any, *marked: Marked, part: Part = PART, read: bool = True, **more: Any
) -> dict[str, Any]:
    result: list[dict[str, Any]] = list(as_result([Suggested(m, {}, 1.0) for m in marked], part, TAXONOMY))
    if read:
        result.append({"id": "t", "from_name": "fully_read", "value": {"choices": ["I have read all of this part"]}})
    when = f"2024-01-01T00:00:{number % 60:02}Z"
    facts = {
        "id": number,
        "completed_by": who,
        "result": result,
        "created_at": when,
        "updated_at": when,
        "lead_time": 9.5,
    }
    return facts | more


def prediction(number: int, *marked: Marked, model: str = "m1", at: str = "2023-01-01T00:00:00Z") -> dict[str, Any]:
    result = as_result([Suggested(m, {}, 1.0) for m in marked], PART, TAXONOMY)
    return {"id": number, "model_version": model, "score": 0.5, "result": result, "created_at": at}


def project(*rows: Mapping[str, Any], users: Mapping[int, str] = USERS) -> Project:
    return read_project(rows, users, TAXONOMY)


def test_a_reading_says_who_read_what_and_when() -> None:
    row = task(7, annotation(70, 1, POLICY), predictions=[prediction(5, mark(BED))])
    assert project(row).readings == (
        Reading(
            PART,
            "ann@x.org",
            "2024-01-01T00:00:10Z",
            (POLICY,),
            True,
            "",
            9.5,
            (mark(BED),),
            "m1",
            "random",
            7,
            70,
            False,
        ),
    )


@pytest.mark.parametrize(
    ("who", "name"),
    [
        (1, "ann@x.org"),
        (9, "user 9"),
        ({"id": 9, "email": "di@x.org"}, "di@x.org"),
        ({"id": 9, "email": ""}, "user 9"),
        (None, "unknown"),
    ],
)
def test_an_annotator_is_known_by_the_address(who: Any, name: str) -> None:
    assert [r.annotator for r in project(task(7, annotation(70, who))).readings] == [name]


def test_drafts_and_skipped_annotations_are_no_readings() -> None:
    skipped = annotation(70, 1, POLICY, was_cancelled=True)
    held = project(task(7, skipped, drafts=[{"id": 1}, {"id": 2}]), task(8))
    assert (held.readings, held.problems, held.drafts, len(held.tasks)) == ((), (), 2, 2)


def test_the_newest_reading_of_a_person_counts() -> None:
    old, new = (
        annotation(71, 1, updated_at="2024-02-01T00:00:00Z"),
        annotation(70, 1, POLICY, updated_at="2024-02-02T00:00:00Z"),
    )
    assert [(r.annotation, r.marked) for r in project(task(7, new, old)).readings] == [(70, (POLICY,))]


def test_the_newest_reading_of_a_person_counts_over_doubled_tasks_too() -> None:
    rows = task(7, annotation(70, 1, POLICY)), task(8, annotation(71, 1), annotation(72, 2))
    assert [(r.annotator, r.annotation) for r in project(*rows).readings] == [("ann@x.org", 71), ("bob@x.org", 72)]


def test_the_word_of_an_adjudicator_is_no_newer_reading_of_the_same_person() -> None:
    rows = task(7, annotation(70, 1)), task(8, annotation(71, 1, POLICY), data={"final": True})
    assert [(r.annotation, r.is_final) for r in project(*rows).readings] == [(70, False), (71, True)]


def test_an_annotation_marked_as_ground_truth_is_final() -> None:
    assert [r.is_final for r in project(task(7, annotation(70, 1, ground_truth=True))).readings] == [True]


def broken(number: int, who: int, **more: Any) -> dict[str, Any]:
    wrong = annotation(number, who, POLICY, mark(BED), **more)
    wrong["result"] = [
        row for row in wrong["result"] if row.get("from_name") != "assertion" or row["value"]["start"] == RING.start
    ]
    return wrong


def test_a_reading_with_a_fault_is_left_out_whole_and_named_with_task_and_region() -> None:
    wrong = broken(70, 1)
    held = project(task(7, wrong, annotation(71, 2, POLICY)))
    assert [r.annotator for r in held.readings] == ["bob@x.org"]
    (problem,) = held.problems
    region = as_result([Suggested(mark(BED), {}, 1.0)], PART, TAXONOMY)[0]["id"]
    assert (problem.task, problem.annotation, problem.region, problem.raw) == (7, 70, region, wrong)
    assert str(problem) == (
        f"task 7, annotation 70, region {region}: no assertions; exactly one of failing, alleged, recommendation, remedied is needed"
    )


def test_a_fault_in_the_newest_reading_does_not_bring_an_older_one_back() -> None:
    held = project(task(7, annotation(70, 1, POLICY), broken(71, 1)))
    assert (held.readings, [p.annotation for p in held.problems]) == ((), [71])


def test_a_fault_in_a_reading_that_was_replaced_is_no_problem() -> None:
    held = project(task(7, broken(70, 1), annotation(71, 1, POLICY)))
    assert ([r.annotation for r in held.readings], held.problems) == ([71], ())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"report_id": None}, "not a task that `failings annotate push` made"),
        ({"start": "0"}, "not a task that `failings annotate push` made"),
        ({"text": "Other words."}, "its text is not the part of the report that it says: push again"),
        ({"key": "r9"}, "its text is not the part of the report that it says: push again"),
    ],
)
def test_a_task_that_no_push_made_is_a_problem(data: dict[str, Any], reason: str) -> None:
    row = task(7, annotation(70, 1), data=data)
    assert project(row, task(8)).problems == (Problem(7, 0, "", reason, row),)
    assert [t.id for t in project(row, task(8)).tasks] == [8]


def test_a_reading_is_compared_with_the_prediction_it_began_from() -> None:
    shown = [prediction(5, mark(BED), model="old"), prediction(6, POLICY, model="new", at="2023-02-01T00:00:00Z")]
    late = prediction(9, mark(DIED), model="late", at="2025-01-01T00:00:00Z")
    begun = annotation(70, 1, POLICY, parent_prediction=5)
    (read,) = project(task(7, begun, predictions=[*shown, late])).readings
    assert (read.model, [c.kind for c in changes(read)]) == ("old", ["added", "removed"])
    (read,) = project(task(7, annotation(70, 1, POLICY), predictions=[*shown, late])).readings
    assert (read.model, [c.kind for c in changes(read)]) == ("new", ["kept"])
    (read,) = project(task(7, annotation(70, 1, POLICY), predictions=[late])).readings
    assert (read.model, read.predicted) == (None, ())


@pytest.mark.parametrize("result", [None, {}, []])
def test_an_empty_prediction_suggested_nothing(result: Any) -> None:
    row = task(7, annotation(70, 1), predictions=[{**prediction(5), "result": result}, 6])
    assert [(r.model, r.predicted) for r in project(row).readings] == [("m1", ())]


# Bringing them home.


def no_store(_: str) -> None:
    return None


def segmented(_: str) -> tuple[Passage, ...]:
    return PASSAGES


def pulled(*rows: Mapping[str, Any], lookup: Any = no_store) -> Pulled:
    return pull(project(*rows), lookup, segmented)


def halves(*, second: str = TEXT) -> list[dict[str, Any]]:
    first = replace(PART, end=CUT)
    rest = replace(PART, start=CUT)
    return [
        task(8, annotation(71, 1, mark(BED), part=rest), part=rest, text=second),
        task(7, annotation(70, 1, POLICY, part=first), part=first),
    ]


def test_without_a_store_the_text_is_put_together_from_the_tasks() -> None:
    found = pulled(*halves())
    (row,) = found.rows
    assert (row["text"], row["kind"], row["url"], found.problems) == (TEXT, "other", None, ())
    assert [label["start"] for label in row["labels"]] == [RING.start, BED.start]


def test_texts_are_put_together_from_tasks_that_were_cut_in_two_ways() -> None:
    def shown(start: int, end: int) -> Task:
        return Task(start, replace(PART, start=start, end=end), TEXT[start:end], "", is_final=False, title="")

    parts = [shown(20, len(TEXT)), shown(0, 15), shown(10, 40), shown(0, 20), shown(0, 20)]
    assert whole_texts(parts) == {DIGEST: TEXT}
    assert whole_texts(parts[:2]) == {}


def test_a_text_that_is_not_whole_is_a_problem_for_each_of_its_readings() -> None:
    found = pulled(halves()[0])
    reason = "its report's text is neither in the store nor whole in the project: name the store with --store"
    assert (found.rows, found.readings, found.problems) == ((), (), (Problem(8, 71, "", reason),))


def test_a_text_that_does_not_fit_its_hash_is_a_problem() -> None:
    changed = TEXT.replace("She died.", "He died. ")
    found = pulled(*halves(second=changed))
    assert (found.rows, [p.task for p in found.problems]) == ((), [8, 7])


def test_a_task_that_shows_other_words_than_the_store_is_a_problem() -> None:
    changed = TEXT.replace("She died.", "He died. ")
    found = pulled(*halves(second=changed), lookup=lambda _: known())
    reason = f"the task shows other words than [{CUT}, {len(TEXT)}) of the report: push again"
    assert found.problems == (Problem(8, 71, "", reason),)
    assert [r.task for r in found.readings] == [7]


def test_the_store_is_asked_first_and_once_for_a_text() -> None:
    asked: list[str] = []

    def lookup(digest: str) -> Known:
        asked.append(digest)
        return known()

    found = pulled(*halves(), lookup=lookup)
    assert (asked, [(r["kind"], r["date"]) for r in found.rows]) == ([DIGEST], [("pfd", "2024-01-02")])


def test_a_report_of_a_store_is_found_by_its_text(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'findings.db'}", create=True)
    facts = (Fact("date", "2024-01-02"), Fact("document_type", "pfd"))
    report = Report(TEXT, "a.txt", DIGEST, {"url": "https://x.org/1", "date": "2024-01-02"})
    Writer(engine, Versions("m", "t", "p"), {}).add(Analysed(report, PASSAGES, (), facts))
    lookup = lookup_in(engine)
    assert lookup(DIGEST) == known()
    assert lookup("0" * 64) is None
    engine.dispose()


def test_without_a_store_no_report_is_found() -> None:
    assert lookup_in(None)(DIGEST) is None


def test_a_stray_is_named_with_the_reading_that_has_it() -> None:
    heading = Marked(TEXT.index("MATTERS"), TEXT.index("MATTERS") + 7, "failing", ("policy",))
    found = pulled(task(7, annotation(70, 1), annotation(71, 2, heading)))
    where = f"[{heading.start}, {heading.end})"
    assert [str(p) for p in found.problems] == [
        f"task 7, annotation 71: {where} 'MATTERS' falls on no sentence: its label is in `readings` only"
    ]
    assert len(found.readings) == 2


def test_files_of_a_pull_can_be_read_back(tmp_path: Path) -> None:
    found = pulled(*halves(), {"id": 9, "data": {"text": "No task of ours."}})
    write_gold(tmp_path / "out", found)
    (gold,) = read_gold(tmp_path / "out" / GOLD)
    assert (gold.text, set(gold.labels)) == (TEXT, {(RING.start, RING.end), (BED.start, BED.end)})
    (standoff,) = read_standoff(tmp_path / "out" / STANDOFF)
    assert (standoff.sha256, [x.sentence for x in standoff.labels], standoff.url) == (DIGEST, [1, 2], "")
    assert "ward" not in (tmp_path / "out" / STANDOFF).read_text(encoding="utf-8")
    (problem,) = (tmp_path / "out" / PROBLEMS).read_text(encoding="utf-8").splitlines()
    assert json.loads(problem)["task"] == 9


def test_files_of_a_pull_that_brought_nothing_are_empty(tmp_path: Path) -> None:
    write_gold(tmp_path, pulled())
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {GOLD: b"", STANDOFF: b"", PROBLEMS: b""}


def test_comments_are_told_with_report_and_annotator() -> None:
    rows = [reading("a", comment="Page 3 is missing."), reading("b", comment=" \n")]
    assert comments(rows) == [("r1", "a", "Page 3 is missing.")]


# A third reader.


class Server:
    """A server with one project of adjudication and no task in it yet."""

    def __init__(self) -> None:
        self.imported: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, method = request.url.path, request.method
        if method == "POST" and path.endswith("/import"):
            self.imported += json.loads(request.content)
        listed = {"results": [{"id": 6, "title": "deaths: adjudication"}], "count": 1}
        tasks = [
            {
                "id": 100 + n,
                "annotations": [],
                **row,
                "predictions": [{"id": i, **p} for i, p in enumerate(row["predictions"])],
            }
            for n, row in enumerate(self.imported)
        ]
        answers = {"/api/projects/": listed, "/api/tasks/": {"tasks": tasks, "total": len(tasks)}}
        return httpx.Response(200, json=answers.get(path, {"id": 6}) if method == "GET" else {"id": 6})


def test_the_third_reader_sees_what_each_reader_marked_and_decides() -> None:
    held = project(task(7, annotation(70, 2, POLICY), annotation(71, 1)))
    server = Server()
    with LabelStudio("http://ls", "abc", transport=httpx.MockTransport(server)) as connection:
        first = adjudicate(connection, {"id": 5, "title": "deaths"}, held, [PART], TAXONOMY)[1]
        again = adjudicate(connection, {"id": 5, "title": "deaths"}, held, [PART], TAXONOMY)[1]
    assert (len(first.create), len(again.create), again.unchanged) == (1, 0, 1)
    (row,) = server.imported
    assert row["data"]["place"] == "read by ann@x.org, bob@x.org, who differ"
    assert [(p["model_version"], bool(p["result"])) for p in row["predictions"]] == [
        ("reader ann@x.org", False),
        ("reader bob@x.org", True),
    ]
    final = {**task(100, annotation(80, 3, POLICY)), "data": row["data"], "predictions": [
        {"id": 1, "created_at": "2023-01-01T00:00:00Z", **p} for p in row["predictions"]
    ]}  # fmt: skip
    decided = project(task(7, annotation(70, 2, POLICY), annotation(71, 1)), final)
    with LabelStudio("http://ls", "abc", transport=httpx.MockTransport(server)) as connection:
        made = adjudicate(connection, {"id": 5, "title": "deaths"}, decided, [PART], TAXONOMY)[1]
    assert (made.predict, made.create, made.unchanged) == ([], [], 1)
    found = pulled(task(7, annotation(70, 2, POLICY), annotation(71, 1)), final)
    (gold,) = found.rows
    assert (len(gold["labels"]), gold["disputed"], gold["chosen"]) == (1, [], "random")
    assert [(r.annotator, r.model, r.is_final) for r in found.readings if r.is_final] == [("cyd@x.org", None, True)]


def test_a_long_title_is_cut_to_what_label_studio_takes() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["title"])
        return httpx.Response(200, json={"results": [{"id": 6, "title": asked[0]}], "count": 1})

    with LabelStudio("http://ls", "abc", transport=httpx.MockTransport(handler)) as connection:
        assert project_of_adjudication(connection, {"id": 5, "title": "x" * 50}) == {"id": 6, "title": asked[0]}
    assert asked == ["x" * 36 + ": adjudication"]


def test_sections_of_the_example_are_as_the_tests_above_take_them() -> None:
    from pipeline.extract.sections import find_sections

    assert find_sections(TEXT) == (Section("concerns", TEXT.index("\nThe ward"), len(TEXT)),)
