from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.annotate.duplicates import index_of, sentences_of
from pipeline.annotate.selection import Candidate, Chosen, candidate, choose
from pipeline.corpus.letters import anchor_of, letters_of
from pipeline.errors import UsageError
from pipeline.report import Passage


def whole(*sentences: str) -> dict[str, int]:
    """The sentences of a report that is made of these."""
    text = " ".join(sentences)
    starts = [text.index(s) for s in sentences]
    return sentences_of(text, [Passage(start, start + len(s)) for start, s in zip(starts, sentences, strict=True)])


@given(st.text())
def test_a_sentence_is_hashed_by_the_same_letters_as_stand_off_labels_are(sentence: str) -> None:
    letters = letters_of(sentence).folded
    assert sentences_of(sentence, [Passage(0, len(sentence))] if sentence else []) == (
        {anchor_of(letters): len(letters)} if letters else {}
    )


def test_a_report_repeats_one_that_holds_more_than_half_of_its_letters() -> None:
    bed, form, rope = "No bed was free that night.", "The form was lost.", "The rope was left in the cell."
    index = index_of([whole(bed, form), whole("NO BED was free  that night", rope), whole(rope, form)])
    assert index.repeats(whole(bed)).tolist() == [True, False, False]


def test_a_short_report_repeats_a_long_one_that_holds_it_but_not_the_other_way_round() -> None:
    short, rest = "The alarm was silenced twice.", "Nobody wrote down who had done so, or why, or told the night staff."
    index = index_of([whole(short), whole(short, rest)])
    assert index.repeats(whole(short, rest)).tolist() == [True, True]
    assert index.repeats(whole(short)).tolist() == [True, False]


def test_stock_phrases_do_not_make_repeats() -> None:
    stock = "I send this letter to all who should read it, and ask each of them for a reply."
    reports = [whole(stock, f"Ward {number} was short.") for number in range(12)]
    assert not index_of(reports).repeats(whole(stock, "The door was open.")).any()


def test_a_report_of_nothing_but_stock_phrases_repeats_its_like() -> None:
    stock = "I send this letter to all who should read it, and ask each of them for a reply."
    assert index_of([whole(stock)] * 12).repeats(whole(stock)).all()


def test_a_report_without_sentences_repeats_nothing() -> None:
    assert index_of([{}, {}]).repeats({}).tolist() == [False, False]


def report(name: str, *uncertainty: float, words: int = 100, says: str = "") -> Candidate:
    """A candidate whose one sentence is its name, unless it `says` something."""
    return Candidate(name, f"text of {says or name}", uncertainty, words, whole(says or f"This is report {name}."))


def useful(candidates: Sequence[Candidate], count: int, read: Sequence[Candidate] = ()) -> list[str]:
    chosen = choose(candidates, count, random_share=0.0, seed=1, read=read)
    assert {c.why for c in chosen} <= {"useful"}
    return [c.report_id for c in chosen]


def test_uncertainty_is_entropy_summed_over_passages_a_value_a_category() -> None:
    text = "No bed was free. The alarm failed."
    made = candidate("a", "t", text, [Passage(0, 16), Passage(17, 34)], np.array([[0.5, 0.0], [0.5, 0.25]]))
    assert made.uncertainty == pytest.approx((2.0, 0.811278), abs=1e-6)
    assert made.words == 7
    assert sorted(made.sentences.values()) == [12, 14]


def test_what_the_model_is_unsure_of_comes_first() -> None:
    assert useful([report("a", 0.1), report("b", 0.9), report("c", 0.5)], 2) == ["b", "c"]


def test_a_category_is_not_served_twice_while_another_waits() -> None:
    pool = [report("beds", 4.0, 0.0), report("more beds", 3.9, 0.0), report("restraint", 0.0, 2.0)]
    assert useful(pool, 2) == ["beds", "restraint"]


def test_what_was_read_counts_towards_the_categories_served() -> None:
    pool = [report("beds", 4.0, 0.0), report("restraint", 0.0, 2.0)]
    assert useful(pool, 1) == ["beds"]
    assert useful(pool, 1, read=[report("read", 9.0, 0.0)]) == ["restraint"]


def test_of_two_reports_that_teach_the_same_the_shorter_comes_first() -> None:
    assert useful([report("long", 1.0, words=400), report("short", 1.0, words=100)], 2) == ["short", "long"]


def test_a_report_that_repeats_one_chosen_or_read_is_not_chosen() -> None:
    same = "No bed was free in the whole of the county that night."
    pool = [report("a", 0.9, says=same), report("b", 0.8, says=same.upper()), report("c", 0.1)]
    assert useful(pool, 3) == ["a", "c"]
    assert useful(pool, 3, read=[report("read", 0.0, says=same + "!")]) == ["c"]
    assert {c.report_id for c in choose(pool, 3, random_share=1.0, seed=0)} in ({"a", "c"}, {"b", "c"})


def test_a_report_that_was_read_is_not_chosen_again() -> None:
    pool = [report("a", 0.9), report("b", 0.8)]
    assert useful(pool, 2, read=[pool[0]]) == ["b"]


def test_a_share_is_drawn_by_lot_before_the_useful_ones() -> None:
    pool = [report(f"{number:02}", number / 50) for number in range(50)]
    chosen = choose(pool, 10, seed=7)
    assert [c.why for c in chosen] == ["random"] * 2 + ["useful"] * 8
    assert {c.report_id for c in chosen[2:]} <= {f"{number:02}" for number in range(40, 50)}


def test_the_lot_depends_on_the_seed_alone_not_on_scores_or_on_what_was_read() -> None:
    pool = [report(f"{number:02}", number / 50) for number in range(50)]
    lot = [c.report_id for c in choose(pool, 50, random_share=1.0, seed=7)]
    rescored = [replace(c, uncertainty=(1.0,)) for c in pool]
    read = [c for c in pool if c.report_id in lot[:3]]
    assert [c.report_id for c in choose(rescored, 4, random_share=1.0, seed=7, read=read)] == lot[3:7]
    assert [c.report_id for c in choose(pool, 50, random_share=1.0, seed=8)] != lot


def test_every_report_is_as_likely_to_be_drawn() -> None:
    pool = [report(name, 1.0) for name in "abcd"]
    first = [choose(pool, 1, random_share=1.0, seed=seed)[0].report_id for seed in range(400)]
    assert {name: 70 < first.count(name) < 130 for name in "abcd"} == dict.fromkeys("abcd", True)


def test_the_order_of_the_candidates_does_not_matter() -> None:
    pool = [report(f"{number:02}", (number % 7) / 7, (number % 3) / 3) for number in range(30)]
    assert choose(pool, 12, seed=3) == choose(pool[::-1], 12, seed=3)


def test_there_may_be_fewer_than_asked_for_and_none() -> None:
    assert choose([report("a", 0.5)], 3, seed=0) == (Chosen("a", "random"),)
    assert choose([], 3, seed=0) == ()
    assert choose([report("a", 0.5)], 0, seed=0) == ()


@pytest.mark.parametrize(("count", "share"), [(-1, 0.2), (3, 1.5), (3, -0.1)])
def test_counts_and_shares_that_make_no_sense_are_refused(count: int, share: float) -> None:
    with pytest.raises(UsageError, match="share from 0 to 1"):
        choose([report("a", 0.5)], count, random_share=share, seed=0)


def test_reports_scored_by_different_models_are_refused() -> None:
    with pytest.raises(UsageError, match="score them all with one model"):
        choose([report("a", 0.5), report("b", 0.5, 0.5)], 1, seed=0)
