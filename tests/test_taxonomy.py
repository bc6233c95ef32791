from pathlib import Path

import pytest

from pipeline.errors import TaxonomyError
from pipeline.taxonomy import load_taxonomy


def test_the_shipped_taxonomy_has_seventeen_categories_and_a_core_of_four() -> None:
    taxonomy = load_taxonomy()
    assert len(taxonomy.ids) == 17
    assert [c.id for c in taxonomy.categories if c.core] == [
        "communication_gap",
        "restraint",
        "bed_shortage",
        "buck_passing",
    ]
    assert all(c.examples and c.near_misses and c.definition for c in taxonomy.categories)


def test_all_faults_of_a_file_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[Bad-Id]\nname = "x"\n[good]\nname = 3\ndefinition = "y"\ncolour = "red"\nexamples = [1]\n')
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(path)
    for part in ("Bad-Id", "definition is missing", "name is not a str", "colour", "examples holds something"):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", ["", "not toml ["])
def test_an_unusable_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(TaxonomyError):
        load_taxonomy(path)


def test_the_version_changes_with_the_wording(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[drift]\nname = "Drift"\ndefinition = "one"\n')
    before = load_taxonomy(path)
    path.write_text('[drift]\nname = "Drift"\ndefinition = "two"\n')
    assert load_taxonomy(path).version != before.version
    assert before.untrained(["restraint"]) == ("drift",)
