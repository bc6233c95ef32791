"""Every error that `failings` raises on purpose.

FailingsError
├── InputError        a document or its source cannot be read; the batch goes on without it
│   ├── Unreadable    the bytes are not what they claim to be, are damaged, encrypted or empty
│   ├── NeedsOCR      a document of page images without text
│   └── LimitExceeded a document over the limit on bytes, pages, expansion or seconds
├── OffsetError       an interval that does not fit its text
├── TaxonomyError     a taxonomy file that cannot be used
├── ModelError        model files that are missing, damaged or of another taxonomy
├── GoldError         a labelled file that cannot be used
├── CorpusError       public reports that cannot be fetched, or are not those that were labelled
├── AnnotateError    Label Studio cannot be reached, refuses, or holds what cannot be read as labels
├── StoreError        a store that cannot be opened, is of a newer version, or fails verification
└── UsageError        a request that cannot be carried out as asked
"""

from pipeline.printable import one_line


class FailingsError(Exception):
    """Root of all errors raised on purpose; the message is one line, fit to show to a user whatever file's words are in it."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class InputError(FailingsError):
    """A document that cannot be processed; recorded in the store's `failures` and the batch goes on."""


class Unreadable(InputError):
    """The bytes are damaged, encrypted, empty, or not of a type that can be read."""


class NeedsOCR(InputError):
    """The document holds page images without text."""


class LimitExceeded(InputError):
    """The document is over a limit on bytes, pages, expansion or seconds."""


class OffsetError(FailingsError):
    """An interval that does not fit the text that it claims to index."""


class TaxonomyError(FailingsError):
    """A taxonomy file that cannot be used."""


class ModelError(FailingsError):
    """Model files that are missing, damaged or made for other labels."""


class GoldError(FailingsError):
    """A file of labelled reports that cannot be used."""


class CorpusError(FailingsError):
    """Public reports that cannot be fetched, or are not the ones that were labelled."""


class AnnotateError(FailingsError):
    """Label Studio cannot be reached, refuses a request, or holds something that cannot be read as labels."""


class StoreError(FailingsError):
    """A store that cannot be opened or does not hold what it should."""


class UsageError(FailingsError):
    """A request that cannot be carried out as asked."""
