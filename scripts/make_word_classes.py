"""Sort the common words of public reports into classes of words that are used alike, for the choice of actors.

usage: python scripts/make_word_classes.py [CORPUS_DIR]     (default: $FAILINGS_CORPUS, else corpus, else ../shared/corpus)

Reads reports.csv.gz less the held-out reports and those of dev.jsonl, and writes pipeline/extract/word_classes.json. Words are alike
when the words within two places of them are. Words of fewer than REPORTS reports, and those mostly written with a capital, as names
are, have no class. Deterministic.
"""

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, hstack
from sklearn.cluster import KMeans
from sklearn.utils.extmath import randomized_svd

from pipeline.classify.gold import corpus_folder, read_gold
from pipeline.classify.teaching import held_out
from pipeline.extract.attribution import CLASSES_PATH
from pipeline.extract.words import PLAIN_QUOTES, TOKEN

REPORTS, SMALL, WORDS, NEIGHBOURS, DIMENSIONS, CLASSES = 20, 0.6, 6000, 2000, 64, 120
PLACES = (-2, -1, 1, 2)
GAP = ["\n"] * max(PLACES)


def read_reports(folder: Path) -> Iterator[list[str]]:
    """The words of each report that nothing is measured on, as written."""
    left_out = held_out(folder) | {
        name for report in read_gold(folder / "dev.jsonl") for name in (report.id, report.url)
    }
    csv.field_size_limit(10**9)
    with gzip.open(folder / "reports.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if not {row["url"], row["id"]} & left_out:
                text = " ".join((row["investigation"], row["circumstances"], row["concerns"]))
                yield TOKEN.findall(text.translate(PLAIN_QUOTES))


def common_words(reports: Sequence[Sequence[str]]) -> list[str]:
    """The most frequent words that many reports hold and that are no names."""
    count = Counter(word.lower() for report in reports for word in report)
    small = Counter(word for report in reports for word in report if word == word.lower())
    spread = Counter(word for report in reports for word in {word.lower() for word in report})
    return [
        word
        for word, n in count.most_common(WORDS)
        if spread[word] >= REPORTS and small[word] >= SMALL * n and not word[0].isdigit()
    ]


def associations(reports: Sequence[Sequence[str]], words: Sequence[str]) -> csr_matrix:
    """Positive pointwise mutual information of each word with its neighbours at each of PLACES."""
    number = {word: i for i, word in enumerate(words)}
    sequence = np.array([number.get(word.lower(), -1) for report in reports for word in (*report, *GAP)])
    blocks = []
    for place in PLACES:
        here, there = (sequence[:-place], sequence[place:]) if place > 0 else (sequence[-place:], sequence[:place])
        both = (here >= 0) & (there >= 0) & (there < NEIGHBOURS)
        shape = (len(words), min(NEIGHBOURS, len(words)))
        counts = coo_matrix((np.ones(int(both.sum())), (here[both], there[both])), shape=shape).tocsr()
        counts.sum_duplicates()
        found = counts.tocoo()
        rows, columns = np.asarray(counts.sum(1)).ravel(), np.asarray(counts.sum(0)).ravel() ** 0.75
        information = np.log(found.data * columns.sum() / (rows[found.row] * columns[found.col]))
        blocks.append(csr_matrix((np.maximum(information, 0), (found.row, found.col)), shape=shape))
    return hstack(blocks).tocsr()


def classes(matrix: csr_matrix) -> NDArray[np.int32]:
    """The class of each row."""
    left, strength, _ = randomized_svd(matrix, DIMENSIONS, random_state=0)
    vectors = left * np.sqrt(strength)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    found: NDArray[np.int32] = KMeans(CLASSES, n_init=2, random_state=0).fit_predict(vectors)
    return found


def main() -> None:
    """Write the classes."""
    reports = list(read_reports(Path(sys.argv[1] if len(sys.argv) > 1 else corpus_folder())))
    words = common_words(reports)
    found = dict(sorted(zip(words, map(int, classes(associations(reports, words))), strict=True)))
    CLASSES_PATH.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(reports)} reports, {len(found)} words in {CLASSES} classes")


if __name__ == "__main__":
    main()
