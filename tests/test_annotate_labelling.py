import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pipeline.annotate.labelling import labelling_config
from pipeline.errors import TaxonomyError
from pipeline.report import ASSERTIONS
from pipeline.taxonomy import Taxonomy, load_taxonomy

SHIPPED = Path(__file__).parent.parent / "annotations" / "labelling.xml"


def values(config: str, path: str, attribute: str = "value") -> list[str | None]:
    return [each.get(attribute) for each in ET.fromstring(config).iterfind(path)]  # noqa: S314


def hotkeys(config: str) -> list[str]:
    return [key for each in ET.fromstring(config).iter() if (key := each.get("hotkey"))]  # noqa: S314


@pytest.fixture
def own(tmp_path: Path) -> Taxonomy:
    """Thirty categories with awkward names, the last one core."""
    names = ['"Quoted" & <b>', 'It\'s "both"', "Größe 🙂", "tab\tand\nline", *(f"Kind {n}" for n in range(26))]
    rows = [
        f"[kind_{n}]\nname = {json.dumps(name, ensure_ascii=False)}\ndefinition = 'a < b & \"c\"'\n"
        for n, name in enumerate(names)
    ]
    path = tmp_path / "own.toml"
    path.write_text("".join(rows) + "core = true\n", encoding="utf-8")
    return load_taxonomy(path)


def test_the_shipped_interface_is_that_of_the_shipped_taxonomy() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == labelling_config(load_taxonomy()), (
        "annotations/labelling.xml is stale: python scripts/write_labelling.py"
    )


def test_every_category_assertion_and_role_can_be_chosen_core_categories_first() -> None:
    taxonomy = load_taxonomy()
    config = labelling_config(taxonomy)
    labels = values(config, ".//Labels[@name='category']/Label")
    assert labels[:4] == ["Communication gap", "Restraint", "Bed shortage", "Buck-passing"]
    assert sorted(map(str, labels)) == sorted(c.name for c in taxonomy.categories)
    assert values(config, ".//Choices[@name='assertion']/Choice") == list(ASSERTIONS)
    assert values(config, ".//Relation") == ["responsible", "addressee"]
    assert values(config, ".//Labels[@name='actor']/Label") == ["Actor"]


def test_all_controls_are_of_the_text_and_categories_may_be_several() -> None:
    config = labelling_config(load_taxonomy())
    controls = [e for e in ET.fromstring(config).iter() if e.get("toName")]  # noqa: S314
    assert {e.get("name"): e.get("toName") for e in controls} == dict.fromkeys(
        ["category", "actor", "assertion", "fully_read", "comment"], "text"
    )
    assert values(config, ".//Labels[@name='category']", "choice") == ["multiple"]
    assert values(config, ".//Text", "value") == ["$text"]


def test_hotkeys_are_unique() -> None:
    keys = hotkeys(labelling_config(load_taxonomy()))
    assert len(keys) == len(set(keys)) == 17 + 4 + 1 + 1


def test_thirty_categories_with_awkward_names_work(own: Taxonomy) -> None:
    config = labelling_config(own)
    labels = values(config, ".//Labels[@name='category']/Label")
    assert labels == ["Kind 25", *(c.name for c in own.categories[:-1])]
    assert values(config, ".//Labels[@name='category']/Label", "hint") == ['a < b & "c"'] * 30
    keys = hotkeys(config)
    assert len(keys) == len(set(keys)) == 20 + 4 + 1 + 1


def test_colours_are_dark_enough_for_white_words(own: Taxonomy) -> None:
    colours = values(labelling_config(own), ".//Labels[@name='category']/Label", "background")
    assert all(len(str(c)) == 7 and min(bytes.fromhex(str(c)[1:])) < 0x80 for c in colours)


def test_two_categories_of_one_name_are_refused_as_annotators_see_names_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("".join(f'[{key}]\nname = "Drift"\ndefinition = "x"\n' for key in ("a", "b")))
    with pytest.raises(TaxonomyError, match="a, b have one name, 'Drift'"):
        load_taxonomy(path)
