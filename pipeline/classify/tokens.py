"""The tokenizer of a model folder, without transformers."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer as FastTokenizer


class WordPieces:
    """A BERT tokenizer read from `tokenizer.json`."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = FastTokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.cls_id: int = self._tokenizer.token_to_id("[CLS]")
        self.sep_id: int = self._tokenizer.token_to_id("[SEP]")

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens."""
        return [e.ids for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
