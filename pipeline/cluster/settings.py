"""Where a run on Ray is done and where its finished work lies until it is in the store."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """`address` is None for this machine alone, else "auto" or HOST:PORT. `shards` is a folder's URL."""

    shards: str
    address: str | None = None
    keep_shards: bool = False
