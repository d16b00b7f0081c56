"""The page: its files, and the policy that lets nothing but them run in it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent / "dashboard"
# Of each package only what the page loads: address under /assets/vendor, and file below node_modules.
VENDORED = {
    "echarts/echarts.esm.min.mjs": "echarts/dist/echarts.esm.min.mjs",
    "lit-html/lit-html.js": "lit-html/lit-html.js",
    "vazirmatn/vazirmatn-arabic-wght-normal.woff2": "@fontsource-variable/vazirmatn/files/vazirmatn-arabic-wght-normal.woff2",
    "vazirmatn/vazirmatn-latin-wght-normal.woff2": "@fontsource-variable/vazirmatn/files/vazirmatn-latin-wght-normal.woff2",
}  # fmt: skip
OWN = ("core", "views", "styles")
OWN_FILES = ("app.js", "before.js", "icon.svg")
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
    app.mount("/assets", GZipMiddleware(_Files(directory=HERE), minimum_size=1024))


def file_behind(address: str) -> str | None:
    """Return the file below ``api/dashboard`` that an address under ``/assets`` stands for.

    >>> file_behind("vendor/echarts/echarts.esm.min.mjs")
    'node_modules/echarts/dist/echarts.esm.min.mjs'
    >>> file_behind("package.json") is None
    True
    """
    path = PurePosixPath(address)
    if path.parts[:1] == ("vendor",):
        vendored = VENDORED.get(address.removeprefix("vendor/"))
        return vendored and f"node_modules/{vendored}"
    is_ours = address in OWN_FILES or (path.parts[:1] != path.parts and path.parts[0] in OWN)
    return address if is_ours and path.suffix in {".js", ".css", ".svg"} else None


def _page() -> FileResponse:
    if not all((HERE / "node_modules" / file).is_file() for file in VENDORED.values()):
        raise HTTPException(503, NOT_INSTALLED)
    return FileResponse(HERE / "index.html", headers=ASK_AGAIN)


class _Files(StaticFiles):
    """The files of the page and no other; a browser asks for them again each time, getting 304 while they are the same."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file behind an address, and what the system knows of it."""
        file = file_behind(path)
        if file is None:
            raise HTTPException(404, f"the page has no file {path[:80]!r}")
        return super().lookup_path(file)

    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        """Return the file, or 304."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(ASK_AGAIN)
        return response
