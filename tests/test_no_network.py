"""No command opens a network socket unless it is one that is asked to; sockets between our own processes are of no network."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = "Nobody told the crew that the gate was locked. The Trust should train its staff by May 2024."
WATCH = """
import os, socket, sys
def watch(event, args):
    local = event.startswith("socket.") and getattr(args[0], "family", None) == socket.AF_UNIX
    tried = event == "socket.bind" and args[1][:2] == ("::1", 0)  # urllib3 asks on import whether there is IPv6, and sends nothing
    if event in NETWORK and not local and not tried:
        with open(os.environ["WATCHED"], "a") as log:
            log.write(f"{event} {args[1:]!r}\\n")
NETWORK = (
    "socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg",
    "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request", "http.client.connect",
)
sys.addaudithook(watch)
with open(os.environ["WATCHED"] + ".seen", "a") as log:
    log.write(f"{os.getpid()}\\n")
"""
COMMANDS = (
    ("run", "reports", "--workers", "1", "--no-ocr"),
    ("export", "--format", "jsonl", "-o", "out.jsonl", "--with-text", "--redact"),
    ("search", "crew"),
    ("show", "a.txt"),
    ("verify",),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "a.txt").write_text(TEXT)
    (tmp_path / "reports" / "b.csv").write_text(f'id,text\n1,"{TEXT} Again."\n')
    page = f"<html><body><p>{TEXT} More.</p><img src='http://127.0.0.1:9/x.png'><link rel='stylesheet' href='http://127.0.0.1:9/s.css'>"
    (tmp_path / "reports" / "c.html").write_text(page)
    return tmp_path


def test_no_python_code_opens_a_network_socket(folder: Path) -> None:
    watch = folder / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH)
    env = {**os.environ, "PYTHONPATH": f"{watch}{os.pathsep}{ROOT}", "WATCHED": str(folder / "sockets")}
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *command],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    seen = set((folder / "sockets.seen").read_text().split())
    assert len(seen) >= len(COMMANDS) + 2, "the workers were not watched"
    assert not (folder / "sockets").exists(), (folder / "sockets").read_text()


def test_the_watch_sees_a_socket(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(WATCH)
    env = {**os.environ, "PYTHONPATH": str(folder), "WATCHED": str(folder / "sockets")}
    subprocess.run(
        [sys.executable, "-c", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"], env=env, check=True
    )
    assert "socket.connect" in (folder / "sockets").read_text()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_system_is_asked_for_no_network_socket(
    folder: Path, failings: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    log = folder / "calls"
    strace = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    if subprocess.run([*strace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    run = [sys.executable, "-m", "pipeline", "run", "reports", "--workers", "1", "--no-ocr"]
    done = subprocess.run(
        [*strace, *run],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    calls = log.read_text()
    assert "socketpair(AF_UNIX" in calls, "the trace saw nothing"
    sent = re.findall(r"(?:connect|send\w*)\(.*(?:AF_INET|AF_PACKET).*", calls)
    bound = [line for line in re.findall(r"bind\(.*AF_INET.*", calls) if "htons(0)" not in line or "::1" not in line]
    assert not sent + bound, calls
    assert len(re.findall(r"socket\(AF_INET", calls)) == len(re.findall(r"bind\(.*AF_INET6", calls)), (
        calls
    )  # urllib3's look for IPv6
