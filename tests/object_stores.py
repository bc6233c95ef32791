"""Servers of files behind URLs, each on this machine alone: a folder's URL for as long as the block lasts, or a skipped test."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install fsspec")

AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # Azurite's, known to all


@contextmanager
def memory(_scratch: Path) -> Iterator[str]:
    """No server: fsspec's own dictionary."""
    folder = f"memory://{uuid4().hex}"
    yield folder
    if fsspec.filesystem("memory").exists(folder):
        fsspec.filesystem("memory").rm(folder, recursive=True)


@contextmanager
def s3(_scratch: Path) -> Iterator[str]:
    """Moto, as Amazon S3."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install s3fs")
    pytest.importorskip("moto.server", reason="no server of S3: pip install 'moto[s3,server]'")
    with _serving(sys.executable, "-m", "moto.server", "-p", "PORT") as port, _settings(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="word",  # noqa: S106
        AWS_DEFAULT_REGION="us-east-1",
    ):  # fmt: skip
        fsspec.filesystem("s3").mkdir("bucket")
        yield "s3://bucket"


@contextmanager
def gs(_scratch: Path) -> Iterator[str]:
    """gcp-storage-emulator, as Google Cloud Storage."""
    emulator = _program("gcp-storage-emulator", "pip install gcp-storage-emulator")
    with _serving(emulator, "start", "--host=127.0.0.1", "--port=PORT", "--in-memory") as port, _settings(
        STORAGE_EMULATOR_HOST=f"http://127.0.0.1:{port}", FSSPEC_GS_TOKEN="anon",  # noqa: S106
        GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT="false",  # what the emulator does not speak; read when gcsfs is imported
    ):  # fmt: skip
        pytest.importorskip("gcsfs", reason="gcsfs is not installed: pip install gcsfs")
        fsspec.filesystem("gs").mkdir("bucket")
        yield "gs://bucket"


@contextmanager
def az(_scratch: Path) -> Iterator[str]:
    """Azurite, as Azure Blob Storage."""
    pytest.importorskip("adlfs", reason="adlfs is not installed: pip install adlfs")
    azurite = _program("azurite-blob", "npm install --global azurite")
    with (
        _serving(azurite, "--blobPort", "PORT", "--inMemoryPersistence", "--skipApiVersionCheck") as port,
        _settings(
            AZURE_STORAGE_CONNECTION_STRING="DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
            f"AccountKey={AZURE_KEY};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        ),
    ):
        fsspec.filesystem("az").mkdir("container")
        yield "az://container"


@contextmanager
def sftp(scratch: Path) -> Iterator[str]:
    """OpenSSH's server, for this user and a key made for it."""
    pytest.importorskip("sshfs", reason="sshfs is not installed: pip install sshfs")
    sshd = _program("sshd", "apt-get install openssh-server")
    (scratch / ".ssh").mkdir()
    host, user = scratch / "host", scratch / ".ssh" / "id_ed25519"
    for key in (host, user):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    config = scratch / "sshd_config"
    config.write_text(
        f"ListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {user}.pub\nStrictModes no\nPidFile none\n"
        "Subsystem sftp internal-sftp\nPermitRootLogin yes\n"
    )
    with _serving(sshd, "-D", "-f", str(config), "-p", "PORT") as port, _settings(HOME=str(scratch)):
        known = f"[127.0.0.1]:{port} {host.with_suffix('.pub').read_text()}"
        (scratch / ".ssh" / "known_hosts").write_text(known)
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{scratch}"


SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "memory": memory, "s3": s3, "gs": gs, "az": az, "sftp": sftp,
}  # fmt: skip


def _program(name: str, how: str) -> str:
    found = shutil.which(
        name, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"))
    )
    if found is None:
        pytest.skip(f"no {name} here: {how}")
    return found


@contextmanager
def _serving(*command: str) -> Iterator[int]:
    """A server's process, told a port in the place of PORT, once it answers there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = [part.replace("PORT", str(port)) for part in command]
    with subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                with socket.socket() as knocking:
                    if knocking.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, f"{told[0]} has ended"
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


@contextmanager
def _settings(**variables: str) -> Iterator[None]:
    """Variables for the clients here and in processes started from here; clients made meanwhile are forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            patch.delenv(name, raising=False)
        known = dict(fsspec.config.conf)
        fsspec.config.set_conf_env(fsspec.config.conf)
        try:
            yield
        finally:
            fsspec.config.conf.clear()
            fsspec.config.conf.update(known)
