from pipeline.show import finding_lines


def test_a_finding_says_what_it_is_who_is_in_it_and_where() -> None:
    actor = {
        "start": 0,
        "end": 1,
        "text": "the\nTrust",
        "agency": None,
        "agency_type": "acute_trust",
        "resolved": False,
    }
    record = {
        "report_id": "one-1234", "start": 4, "end": 30, "page": 2, "quote": "The Trust\n did not tell  them.", "assertion": "failing",
        "categories": [{"id": "communication_gap", "score": 0.914}], "needs_review": True, "concern": "4(b)",
        "actors": [actor | {"role": "responsible"}, actor | {"agency": "NHS England", "role": "addressee"}],
        "speaker": {"start": 0, "end": 1, "text": "his  mother", "kind": "family"},
    }  # fmt: skip
    assert finding_lines(record) == (
        "The Trust did not tell them.\n"
        "    failing: communication_gap 0.91 (review); by the Trust; to NHS England; said by his mother; concern 4(b); "
        "one-1234 [4:30] page 2\n"
    )
    alone = record | {"actors": [], "speaker": None, "concern": None, "page": None}
    assert finding_lines(alone).endswith("    failing: communication_gap 0.91 (review); one-1234 [4:30]\n")
