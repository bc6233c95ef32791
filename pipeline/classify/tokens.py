"""The tokenizer of a model folder, without transformers."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer as FastTokenizer

from pipeline.errors import ModelError


class WordPieces:
    """A word-piece tokenizer (BERT, MPNet) read from `tokenizer.json`."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = FastTokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.cls_id = self._id("[CLS]", "<s>")
        self.sep_id = self._id("[SEP]", "</s>")

    def _id(self, *names: str) -> int:
        for name in names:
            found = self._tokenizer.token_to_id(name)
            if found is not None:
                return found
        raise ModelError(f"the tokenizer has no {' or '.join(names)}: it is not of the BERT or MPNet family")

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens."""
        return [e.ids for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
