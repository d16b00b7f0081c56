"""What only our own page may send: another one of the internet cannot write in the name of who reads it.

A browser says where a request comes from (``Sec-Fetch-Site``, where the service is reached by https or on this
machine, and ``Origin`` with whatever is written); who is no browser says neither and need not.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from pipeline.sessions import csrf_token_of

HEADER = "X-CSRF-Token"
READS = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})
FOREIGN = "this was sent by a page of another origin; only the service's own page may write"


def check_site(request: Request) -> None:
    """What is written does not come from a page of another site.

    Raises:
        HTTPException: 403, the browser says that it does.
    """
    if request.method not in READS and request.headers.get("sec-fetch-site", "none") not in OURS:
        raise HTTPException(403, FOREIGN)


def check_origin(request: Request) -> None:
    """What is written on this machine without a key comes from the page that it shows, or from no page.

    Raises:
        HTTPException: 403, it comes from another.
    """
    check_site(request)
    origin = request.headers.get("origin")
    if request.method in READS or origin is None:
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, FOREIGN)


def check_token(request: Request, secret: str) -> None:
    """What is written under a session carries its token.

    Raises:
        HTTPException: 403, it does not, or it comes from a page of another site.
    """
    if request.method in READS:
        return
    check_site(request)
    sent = request.headers.get(HEADER, "").encode("latin-1", "replace")
    if not hmac.compare_digest(sent, csrf_token_of(secret).encode()):
        raise HTTPException(
            403, f"send the session's csrf_token (GET /v1/session) as {HEADER} with whatever is written"
        )
