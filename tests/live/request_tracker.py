"""A Request Tracker of the tests' own: one process, a data base of its own, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.live.dovecot import find_free_ports

SERVER = Path("/usr/share/request-tracker5/libexec/standalone_httpd")
SETUP, GATEWAY = "rt-setup-database-5", "rt-mailgate-5"
AGENT, READER, ADMINISTRATOR = "agent", "reader", "root"
PASSWORDS = {AGENT: "secret-of-the-agent", ADMINISTRATOR: "password"}
# far from UTC, westward: a moment that were told without a zone would lie hours too late
CONFIGURATION = """\
Set($rtname, 'shop.example');
Set($Organization, 'shop.example');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($Timezone, 'America/Los_Angeles');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.sqlite');
Set($MailCommand, 'testfile');
Set($HTMLFormatter, 'core');
Set($BcryptCost, 4);
Set($LogToFile, 'warning');
Set($LogDir, '{folder}');
Set($LogToSyslog, undef);
Set($LogToSTDERR, undef);
Set(%GnuPG, Enable => 0);
Set(%SMIME, Enable => 0);
$RT::MasonDataDir = '{folder}/mason';
$RT::MasonSessionDir = '{folder}/sessions';
1;
"""
# a token cannot be made over REST2
CONTENTS = """\
use utf8;
our @Users = (
    {{ Name => '{agent}', EmailAddress => 'agent@shop.example', Password => '{password}', Privileged => 1 }},
    {{ Name => '{reader}', EmailAddress => 'reader@shop.example', Privileged => 1 }},
);
our @CustomFields = (map {{
    {{ Name => $_, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => 0 }}
}} ('محصول', 'شهر'));
our @ACL = (
    (map {{ {{ Right => $_, GroupDomain => 'SystemInternal', GroupType => 'Everyone' }} }}
        qw(CreateTicket ReplyToTicket SeeQueue)),
    (map {{ {{ Right => $_, UserId => '{reader}' }} }} qw(ShowTicket SeeQueue SeeCustomField)),
    (map {{ {{ Right => $_, UserId => '{agent}' }} }}
        qw(ShowTicket ShowTicketComments SeeQueue SeeCustomField ModifyTicket ModifyCustomField
           CommentOnTicket DeleteTicket)),
);
our @Final = (sub {{
    my $user = RT::User->new(RT->SystemUser);
    $user->Load('{reader}');
    my (undef, undef, $secret) = RT::AuthToken->new(RT->SystemUser)->Create(
        Owner => $user->Id, Description => 'tests');
    open my $file, '>', '{folder}/token' or die $!;
    print $file $secret;
}});
1;
"""
numbers = count(1)


def is_installed() -> bool:
    """Say whether Request Tracker can be started here."""
    return SERVER.exists() and all(shutil.which(name) for name in (SETUP, GATEWAY))


@dataclass(frozen=True)
class Written:
    """A transaction of a ticket, as the server tells it to an agent."""

    id: str
    kind: str
    creator: str
    at: datetime


class RequestTracker:
    """A server with an agent who answers and a reader whose token reads."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bazkhord-rt-"))
        self.port, _ = find_free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("mason", "sessions", "snippets"):
            (self.folder / name).mkdir()
        given = {"folder": self.folder, "port": self.port}
        (self.folder / "site.pm").write_text(CONFIGURATION.format(**given), encoding="utf-8")
        given |= {"agent": AGENT, "reader": READER, "password": PASSWORDS[AGENT]}
        (self.folder / "contents").write_text(CONTENTS.format(**given), encoding="utf-8")
        self._environment = os.environ | {
            "RT_SITE_CONFIG": str(self.folder / "site.pm"),
            "RT_SITE_CONFIG_DIR": str(self.folder / "snippets"),
            "TMPDIR": str(self.folder),
        }
        self._run(SETUP, "--action", "init", "--skip-create")
        self._run(SETUP, "--action", "insert", "--datafile", str(self.folder / "contents"))

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """The authentication token of the reader."""
        return (self.folder / "token").read_text(encoding="utf-8")

    def start(self) -> None:
        """The server answers; one that runs already goes on."""
        if self._process is not None:
            return
        command = [str(SERVER), "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/REST/2.0/rt", timeout=10)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"Request Tracker does not answer:\n{(self.folder / 'server.log').read_text()}")

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

    def ask(self, method: str, path: str, body: object = None, *, user: str = AGENT) -> Any:
        """Return what the server says to a user's request."""
        answer = httpx.request(
            method, f"{self.url}/REST/2.0{path}", json=body, auth=(user, PASSWORDS[user]), timeout=30
        )
        return answer.raise_for_status().json() if answer.content else None

    def open_queue(self) -> str:
        """Return the name of a new queue."""
        name = f"پشتیبانی {next(numbers)}"
        self.ask("POST", "/queue", {"Name": name}, user=ADMINISTRATOR)
        return name

    def merge(self, ticket: str, into: str) -> None:
        """A ticket has become part of another, which REST2 cannot do."""
        address = f"{self.url}/REST/1.0/ticket/{ticket}/merge/{into}"
        answer = httpx.post(address, data={"user": AGENT, "pass": PASSWORDS[AGENT]}, timeout=30)
        if "Merge completed" not in answer.text:
            raise RuntimeError(f"the tickets were not merged: {answer.text}")

    def mail(self, queue: str, message: EmailMessage) -> None:
        """A mail has come in through the mail gateway."""
        self._run(
            GATEWAY, "--url", self.url, "--queue", queue, "--action", "correspond", stdin=message.as_bytes()
        )

    def tickets(self, queue: str) -> list[str]:
        """Return the numbers of a queue's tickets, oldest first."""
        query = {"query": f"Queue = '{queue}'", "orderby": "id"}
        found = self.ask("GET", f"/tickets?{httpx.QueryParams(query)}")
        return [str(one["id"]) for one in found["items"]]

    def written(self, ticket: str) -> list[Written]:
        """Return what was written in a ticket and to whom, oldest first."""
        found = self.ask("GET", f"/ticket/{ticket}/history?fields=Type,Creator,Created&per_page=100")
        return [
            Written(one["id"], one["Type"], one["Creator"]["id"], datetime.fromisoformat(one["Created"]))
            for one in found["items"]
            if one["Type"] in ("Create", "Correspond", "Comment")
        ]

    def _run(self, *command: str, stdin: bytes = b"") -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, input=stdin, capture_output=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout.decode()}{done.stderr.decode()}")
