"""A Dovecot of the tests' own: a process without privileges, on ports that were free, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER = "help@shop.example"
PASSWORD = "secret-of-the-tests"
CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


class Dovecot:
    """A server with one account, whose folders lie under ``folder``."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bazkhord-dovecot-"))
        account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._uid, self._gid, self._user = account.pw_uid, account.pw_gid, account.pw_name
        self.port, self.tls_port = find_free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self._write_files()

    @property
    def certificate(self) -> Path:
        """Certificate that clients have to trust."""
        return self.folder / "certificate.pem"

    def start(self) -> None:
        """The server answers on both ports; one that runs already goes on."""
        if self._process is not None:
            return
        command = ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        as_root = {"user": self._uid, "group": self._gid, "extra_groups": []} if os.getuid() == 0 else {}
        self._process = subprocess.Popen(command, cwd=self.folder, start_new_session=True, **as_root)  # type: ignore[call-overload]
        for port in (self.port, self.tls_port):
            self._wait_for(port)

    def stop(self) -> None:
        """The server and all its connections are gone."""
        if self._process is not None:
            # the group was begun for it: its processes for single connections end with it
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=20)
            self._process = None

    def remove(self) -> None:
        """Nothing is left of it."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget_uids(self) -> None:
        """The server has to number its mails anew, as after its index was lost: UIDVALIDITY changes."""
        for name in ("dovecot-uidlist", "dovecot.index.log", "dovecot.index", "dovecot.index.cache"):
            for file in (self.folder / "mail").rglob(name):
                file.unlink()

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = self.folder / "log"
        raise RuntimeError(f"dovecot does not answer:\n{log.read_text() if log.exists() else 'no log'}")

    def _write_files(self) -> None:
        name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name,
             "-keyout", "key.pem", "-out", "certificate.pem"],
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        given = {"user": self._user, "uid": self._uid, "gid": self._gid, "folder": self.folder}
        given |= {"port": self.port, "tls_port": self.tls_port, "password": PASSWORD}
        group = subprocess.run(["id", "-gn", self._user], check=True, capture_output=True, text=True)
        text = CONFIGURATION.format(**given, group=group.stdout.strip())
        (self.folder / "dovecot.conf").write_text(text, encoding="utf-8")
        for name_of_folder in ("run", "mail", "home"):
            (self.folder / name_of_folder).mkdir()
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self._uid, self._gid)


def find_free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])
