from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.classify.windows import windows
from pipeline.report import Passage


class Letters:
    """A tokenizer with a token a character."""

    cls_id = 1
    sep_id = 2

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(c) for c in text] for text in texts]


def laid_out(lengths: Sequence[int], section: str | None = None) -> tuple[str, list[Passage]]:
    text, passages = "", []
    for number, length in enumerate(lengths):
        passages.append(Passage(len(text), len(text) + length, section))
        text += chr(ord("a") + number % 26) * length + " "
    return text, passages


@given(
    st.lists(st.integers(1, 60), max_size=20), st.integers(24, 64), st.integers(0, 20), st.none() | st.integers(10, 24)
)
def test_every_token_of_every_passage_is_read_and_no_window_is_too_long(
    lengths: list[int], size: int, overlap: int, first_size: int | None
) -> None:
    text, passages = laid_out(lengths)
    packed = list(windows(text, passages, Letters(), size=size, overlap=overlap, first_size=first_size))
    seen = [0] * len(passages)
    for window in packed:
        assert len(window.token_ids) <= size
        for passage, start, end in window.spans:
            piece = "".join(map(chr, window.token_ids[start:end]))
            assert piece == text[passages[passage].start] * (end - start)
            seen[passage] += end - start
    assert all(got >= length for got, length in zip(seen, lengths, strict=True))


def test_a_mark_stands_at_the_start_of_a_section_and_of_a_window() -> None:
    text, passages = laid_out([10, 10, 10], "findings")
    packed = list(windows(text, passages, Letters(), size=40, overlap=0, marks=["findings"]))
    mark = [ord(c) for c in "findings :"]
    assert len(packed) == 2
    assert all(list(w.token_ids[1 : 1 + len(mark)]) == mark for w in packed)
    assert [len(w.spans) for w in packed] == [2, 1]


def test_neighbouring_windows_share_passages_up_to_the_overlap() -> None:
    text, passages = laid_out([9] * 6)
    packed = list(windows(text, passages, Letters(), size=32, overlap=10))
    assert [[p for p, _, _ in w.spans] for w in packed] == [[0, 1, 2], [2, 3, 4], [4, 5]]


def test_a_passage_alone_or_between_its_neighbours_has_a_window_of_its_own() -> None:
    text, passages = laid_out([9, 9, 30])
    alone = list(windows(text, passages, Letters(), size=40, overlap=0, context="alone"))
    assert [[p for p, _, _ in w.spans] for w in alone] == [[0], [1], [2]]
    assert [len(w.token_ids) for w in alone] == [11, 11, 32]
    between = list(windows(text, passages, Letters(), size=40, overlap=0, context="neighbours"))
    assert ["".join(map(chr, w.token_ids)) for w in between] == [
        "\x01aaaaaaaaa\x02bbbbbbbbb\x02",
        "\x01aaaaaaaaa\x02bbbbbbbbb\x02" + "c" * 13 + "\x02",
        "\x01bbb\x02" + "c" * 30 + "\x02",
    ]
    assert [w.spans[0] for w in between] == [(0, 1, 10), (1, 11, 20), (2, 5, 35)]
    assert all(len(w.token_ids) <= 40 for w in between)
