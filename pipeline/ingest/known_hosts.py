"""Files by SFTP from hosts that `ssh` knows, and from no other: fsspec alone takes whoever answers for the host."""

from typing import Any

import paramiko  # type: ignore[import-untyped]
from fsspec.implementations.sftp import SFTPFileSystem  # type: ignore[import-untyped]


class KnownHosts(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's file system, which checks the host's key against `~/.ssh/known_hosts`; raises paramiko.SSHException."""

    client: Any
    ftp: Any

    def _connect(self) -> None:
        self.client = paramiko.SSHClient()
        self.client.load_system_host_keys()
        self.client.connect(self.host, **self.ssh_kwargs)
        self.ftp = self.client.open_sftp()
