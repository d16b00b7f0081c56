"""What a browser is shown at an address that the page does not have; API clients get a problem."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

# Whoever asks below these is a program, whatever it says that it takes.
FOR_PROGRAMS = ("/v1", "/assets", "/docs", "/redoc", "/openapi.json", "/health", "/metrics")
# Both languages are in it: before.js says which was chosen last time, and styles/shell.css shows that one.
PAGE = """<!doctype html>
<html lang="fa" dir="rtl">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>404 · بازخورد · bazkhord</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/styles/base.css">
    <link rel="stylesheet" href="/assets/styles/shell.css">
    <link rel="stylesheet" href="/assets/styles/parts.css">
    <script src="/assets/before.js"></script>
  </head>
  <body>
    <div id="page"><main class="alone panel not-found">
      <img src="/assets/icon.svg" alt="" width="48" height="48">
      <div class="in-fa"><h1>این صفحه را نداریم</h1>
        <p class="hint">شاید نشانی ناقص است یا جای صفحه عوض شده است.</p>
        <p><a class="button" href="/overview?lang=fa">رفتن به نمای کلی</a></p></div>
      <div class="in-en" lang="en" dir="ltr"><h1>There is no such page</h1>
        <p class="hint">The address may be incomplete, or the page has moved.</p>
        <p><a class="button" href="/overview?lang=en">To the overview</a></p></div>
    </main></div>
  </body>
</html>
"""


def is_of_a_reader(request: Request) -> bool:
    """Whether a browser asks for a page, and not a program for an answer or a file."""
    path = request.url.path
    is_program = any(path == one or path.startswith(f"{one}/") for one in FOR_PROGRAMS)
    takes_pages = "text/html" in request.headers.get("accept", "")
    return request.method in {"GET", "HEAD"} and takes_pages and not is_program


def page_not_found() -> HTMLResponse:
    """Return the page that says so, with a way back."""
    return HTMLResponse(PAGE, 404, headers={"Vary": "Accept", "Cache-Control": "no-cache"})
