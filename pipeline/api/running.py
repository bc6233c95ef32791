"""The main job from Python: read, find, and keep in a store."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.batch import Options, Progress, Summary, run_batch, silent
from pipeline.classify.model_folder import named_folder
from pipeline.ingest.document import Limits
from pipeline.ingest.sources import OWN_NAMES
from pipeline.store.connect import open_engine, store_url
from pipeline.taxonomy import load_taxonomy


def run(
    paths: str | Path | Sequence[str | Path],
    *,
    store: str | Path | None = None,
    model: str | Path | None = None,
    taxonomy: str | Path | None = None,
    columns: Mapping[str, str] = OWN_NAMES,
    limits: Limits | None = None,
    workers: int = 0,
    progress: Progress = silent,
) -> Summary:
    """Do what `failings run` does: process all that is not in the store as it is now, and say what became of it.

    `store` is a file or a database URL (by default $FAILINGS_STORE, else findings.db). The work is done in `workers` processes
    (0: one a processor), so a script calls this under `if __name__ == "__main__":`.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    options = Options(
        taxonomy=load_taxonomy(Path(taxonomy) if taxonomy else None),
        model=named_folder(Path(model) if model else None),
        limits=limits or Limits(),
        columns=columns,
        workers=workers,
    )
    engine = open_engine(store_url(str(store) if store else None), create=True)
    try:
        return run_batch([str(path) for path in given], engine, options, progress=progress)
    finally:
        engine.dispose()
