"""A real Label Studio server for tests: in an environment of its own, its database migrated once and copied from then on.

usage: python tests/label_studio_server.py     install and migrate, unless that is done already
"""

import os
import shutil
import socket
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

VERSION = "1.23.2"
ADMIN, PASSWORD, TOKEN = "admin@example.com", "a-password-for-tests", "0123456789abcdef0123456789abcdef01234567"
READY = "migrated"
COLD_SECONDS, WARM_SECONDS = 400, 90


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, and the folder of its data."""

    url: str
    data: Path


def folder() -> Path:
    """Where the environment and the migrated database are kept."""
    named = os.environ.get("FAILINGS_LABEL_STUDIO")
    return Path(named) if named else Path.home() / ".cache" / "failings" / f"label-studio-{VERSION}"


def install(place: Path) -> None:
    """Make the environment and the migrated database; what is there is kept."""
    if (place / READY).exists():
        return
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place / "env", with_pip=True)
    subprocess.run([place / "env/bin/pip", "install", "--quiet", f"label-studio=={VERSION}"], check=True)
    with running(place / "env", place / "template", within=COLD_SECONDS):
        pass
    (place / READY).touch()


@contextmanager
def running(
    environment: Path, data: Path, *, within: float = WARM_SECONDS, port: int | None = None
) -> Iterator[Server]:
    """Start the server on a free port of the loopback interface and stop it at the end."""
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [
        environment / "bin/label-studio",
        "start",
        "--no-browser",
        "--internal-host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (data / "log").open("ab") as log:
        process = subprocess.Popen(
            command, env=_settings(environment, data), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}", data / "log", within)
            yield Server(f"http://127.0.0.1:{port}", data)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _settings(environment: Path, data: Path) -> dict[str, str]:
    """Nothing of our own environment: the server reads bare names such as PORT and DEBUG from it. No call to the outside."""
    return {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(data), "LANG": "C.UTF-8",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data), "LABEL_STUDIO_USERNAME": ADMIN, "LABEL_STUDIO_PASSWORD": PASSWORD,
        "LABEL_STUDIO_USER_TOKEN": TOKEN, "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true", "COLLECT_ANALYTICS": "0", "LATEST_VERSION_CHECK": "0",
        "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "", "FEATURE_FLAGS_OFFLINE": "1", "ML_BLOCK_LOCAL_IP": "0",
        "SSRF_PROTECTION_ENABLED": "0",
    }  # fmt: skip


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path, within: float) -> None:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"Label Studio ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise RuntimeError(f"Label Studio did not start within {within} s: {log.read_text()[-2000:]}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def sign_up(server: Server, email: str) -> str:
    """Make another user, as an invitation does, and return that user's personal access token."""
    admin = {"Authorization": f"Token {TOKEN}"}
    invitation = httpx.get(f"{server.url}/api/invite", headers=admin).json()["invite_url"]
    with httpx.Client(base_url=server.url, headers={"Referer": server.url}) as browser:
        browser.get(invitation)
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "email": email, "password": PASSWORD}
        assert browser.post(invitation, data=form).status_code == 302
        answer = browser.post("/api/token/", headers={"X-CSRFToken": browser.cookies["csrftoken"]})
        token: str = answer.json()["token"]
        return token


if __name__ == "__main__":
    install(folder())
