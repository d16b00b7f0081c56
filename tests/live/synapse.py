"""A Matrix Synapse of the tests' own: on a port that was free, in a temporary folder, with real users."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.live.dovecot import find_free_ports

SERVER = "shop.example"
SHARED_SECRET = "secret-of-the-tests"
PYTHON = Path(__file__).parents[2] / ".live" / "synapse" / "bin" / "python"
CONFIGURATION = """\
server_name: {server}
report_stats: false
pid_file: {folder}/pid
signing_key_path: {folder}/signing.key
macaroon_secret_key: macaroon-of-the-tests
form_secret: form-of-the-tests
registration_shared_secret: {secret}
suppress_key_server_warning: true
trusted_key_servers: []
log_config: {folder}/log.yaml
media_store_path: {folder}/media
database:
  name: sqlite3
  args: {{database: {folder}/synapse.db}}
listeners:
  - port: {port}
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client]}}]
rc_message: {{per_second: 10000, burst_count: 10000}}
rc_login:
  address: {{per_second: 10000, burst_count: 10000}}
  account: {{per_second: 10000, burst_count: 10000}}
rc_joins:
  local: {{per_second: 10000, burst_count: 10000}}
"""
LOGGING = """\
version: 1
handlers:
  file: {{class: logging.FileHandler, filename: {folder}/log}}
root: {{level: WARNING, handlers: [file]}}
"""
numbers = count(1)


@dataclass(frozen=True)
class User:
    """A registered user, signed in."""

    id: str
    token: str


class Synapse:
    """A server that anybody may register with who knows the tests' secret."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bazkhord-synapse-"))
        self.port, _ = find_free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        given = {"folder": self.folder, "port": self.port, "server": SERVER, "secret": SHARED_SECRET}
        (self.folder / "homeserver.yaml").write_text(CONFIGURATION.format(**given), encoding="utf-8")
        (self.folder / "log.yaml").write_text(LOGGING.format(**given), encoding="utf-8")
        subprocess.run([*self._command, "--generate-keys"], check=True, capture_output=True, cwd=self.folder)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """The server answers; one that runs already goes on."""
        if self._process is not None:
            return
        self._process = subprocess.Popen(
            self._command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/_matrix/client/versions", timeout=2).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        log = self.folder / "log"
        raise RuntimeError(f"synapse does not answer:\n{log.read_text() if log.exists() else 'no log'}")

    def stop(self) -> None:
        """The server is gone, as after a crash."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def remove(self) -> None:
        """Nothing is left of it."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def register(self, name: str) -> User:
        """Return a new user of this name."""
        address = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(address, timeout=20).json()["nonce"]
        told = "\0".join([nonce, name, "password-of-the-tests", "notadmin"]).encode()
        mac = hmac.new(SHARED_SECRET.encode(), told, hashlib.sha1).hexdigest()
        given = {"nonce": nonce, "username": name, "password": "password-of-the-tests", "admin": False}
        answer = httpx.post(address, json={**given, "mac": mac}, timeout=20).raise_for_status().json()
        return User(answer["user_id"], answer["access_token"])

    def ask(self, user: User, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return what the server says to a user's request."""
        address = f"{self.url}/_matrix/client/v3{path}"
        proof = {"Authorization": f"Bearer {user.token}"}
        answer = httpx.request(method, address, json=body, headers=proof, timeout=20).raise_for_status()
        return dict(answer.json())

    def open_room(self, owner: User, *guests: User, **settings: object) -> str:
        """Return the id of a new public room that all have joined."""
        room = str(self.ask(owner, "POST", "/createRoom", {"preset": "public_chat", **settings})["room_id"])
        for guest in guests:
            self.ask(guest, "POST", f"/join/{quote(room)}", {})
        return room

    def say(self, user: User, room: str, text: str, *, msgtype: str = "m.text", **content: object) -> str:
        """Return the id of a message that a user has sent."""
        body = {"msgtype": msgtype, "body": text, **content}
        return self.send(user, room, "m.room.message", body)

    def send(self, user: User, room: str, kind: str, content: object) -> str:
        """Return the id of an event that a user has sent."""
        path = f"/rooms/{quote(room)}/send/{kind}/{next(numbers)}"
        return str(self.ask(user, "PUT", path, content)["event_id"])

    def edit(self, user: User, room: str, event: str, text: str) -> str:
        """Return the id of an edit of a message."""
        relation = {"rel_type": "m.replace", "event_id": event}
        new = {"msgtype": "m.text", "body": text}
        return self.say(user, room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    def take_back(self, user: User, room: str, event: str) -> None:
        """A message is redacted."""
        self.ask(user, "PUT", f"/rooms/{quote(room)}/redact/{quote(event)}/{next(numbers)}", {})

    def sent_at_ms(self, user: User, room: str, event: str) -> int:
        """Return when the server got an event."""
        return int(self.ask(user, "GET", f"/rooms/{quote(room)}/event/{quote(event)}")["origin_server_ts"])

    @property
    def _command(self) -> list[str]:
        return [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(self.folder / "homeserver.yaml")]
