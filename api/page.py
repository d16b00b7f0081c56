"""The page: its files, and the policy that lets nothing but them run in it."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, Response

HERE = Path(__file__).parent / "dashboard"
# Of each package only what the page loads: address under /assets/vendor, and file below node_modules.
VENDORED = {
    "echarts/echarts.esm.min.mjs": "echarts/dist/echarts.esm.min.mjs",
    "lit-html/lit-html.js": "lit-html/lit-html.js",
    "vazirmatn/vazirmatn-arabic-wght-normal.woff2": "@fontsource-variable/vazirmatn/files/vazirmatn-arabic-wght-normal.woff2",
    "vazirmatn/vazirmatn-latin-wght-normal.woff2": "@fontsource-variable/vazirmatn/files/vazirmatn-latin-wght-normal.woff2",
}  # fmt: skip
OWN = re.compile(r"(core|views|styles)(/[a-z0-9-]+)+\.(js|css)|app\.js|before\.js|icon\.svg", re.ASCII)
KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
VIEWS = (
    "overview", "journey", "intents", "drivers", "brands", "messages", "customers", "asked", "support", "sources", "try",
)  # fmt: skip
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Asked again each time (a 304 costs a millisecond), so that nobody works with the page of yesterday's version.
ASK_AGAIN = {"Cache-Control": "no-cache"}
NOT_INSTALLED = (
    "the page's libraries are not installed; run make setup. The answers under /v1 work without them."
)


def serve_page(app: FastAPI) -> None:
    """The page answers under ``/`` and the names of its views, its files under ``/assets``."""
    for path in ("/", *(f"/{view}" for view in VIEWS), "/customers/{key}"):
        app.add_api_route(path, _page, include_in_schema=False, response_model=None)
    app.add_api_route(
        "/assets/{address:path}", _file, include_in_schema=False, response_model=None, methods=["GET", "HEAD"]
    )


def file_behind(address: str) -> str | None:
    """Return the file below ``api/dashboard`` that an address under ``/assets`` stands for.

    >>> file_behind("vendor/echarts/echarts.esm.min.mjs")
    'node_modules/echarts/dist/echarts.esm.min.mjs'
    >>> file_behind("package.json") is None
    True
    """
    if OWN.fullmatch(address):
        return address
    vendored = VENDORED.get(address.removeprefix("vendor/")) if address.startswith("vendor/") else None
    return vendored and f"node_modules/{vendored}"


def _page() -> FileResponse:
    if not all((HERE / "node_modules" / file).is_file() for file in VENDORED.values()):
        raise HTTPException(503, NOT_INSTALLED)
    return FileResponse(HERE / "index.html", headers=ASK_AGAIN)


async def _file(address: str, request: Request) -> Response:
    named = file_behind(address)
    if named is None or not (HERE / named).is_file():
        raise HTTPException(404, f"the page has no file {address[:80]!r}")
    file = _packed(HERE / named, (HERE / named).stat().st_mtime_ns)
    headers = ASK_AGAIN | {"ETag": file.etag, "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.kind)
    return Response(file.content, headers=headers, media_type=file.kind)


@dataclass(frozen=True)
class _Packed:
    """A file as it is sent; ``gzipped`` is empty where that would save nothing."""

    content: bytes
    gzipped: bytes
    kind: str
    etag: str


@lru_cache(maxsize=256)
def _packed(path: Path, changed_ns: int) -> _Packed:
    content = path.read_bytes()
    gzipped = b"" if path.suffix == ".woff2" else gzip.compress(content, mtime=0)
    return _Packed(content, gzipped, KINDS[path.suffix], f'"{changed_ns:x}-{len(content):x}"')
