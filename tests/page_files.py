"""The files that a browser loads with the page, found by following what each names."""

from __future__ import annotations

import posixpath
import re

import httpx

NAMED = re.compile(r'["(](/assets/[\w./-]+|\.\.?/[\w./-]+\.m?js)["\')]')


def statuses_of_all_files(client: httpx.Client, address: str = "/") -> dict[str, int]:
    """Return the status of a file and of all that it names, however deep."""
    statuses: dict[str, int] = {}
    waiting = [address]
    while waiting:
        asked = waiting.pop()
        answer = client.get(asked)
        statuses[asked] = answer.status_code
        if "font" not in answer.headers["content-type"]:
            named = {
                posixpath.normpath(posixpath.join(posixpath.dirname(asked), n))
                for n in NAMED.findall(answer.text)
            }
            waiting += sorted(named - statuses.keys() - set(waiting))
    return statuses
