"""A Singer tap while it runs: its files, its lines, its end. What it says on stderr is shown to nobody."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RetryLater, StopSource

CHUNK_BYTES = 65_536
MAX_LINE_BYTES = 64 * 2**20
END_WITHIN_S = 5.0
# a tap is somebody else's program: it gets what programs need, and no secrets of other sources
PASSED = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a tap is called.

    Args:
        source: Name of the source, for errors.
        command: Program and its arguments, without those that the Singer specification names.
        config: The tap's configuration with its secrets; written to a file that nobody else can read.
        catalog: File with the choice of streams; ``None``: the tap chooses.
        state: What the tap last said to go on from; ``None``: from the beginning.
        environment: Environment variables, of which ``PASSED`` and ``passed`` reach the tap.
        passed: Names of further variables that it needs.
        folder: Where it runs.
        silence_s: Seconds without a line after which it is ended.
    """

    source: str
    command: tuple[str, ...]
    config: object
    catalog: tuple[str, Path] | None
    state: object
    environment: Mapping[str, str]
    passed: tuple[str, ...]
    folder: Path
    silence_s: float

    @property
    def place(self) -> str:
        """What errors begin with; the arguments are left out, they may hold secrets."""
        return f"source {self.source}: the tap {self.command[0]}"


class RunningTap:
    """A tap that was started."""

    def __init__(self, call: Call, process: subprocess.Popen[bytes]) -> None:
        self._call = call
        self._process = process

    def lines(self) -> Iterator[bytes]:
        """Yield what it writes, line by line, until it closes its output.

        Raises:
            RetryLater: It wrote nothing for too long.
            StopSource: A line has no end.
        """
        rest = b""
        while chunk := self._read():
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > MAX_LINE_BYTES:
                raise StopSource(f"{self._call.place} wrote a line of more than {MAX_LINE_BYTES} bytes")
        if rest:
            yield rest

    def end(self, *, patience_s: float = 0.0) -> str:
        """The tap has ended, and what it started in its group with it; return how, in words.

        Args:
            patience_s: Seconds in which it may end by itself.
        """
        try:
            status = self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self._stop()
            return "it was ended"
        return f"signal {-status}" if status < 0 else f"exit status {status}"

    @property
    def status(self) -> int | None:
        """Its exit status; ``None`` while it runs."""
        return self._process.returncode

    def _read(self) -> bytes:
        stream = self._process.stdout
        if stream is None:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            if not selector.select(self._call.silence_s):
                raise RetryLater(
                    f"{self._call.place} wrote nothing for {self._call.silence_s:g} seconds (silence_s) "
                    "and was ended: run again later, nothing is lost"
                )
        return os.read(stream.fileno(), CHUNK_BYTES)

    def _stop(self) -> None:
        # the group was begun for it, so that what it started ends with it
        for number, wait_s in ((signal.SIGTERM, END_WITHIN_S), (signal.SIGKILL, None)):
            os.killpg(self._process.pid, number)
            try:
                self._process.wait(timeout=wait_s)
            except subprocess.TimeoutExpired:
                continue
            return


@contextmanager
def run_tap(call: Call) -> Iterator[RunningTap]:
    """A tap runs; when the block is left it has ended, and its files are gone.

    Raises:
        StopSource: It cannot be started.
    """
    # the folder of mkdtemp is for this user alone, and so is every file in it
    with tempfile.TemporaryDirectory(prefix="bazkhord-tap-") as folder:
        arguments = ["--config", _write(Path(folder) / "config.json", call.config)]
        if call.catalog is not None:
            arguments += [call.catalog[0], str(call.catalog[1])]
        if call.state is not None:
            arguments += ["--state", _write(Path(folder) / "state.json", call.state)]
        with _start(call, arguments) as process:
            tap = RunningTap(call, process)
            try:
                yield tap
            finally:
                tap.end()


def _start(call: Call, arguments: list[str]) -> subprocess.Popen[bytes]:
    known = {name: call.environment[name] for name in (*PASSED, *call.passed) if name in call.environment}
    try:
        return subprocess.Popen(  # noqa: S603 - the command stands in the operator's own sources.toml; no shell
            [*call.command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=call.folder,
            env={"LANG": "C.UTF-8", **known},
            start_new_session=True,
        )
    except OSError as error:
        raise StopSource(
            f"{call.place} cannot be started ({type(error).__name__}): install it, in an environment of its "
            "own, and name the path of its program in command"
        ) from error


def _write(file: Path, content: object) -> str:
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)
