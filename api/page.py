"""The page: its files, and the policy that lets nothing but them run in it."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent / "dashboard"
VENDORED = {
    "echarts": HERE / "node_modules/echarts/dist",
    "lit-html": HERE / "node_modules/lit-html",
    "vazirmatn": HERE / "node_modules/@fontsource-variable/vazirmatn/files",
}
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

    def page() -> FileResponse:
        if not all(folder.is_dir() for folder in VENDORED.values()):
            raise HTTPException(503, NOT_INSTALLED)
        return FileResponse(HERE / "index.html", headers=ASK_AGAIN)

    for path in ("/", *(f"/{view}" for view in VIEWS), "/customers/{key}"):
        app.add_api_route(path, page, include_in_schema=False, response_model=None)
    for name, folder in VENDORED.items():
        app.mount(f"/assets/vendor/{name}", _files(folder))
    for name in OWN:
        app.mount(f"/assets/{name}", _files(HERE / name))
    app.add_api_route("/assets/{name}", _own_file, include_in_schema=False, response_model=None)


def _own_file(name: str) -> FileResponse:
    if name not in OWN_FILES:
        raise HTTPException(404, f"the page has no file {name[:50]!r}")
    return FileResponse(HERE / name, headers=ASK_AGAIN)


class _Files(StaticFiles):
    """A folder of files that a browser asks for again each time, getting 304 while they are the same."""

    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        """Return the file, or 304."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(ASK_AGAIN)
        return response


def _files(folder: Path) -> GZipMiddleware:
    return GZipMiddleware(_Files(directory=folder, check_dir=False), minimum_size=1024)
