from pathlib import Path

import pytest

from pipeline.classify.model_folder import default_folder, named_folder
from pipeline.errors import ModelError

MODELS = Path(__file__).parent.parent / "models"


def test_a_model_is_named_by_its_folder_or_as_a_shipped_one() -> None:
    assert named_folder(None) == default_folder() == MODELS / "minilm"
    assert named_folder(Path("large")) == MODELS / "large"
    assert named_folder(MODELS / "large") == MODELS / "large"
    assert named_folder(Path("../large"), beside=MODELS / "minilm") == MODELS / "minilm" / ".." / "large"


def test_a_model_that_is_not_there_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(ModelError, match=r"'huge'.*minilm, fast, large"):
        named_folder(Path("huge"))
