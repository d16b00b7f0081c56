"""The service as a process of its own, as an operator starts it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import httpx

BAZKHORD = Path(sys.executable).with_name("bazkhord")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving_at(
    port: int,
    environment: Mapping[str, str],
    *,
    command: Sequence[str] = (str(BAZKHORD), "serve", "--port"),
    folder: Path | None = None,
) -> Iterator[str]:
    """A service on a port, ready from entering to leaving; yields its address.

    Args:
        command: What starts it, without the port that ends it.
    """
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, str(port)], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process, said)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    for _ in range(450):
        if process.poll() is not None:
            said.seek(0)
            ended = f"the service ended with {process.returncode} before it was ready"
            raise RuntimeError(f"{ended}:\n{said.read()[-2000:].decode(errors='replace')}")
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the service did not become ready within 90 seconds")
