"""The files of the page: only those that are named are served, and they ask nothing of any other host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.page import HERE, VENDORED, VIEWS, file_behind
from tests.page_files import statuses_of_all_files
from tests.service import serving, settings_of

OURS = sorted(
    path
    for path in HERE.rglob("*")
    if path.suffix in {".js", ".css", ".html", ".svg"}
    and "node_modules" not in path.parts
    and path.name != "eslint.config.js"
)
LINT = ["./with-node", "node_modules/.bin/eslint", "--format", "json", "--stdin", "--stdin-filename"]
needs_libraries = pytest.mark.skipif(
    not (HERE / "node_modules/echarts").is_dir() and os.environ.get("CI") != "true",
    reason="the page's libraries are not installed: run make setup",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("page")
    with serving(settings_of(f"sqlite:///{folder}/bazkhord.db", folder)) as opened:
        yield opened


@needs_libraries
def test_the_page_and_all_that_it_loads_are_served(client: TestClient) -> None:
    statuses = statuses_of_all_files(client)

    assert {address: status for address, status in statuses.items() if status != 200} == {}
    assert {f"/assets/views/{view}.js" for view in VIEWS} <= statuses.keys()
    assert {f"/assets/vendor/{name}" for name in VENDORED} <= statuses.keys()


@needs_libraries
@pytest.mark.parametrize("address", ["/", *(f"/{view}" for view in VIEWS), "/customers/c-1"])
def test_each_view_is_the_page(client: TestClient, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == (HERE / "index.html").read_text(encoding="utf-8")


@needs_libraries
def test_the_policy_lets_nothing_but_the_pages_own_files_run(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("address", ["/no-such-view", "/overview/more", "/assets/views/no-such-view.js"])
def test_what_there_is_not_is_a_problem(client: TestClient, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("address", ["/no-such-view", "/overview/more", "/v1x"])
def test_a_browser_is_led_back_from_an_address_that_there_is_not(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"Accept": BROWSER})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept"
    assert '<a class="button" href="/overview?lang=fa">' in answer.text


@pytest.mark.parametrize("address", ["/v1", "/v1/nothing", "/v1/trend/1", "/assets/nothing.js", "/metrics/1"])
def test_what_is_for_programs_answers_a_browser_with_a_problem_too(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"Accept": BROWSER})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "accepted"), [("POST", BROWSER), ("GET", "*/*"), ("GET", "application/json")]
)
def test_programs_are_answered_with_a_problem_everywhere(
    client: TestClient, method: str, accepted: str
) -> None:
    answer = client.request(method, "/no-such-view", headers={"Accept": accepted})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "index.html",
        "core/../package.json",
        "core/%2e%2e/package.json",
        "core/..%2f..%2fsecurity.py",
        "%2e%2e/%2e%2e/page.py",
        "..%5c..%5cpage.py",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "core/%00",
        "core",
        "",
        "node_modules/axe-core/axe.min.js",
        "vendor/axe-core/axe.min.js",
        "vendor/lit-html/package.json",
        "vendor/lit-html/../../package.json",
        "vendor/echarts/echarts.js",
    ],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    answer = client.get(f"/assets/{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "address", ["/assets/app.js", "/assets/core/page.js", "/assets/styles/base.css", "/assets/icon.svg"]
)
def test_a_file_that_did_not_change_is_not_sent_again(client: TestClient, address: str) -> None:
    first = client.get(address)

    second = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    other = client.get(address, headers={"If-None-Match": '"another"'})

    assert first.headers["cache-control"] == "no-cache"
    assert (second.status_code, second.content) == (304, b"")
    assert other.status_code == 200


def test_a_file_is_packed_for_who_takes_it_packed(client: TestClient) -> None:
    packed = client.get("/assets/app.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/assets/app.js", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == (HERE / "app.js").read_text(encoding="utf-8")
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("/assets/app.js", "text/javascript; charset=utf-8"),
        ("/assets/styles/base.css", "text/css; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
        pytest.param(
            "/assets/vendor/echarts/echarts.esm.min.mjs",
            "text/javascript; charset=utf-8",
            marks=needs_libraries,
        ),
    ],
)
def test_a_file_says_what_it_is(client: TestClient, address: str, kind: str) -> None:
    assert client.get(address).headers["content-type"] == kind


def test_what_is_vendored_is_what_the_wheel_holds() -> None:
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    packed = set(project["tool"]["setuptools"]["package-data"]["api"])

    assert {f"dashboard/node_modules/{file}" for file in VENDORED.values()} <= packed
    assert [str(path) for path in OURS if not is_packed(path, packed)] == []


def is_packed(path: Path, packed: set[str]) -> bool:
    return any(path.relative_to(HERE.parent).match(pattern) for pattern in packed)


@needs_libraries
def test_the_wheel_holds_the_licences_of_what_it_holds() -> None:
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["setuptools"]["package-data"]["api"]
    licences = [name for name in packed if "LICENSE" in name or "NOTICE" in name]

    assert [name for name in licences if not (HERE.parent / name).is_file()] == []
    packages = {re.search(r"node_modules/((?:@[^/]+/)?[^/]+)", name)[1] for name in licences}  # type: ignore[index]
    assert packages == {"echarts", "zrender", "lit-html", "@fontsource-variable/vazirmatn"}


def test_the_lock_file_names_hashes_and_no_registry() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: told for name, told in lock["packages"].items() if name}

    assert [name for name, told in packages.items() if "resolved" in told] == []
    assert [name for name, told in packages.items() if "integrity" not in told] == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(HERE)))
def test_a_file_names_no_other_host(path: Path) -> None:
    named = re.findall(r"https?:\\?/\\?/[^\s\"'`)]+|[\"'(]//[\w.-]+", path.read_text(encoding="utf-8"))

    assert [address for address in named if address != "http://www.w3.org/2000/svg"] == []


@pytest.mark.parametrize(
    "path", [path for path in OURS if path.suffix != ".css"], ids=lambda path: str(path.relative_to(HERE))
)
def test_a_file_has_no_inline_style_or_script_and_makes_no_markup_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"\sstyle=[^$]|<style|\son[a-z]+=[\"']|javascript:", text) == []
    assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafe[A-Z]\w+|\beval\(", text)
        == []
    )


def lint(name: str, text: str) -> list[str]:
    """Return what ``make check`` says of a file of this text: rule and words."""
    done = subprocess.run(
        [*LINT, name], input=text, cwd=HERE, capture_output=True, check=False, encoding="utf-8", timeout=120
    )
    assert done.returncode in {0, 1}, done.stderr
    return [f"{said['ruleId']}: {said['message']}" for said in json.loads(done.stdout)[0]["messages"]]


@needs_libraries
def test_words_that_one_language_lacks_are_found() -> None:
    said = lint(
        "views/made-up.js", "export const T = {fa: {one: '۱', two: '۲'}, en: {one: '1', three: '3'}};\n"
    )

    assert said == ["ours/same-words: en lacks two; fa lacks three"]


@needs_libraries
def test_words_that_nobody_wrote_are_found() -> None:
    said = lint("views/made-up.js", "export const draw = (page) => page.t.overview + page.t.overveiw;\n")

    assert said == ["ours/known-words: WORDS has no overveiw"]


def test_a_file_behind_an_address_is_named_one_by_one() -> None:
    assert file_behind("vendor/lit-html/lit-html.js") == "node_modules/lit-html/lit-html.js"
    assert file_behind("vendor/lit-html/static.js") is None
    assert file_behind("views/overview.js") == "views/overview.js"
    assert file_behind("views/overview.map") is None
    assert file_behind(".") is None
