"""What customers wrote, who they are, and secrets stand in no log, no error and no dead letter."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from api.app import create_app
from models.labels import Prediction
from models.levels import Levels
from pipeline.analyze import Analyzer
from pipeline.failures import places_of
from pipeline.keys import add_key
from pipeline.store import open_store
from tests.api_feedback import NOW, TEHRAN
from tests.service import settings_of

WORDS = "zebraprivate"
NAME = "quaggaperson"
PHONE = "09121234567"
TOKEN = "okapi-s3cret-token"
PRIVATE = (WORDS, NAME, PHONE, TOKEN)
SOURCES = """
[sources.table]
connector = "table_file"
path = "table.csv"
channel = "review"
zone = "Asia/Tehran"
fields = {{ id = "id", text = "text", created_at = "date", author_id = "name", author_phone = "phone" }}
[sources.lines]
connector = "json_file"
path = "lines.jsonl"
channel = "chat"
fields = {{ id = "id", text = "text", nps = "nps" }}
optional = ["nps"]
[sources.document]
connector = "json_file"
path = "document.json"
channel = "chat"
fields = {{ id = "id", text = "text" }}
[sources.mails]
connector = "mbox_file"
path = "mails.mbox"
[sources.book]
connector = "table_file"
path = "book.xlsx"
channel = "review"
fields = {{ id = "id", text = "text" }}
[sources.desk]
connector = "zammad"
base_url = "{url}"
token_env = "DESK_TOKEN"
attempts = 1
[sources.blog]
connector = "feed"
base_url = "{url}/feed"
attempts = 1
"""
FILES = {
    "table.csv": f"id,text,date,name,phone\n1,{WORDS},2026-01-01,{NAME},{PHONE}\n2,{WORDS},{WORDS},{NAME},{PHONE}\n"
    f'3,{WORDS}\n4,"{WORDS}"x,2026-01-01,{NAME},{PHONE}\n',
    "lines.jsonl": f'{{"id": 1, "text": "{WORDS}"}}\n{{"id": 2, "text": "{WORDS}\n{{"id": 3, "text": {{"a": "{WORDS}"}}}}\n'
    f'{{"id": 4, "text": "x", "nps": "{WORDS}"}}\n["{WORDS}"]\n',
    "document.json": f'[{{"id": 1, "text": "{WORDS}"}}, {{"id": 2, "text": "{WORDS}',
    "mails.mbox": f"From a@b Thu Jan  1 10:00:00 2026\nFrom: {NAME} <{NAME}@example.com>\nDate: {WORDS}\nMessage-ID: <1@x>\n"
    f"Subject: {WORDS}\n\n{WORDS}\n",
    "book.xlsx": WORDS,
}


@pytest.fixture
def desk() -> Iterator[str]:
    """A server that answers each question with what nobody may see, as a failure."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'{{"error": "{WORDS} {NAME} {TOKEN}"'.encode()
            self.send_response(200 if "feed" in self.path else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def private_in(told: str) -> list[str]:
    return [one for one in PRIVATE if one in told]


def test_pulling_and_classifying_at_the_level_debug_tell_nothing_private(desk: str, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=desk))
    environment = {
        **os.environ,
        "BAZKHORD_DATA_DIR": str(tmp_path / "var"),
        "BAZKHORD_SOURCES_FILE": "sources.toml",
        "BAZKHORD_LOG_LEVEL": "debug",
        "DESK_TOKEN": TOKEN,
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [sys.executable, "-m", "pipeline"]

    ended = [
        subprocess.run(
            [*command, *what], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        for what in (["pull"], ["classify"])
    ]
    told = "".join(one.stdout + one.stderr for one in ended)

    assert "desk stopped" in told
    assert "DEBUG pipeline" in told
    assert private_in(told) == []
    assert "Traceback" not in told
    letters = read_all(tmp_path / "var" / "bazkhord.db", "dead_letters")
    assert len(letters) >= 7
    assert private_in(str(letters)) == []
    assert private_in(str(read_all(tmp_path / "var" / "bazkhord.db", "sources"))) == []


def read_all(file: Path, table: str) -> list[tuple[object, ...]]:
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return rows


@dataclass(frozen=True)
class Breaks:
    """A model that fails with words that hold what it was given."""

    levels = Levels()
    confusion: ClassVar[Mapping[str, Mapping[str, list[list[int]]]]] = {}
    version: str = "v1"

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        raise RuntimeError(f"cannot read {texts[0]}")


WRONG_BODIES = (
    f'{{"text": "{WORDS}"'.encode(),
    json.dumps({"text": {"a": WORDS}}).encode(),
    json.dumps({"texts": [WORDS, 7], "items": WORDS}).encode(),
    json.dumps(
        {"id": "1", "text": WORDS, "created_at": WORDS, "author": {"phone": PHONE, "name": NAME}}
    ).encode(),
    json.dumps({"key": f"bzk_{TOKEN}", "x": WORDS}).encode(),
    json.dumps([WORDS]).encode(),
    f"{WORDS}\xff".encode("latin-1"),
)


def test_no_answer_and_no_log_of_the_service_tells_anything_private(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"sqlite:///{tmp_path}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        key = add_key(store, "tester", "admin")
    unlimited = {f"rate_limit_{kind}per_minute": 0 for kind in ("", "analyze_", "push_")}
    settings = settings_of(url, tmp_path, log_level="debug", **unlimited)
    app = create_app(settings, analyzer=Analyzer(Breaks()), clock=lambda: NOW)
    answers = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for headers in (
            {"X-API-Key": key},
            {"Authorization": f"Bearer bzk_{TOKEN}"},
            {"Cookie": f"bazkhord_session={TOKEN}"},
        ):
            answers.append(client.get(f"/v1/feedback?q={WORDS}", headers=headers))
            answers.append(client.get(f"/v1/trend?q={WORDS}&bucket=x", headers=headers))
            answers.append(
                client.post(f"/v1/webhooks/none?token={TOKEN}", headers=headers, json={"text": WORDS})
            )
            answers.append(client.post("/v1/analyze", headers=headers, json={"text": WORDS}))
            for body in WRONG_BODIES:
                for path in ("/v1/analyze", "/v1/feedback", "/v1/session", "/v1/events"):
                    sent = headers | {"Content-Type": "application/json"}
                    answers.append(client.post(path, content=body, headers=sent))
    wrong = [answer for answer in answers if answer.status_code >= 400]

    assert 500 in {answer.status_code for answer in wrong}
    assert [answer.url for answer in wrong if private_in(answer.text)] == []
    ours = "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("httpx"))
    assert "RuntimeError at" in ours
    assert private_in(ours + "".join(capfd.readouterr())) == []


def test_where_an_error_happened_is_told_without_its_words() -> None:
    try:
        try:
            int(WORDS)
        except ValueError as error:
            raise RuntimeError(WORDS) from error
    except RuntimeError as error:
        told = places_of(error)

    assert told.startswith(f"RuntimeError at {__file__}:")
    assert "; after ValueError at" in told
    assert private_in(told) == []


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("headers")
    app = create_app(
        settings_of(f"sqlite:///{folder}/bazkhord.db", folder), analyzer=Analyzer(Breaks()), clock=lambda: NOW
    )
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


def test_every_answer_carries_the_headers_for_safety(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]
    paths = [
        *described,
        "/",
        "/overview",
        "/assets/app.js",
        "/assets/none.js",
        "/nothing",
        "/v1/nothing",
        "/openapi.json",
    ]
    without: dict[str, list[str]] = {}
    for path in paths:
        for method in ("GET", "POST", "DELETE"):
            headers = client.request(method, path.replace("{", "").replace("}", "")).headers
            missing = [
                name
                for name in ("x-content-type-options", "referrer-policy", "content-security-policy")
                if name not in headers
            ]
            if path.startswith("/v1") and headers.get("cache-control") not in {
                "no-store",
                "private, no-cache",
            }:
                missing.append("cache-control")
            if missing:
                without[f"{method} {path}"] = missing

    assert len(paths) > 30
    assert without == {}
