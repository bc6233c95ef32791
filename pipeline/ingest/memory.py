"""A bound on what a process may take for one document, so that one which eats memory fails alone."""

import os
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")


def limit_memory(mib: int) -> None:
    """Let this process take `mib` MiB more than it holds now, and no more; a memory error says so then, or it dies.

    Nothing is bounded where the system does not tell what a process holds: only Linux does.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource  # noqa: PLC0415  (not on every system)

    held = int(_STATM.read_text(encoding="ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + (mib << 20)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
