"""Failings that the words of a sentence deny."""

import pytest

from pipeline.extract.negation import load_negation, with_denials
from pipeline.report import CategoryScore, Finding

DENIED = [
    "We found no evidence that the ward manager had failed to pass on the letter.",
    "There was no evidence that the dose he was given was wrong.",
    "The reviewers saw no sign of neglect on the ward.",
    "There is no suggestion that the paramedics were negligent.",
    "The footage did not suggest that the van had been driven in a way that was unsafe.",
    "I do not find that the delay caused her death.",
    "The jury did not consider that the governor was responsible for the fire.",
    "We did not find any breach of the standards by Sergeant E.",
    "The panel disagreed that the sister ought to have rung the consultant.",
    "We do not consider that she ought to have been kept in.",
    "There was insufficient evidence of misconduct by the escort staff.",
    "No criticism is made of the bank nurse.",
    "I make no criticism of the lifeguards.",
    "This is not a criticism of the young doctor on call.",
    "I am not critical of the way the clerk took the message.",
    "The coroner was in no way criticising the school.",
    "Constable F had no case to answer.",
    "The complaint about the porter was not upheld.",
    "The charge against the driver was not proven.",
    "We found nothing to criticise in the handover.",
    "The inspectors found no fault with the fire doors.",
    "No concerns were found about the care that he had at the hospice.",
    "The choice of antibiotic was not unreasonable.",
    "The tribunal rejects the allegation that the log was altered.",
    "The claim that the ambulance turned back is unfounded.",
]
STILL_FAILING = [
    "There was no evidence that the risk assessment had been done.",
    "There was no evidence of any handover between the two shifts.",
    "We found no evidence that earlier failings had been addressed.",
    "I saw no sign that the delay had been escalated to anyone.",
    "There is no indication as to who was responsible for the rota.",
    "The nurse did not consider that he should have been watched.",
    "The staff did not believe that the alarm was faulty.",
    "No risk assessment was carried out.",
    "Nobody told the crew of the marker.",
    "She was not seen by a doctor for nine hours.",
    "The records do not show that the observations were kept up.",
    "I make no criticism of the crew, but the call was wrongly coded.",
    "Although there was no evidence of misconduct, the log was closed too soon.",
    "There was no case to answer, however the standard of the search was poor.",
    "The bell was not working, and no criticism is made of the porter.",
    "The delay was excessive and we found no evidence that it was caused by the weather.",
    "Had the crew been told of the marker, they would not have gone in alone.",
    "If the bed had been found on Monday he would probably have lived.",
    "If staff were to be moved again the ward would be unsafe.",
    "The choice of unit was unreasonable.",
    "I am not satisfied that the plan is enough.",
    "The trust rejected the referral twice.",
    "There was no evidence that anybody had investigated the two falls that contributed to her death.",
    "There is no evidence that she had a call bell and when in bed she should have been turned.",
    "The expert was not critical of the fact that the sign had been missed.",
]
FORCE_DENIED = [
    "There was no evidence that he was strapped to the bed.",
    "The film shows that no warder’s knee was on her back.",
    "The officers did not strike him, and at no time was he handcuffed.",
    "She was never pinned to the floor.",
    "The escort used no force.",
    "Nobody held down the patient or knelt on him, and he was not tied.",
]
FORCE_STILL_FAILING = [
    "No officer checked his breathing while he lay face down.",
    "The handcuffs were not taken off when he fell quiet.",
    "There was no evidence that the use of the hold had been recorded.",
    "There was no evidence that staff had been trained in holds.",
    "The force used was not necessary.",
    "The passenger was not restrained by a seat belt.",
    "She was not restrained gently, but was thrown on the bed.",
    "The prone hold lasted eleven minutes.",
]
NOTHING = [
    "It cannot be said that an earlier scan would have saved her.",
    "On balance, it cannot be said that the missed call contributed to his death.",
    "However, it could not be established that the fall would have been survived.",
    "4. See the table at Appendix D.",
    "See also paragraphs 12 to 19.",
    "Cf. section 3 of the first report.",
]
SOMETHING = [
    "The scan was late, although it cannot be said that this would have saved her.",
    "It cannot be said that the trust has learnt from this.",
    "It cannot be said that a scan would have saved her, but it was owed to her.",
    "See paragraph 12: the door was left unlocked.",
    "See to it that the door is locked.",
    "Seeing no doctor, she went home.",
]


def finding(quote: str, *, category: str = "care_quality", assertion: str = "failing") -> Finding:
    return Finding(
        start=0,
        end=len(quote),
        quote=quote,
        section=None,
        assertion=assertion,  # type: ignore[arg-type]
        assertion_score=0.8,
        categories=(CategoryScore(category, 0.9), CategoryScore("policy", 0.5)),
    )


def said(quote: str, category: str = "care_quality") -> list[str]:
    return [f.assertion for f in with_denials([finding(quote, category=category)])]


@pytest.mark.parametrize("quote", DENIED)
def test_a_sentence_that_denies_a_lapse_is_remedied(quote: str) -> None:
    assert said(quote) == ["remedied"]


@pytest.mark.parametrize("quote", STILL_FAILING)
def test_a_sentence_that_says_what_was_not_done_or_also_tells_of_a_lapse_stays_failing(quote: str) -> None:
    assert said(quote) == ["failing"]


@pytest.mark.parametrize("quote", FORCE_DENIED)
def test_force_that_was_not_used_is_no_failing_of_restraint(quote: str) -> None:
    assert said(quote, "restraint") == ["remedied"]
    assert said(quote) == ["failing"]


@pytest.mark.parametrize("quote", FORCE_STILL_FAILING)
def test_what_was_not_done_about_a_restraint_stays_failing(quote: str) -> None:
    assert said(quote, "restraint") == ["failing"]


@pytest.mark.parametrize("quote", NOTHING)
def test_a_pointer_or_a_doubt_about_the_outcome_alone_is_no_finding(quote: str) -> None:
    assert said(quote) == []


@pytest.mark.parametrize("quote", SOMETHING)
def test_a_lapse_beside_a_doubt_about_the_outcome_is_kept(quote: str) -> None:
    assert said(quote) == ["failing"]


@pytest.mark.parametrize("assertion", ["alleged", "recommendation", "remedied"])
def test_only_failings_are_taken_back(assertion: str) -> None:
    found = tuple(finding(quote, assertion=assertion) for quote in [*DENIED, *NOTHING])
    assert with_denials(found) == found


def test_a_denied_failing_keeps_its_words_and_categories_and_asks_for_review() -> None:
    before = finding("No criticism is made of the bank nurse.")
    (after,) = with_denials([before])
    assert (after.assertion, after.assertion_score, after.needs_review) == ("remedied", 0.2, True)
    assert (after.quote, after.categories) == (before.quote, before.categories)


def test_cues_hold_across_line_breaks_and_in_any_case() -> None:
    assert said("There was NO\r\n     evidence of\nmisconduct.") == ["remedied"]


def test_every_list_of_cues_is_compiled() -> None:
    negation = load_negation()
    assert negation.pointers.match("see page 3")
    assert not negation.pointers.match("seek advice")
