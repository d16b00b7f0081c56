"""What is fuzzed: each takes bytes and returns, or raises an error of our own; anything else is a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import httpx
from fastapi.testclient import TestClient

from api.app import create_app
from models.clauses import split_clauses
from models.normalize import normalize
from pipeline.analyze import Analyzer
from pipeline.connectors import build_connector
from pipeline.connectors.feed_document import parse_feed
from pipeline.connectors.http_answers import TryAgain
from pipeline.connectors.http_client import Network
from pipeline.errors import BazkhordError
from pipeline.keys import add_key
from pipeline.prepare import prepare
from pipeline.records import Channel, Feedback, TextFormat
from pipeline.store import open_store
from tests.api_feedback import NOW, SMALL, TEHRAN, fill
from tests.fuzz.corpus import excel
from tests.service import SaysLate, settings_of

KEY = b"k" * 32
FIELDS = {"id": "id", "text": "text", "created_at": "created_at"}
JSON_FIELDS = FIELDS | {
    "rating": {"column": "rating", "lowest": 1, "highest": 5},
    "author_phone": "author.phone",
}
WEBHOOK = """[webhooks.hook]
secret_env = "HOOK_SECRET"
proof = { kind = "token" }
channel = "chat"
fields = { id = "message.id", text = "message.text", created_at = "message.created_at", rating = { column = "message.rating", lowest = 1, highest = 5 } }
optional = ["message.rating", "message.created_at"]
"""
Target = Callable[[bytes], None]


class ServerError(Exception):
    """The service answered with a status of 500 or more, or without the shape of errors."""


@contextmanager
def targets() -> Iterator[Mapping[str, Target]]:
    """Every target by its name, over a service and a folder that are gone at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="bazkhord-fuzz-")))
        client, headers = stack.enter_context(_client(folder))
        yield _of_files(folder) | _of_texts() | _of_requests(client, headers)


def _of_files(folder: Path) -> dict[str, Target]:
    table = {"channel": "review", "fields": FIELDS, "zone": "Asia/Tehran"}
    rows = {"channel": "review", "fields": JSON_FIELDS, "zone": "Asia/Tehran"}
    return {
        "csv": _file(folder / "a.csv", "table_file", table),
        "csv_gz": _file(folder / "a.csv.gz", "table_file", table),
        "excel": _file(folder / "a.xlsx", "table_file", table),
        "sheet": _file(folder / "b.xlsx", "table_file", table, packed=excel),
        "json_lines": _file(folder / "a.jsonl", "json_file", rows),
        "json_document": _file(folder / "a.json", "json_file", rows | {"items": "items"}),
        "mbox": _file(folder / "a.mbox", "mbox_file", {"agents": ["shop.ir"]}),
        "telegram": _file(folder / "result.json", "telegram_export", {"agents": ["user9"]}),
        "whatsapp": _file(folder / "a.txt", "whatsapp_export", {"agents": ["z"], "zone": "Asia/Tehran"}),
        "feed": _feed,
        "http_json": _http_json,
    }


def _file(
    file: Path, kind: str, arguments: dict[str, object], *, packed: Callable[[bytes], bytes] = bytes
) -> Target:
    source = build_connector("shop", kind, arguments | {"path": file.name}, now=lambda: NOW, root=file.parent)

    def read(data: bytes) -> None:
        file.write_bytes(packed(data))
        try:
            for page in source.fetch(None):
                for item in page.items:
                    prepare(item, identity_key=KEY)
        except BazkhordError as error:
            _is_a_sentence(error)

    return read


def _feed(data: bytes) -> None:
    try:
        parse_feed(data)
    except TryAgain:
        return


def _http_json(data: bytes) -> None:
    """A service of a shop's own software answers each question with these bytes."""
    answer = httpx.MockTransport(lambda _: httpx.Response(200, content=data))
    network = Network(transport=answer, sleep=lambda _: None)
    shop = {"base_url": "https://shop.example", "attempts": 1}
    source = build_connector("shop", "discourse", shop, now=lambda: NOW, network=network)
    try:
        list(source.fetch(None))
    except BazkhordError as error:
        _is_a_sentence(error)


def _of_texts() -> dict[str, Target]:
    return {"prepare": _prepare, "language": _language}


def _prepare(data: bytes) -> None:
    text = (
        data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")
        if _decodes(data)
        else data.decode("latin-1")
    )
    for kind in TextFormat:
        item = Feedback(
            source="shop", native_id=text[:40] or "1", text=text, created_at=NOW, channel=Channel.CHAT, text_format=kind,
            permalink=text[:200], conversation_id=text[:100], brand=text[:50], attributes={text[:20]: text[:200]},
        )  # fmt: skip
        clean = prepare(item, identity_key=KEY)
        clean.text.encode()  # what is stored, UTF-8 can hold


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _language(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    normalize(text)
    split_clauses(text)


@contextmanager
def _client(folder: Path) -> Iterator[tuple[TestClient, dict[str, str]]]:
    url = f"sqlite:///{folder}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        fill(store, SMALL)
        key = add_key(store, "fuzz", "admin")
    (folder / "sources.toml").write_text(WEBHOOK)
    unlimited = {f"rate_limit_{kind}per_minute": 0 for kind in ("", "analyze_", "push_")}
    settings = settings_of(
        url,
        folder,
        max_analyze_texts=20,
        sources_file=folder / "sources.toml",
        log_level="error",
        **unlimited,
    )
    app = create_app(settings, analyzer=Analyzer(SaysLate()), clock=lambda: NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.service = replace(app.state.service, environment={"HOOK_SECRET": "s"})
        yield client, {"Authorization": f"Bearer {key}"}


def _of_requests(client: TestClient, headers: dict[str, str]) -> dict[str, Target]:
    def post(path: str, kind: str = "application/json") -> Target:
        return lambda data: _check(client.post(path, content=data, headers=headers | {"Content-Type": kind}))

    def query(data: bytes) -> None:
        path, _, asked = data.partition(b"?")
        safe = quote(path, safe="/-_.%"), quote(asked, safe="=&%+;,-_.:")
        _check(client.get(f"/v1/{safe[0][:200]}?{safe[1][:4000]}", headers=headers))

    def head(data: bytes) -> None:
        pairs = [line.partition(b":") for line in data.split(b"\n")]
        sent = [
            (
                bytes(b for b in name if b in NAME) or b"x",
                bytes(b for b in value if b >= 32 and b != 127).strip(),
            )
            for name, _, value in pairs[:90]
        ]
        _check(client.get("/v1/sources", headers=[(name, value[:500]) for name, value in sent]))  # type: ignore[arg-type]

    return {
        "webhook": post("/v1/webhooks/hook?token=s"),
        "push": post("/v1/feedback"),
        "push_lines": post("/v1/feedback?source=lines", "application/x-ndjson"),
        "analyze": post("/v1/analyze"),
        "query": query,
        "head": head,
    }


NAME = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")


def _check(answer: httpx.Response) -> None:
    if answer.status_code >= 500:
        raise ServerError(f"HTTP {answer.status_code}: {answer.text[:300]}")
    if answer.status_code >= 400 and set(answer.json()) < {"title", "status", "detail"}:
        raise ServerError(f"HTTP {answer.status_code} is no problem: {answer.text[:300]}")


def _is_a_sentence(error: BazkhordError) -> None:
    if not str(error) or "Traceback" in str(error):
        raise ServerError("an error without a sentence") from error
