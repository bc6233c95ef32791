"""Start Ray on this machine, or reach a cluster, and see that its machines are fit for the work."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline import __version__
from pipeline.errors import FailingsError, UsageError

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else advice to developers of Ray on stderr
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else a warning at every start

LOCAL = "127.0.0.1"
OBJECT_STORE_BYTES = 256 * 2**20
CHECK_SECONDS = 120.0
KNOCK_SECONDS = 10.0


@contextmanager
def connected(address: str | None, *, workers: int) -> Iterator[Any]:
    """The module `ray`, connected; what was started or reached here is left again at the end."""
    if address and "://" in address:
        raise UsageError(
            f"{address}: Ray Data does not work from outside a cluster; run the command on one of its machines with --address auto"
        )
    if address is None:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # read when ray is imported: listen on 127.0.0.1 only
    ray = _ray()
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what is lost is done again, and said at the end if not
    if ray.is_initialized():
        yield ray
        return
    _knock(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "include_dashboard": False}
    if address is None:
        here = {"address": "local", "num_cpus": workers or None, "object_store_memory": OBJECT_STORE_BYTES}
        options = {**quiet, **here, "_node_ip_address": LOCAL}
    else:
        options = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    try:
        ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        said = " ".join(str(error).split())
        raise FailingsError(f"no Ray at {address or 'this machine'}: {said[:300]}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise FailingsError when nobody answers at HOST:PORT, which Ray itself finds out after minutes."""
    host, _, port = (address or "").rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_SECONDS).close()
    except OSError as error:
        raise FailingsError(f"no Ray at {address}: {error.strerror or error}") from error


def check_machines(ray: Any) -> None:
    """Raise UsageError naming each machine of the cluster that has no failings of this version."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    asked = {
        node["NodeManagerAddress"]: ray.remote(num_cpus=0)(_version)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=True))
        .remote()
        for node in ray.nodes()
        if node["Alive"]
    }
    wrong = []
    for machine, answer in asked.items():
        try:
            found = ray.get(answer, timeout=CHECK_SECONDS)
        except ray.exceptions.RayError as error:
            found = str(error).strip().splitlines()[-1]
        if found != __version__:
            wrong.append(f"{machine} ({found})")
    if wrong:
        raise UsageError(
            f'these machines lack failings {__version__}: {", ".join(wrong)}; there: pip install "failings[ray]=={__version__}"'
        )


def _version() -> str:
    return __version__


def _ray() -> Any:
    try:
        import ray  # noqa: PLC0415
        import ray.data  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f'--engine ray needs {error.name or "ray"}: pip install "failings[ray]"') from error
    return ray
