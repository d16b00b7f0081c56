"""What the fuzzing begins with: whole inputs of each kind, and pieces that broke other programs."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable

import openpyxl

PERSIAN = "بسته دیر رسید ولی پشتیبانی‌تون عالی بود 👏🏽 ۰۹۱۲۱۲۳۴۵۶۷ ali@example.com"
PIECES = (
    "\x00", "\ufeff", "\u202e", "\u200c", "\u200e" * 50, "\ud800", "\udfff", "%00", "..", "../../etc/passwd", "\r\n\r\n",
    "'", '"', '""', "';--", "{{7*7}}", "${x}", "%s%n", "<script>", "<!--", "]]>", "<![CDATA[", "&lt;", "&#0;", "&#xd800;",
    "<div>" * 30, "<b>" * 30, "[" * 200, "{" * 200, '{"a":' * 100, "(" * 100, ">" * 100, "-" * 80, "=" * 80, "9" * 400,
    "1e999", "-1", "NaN", "Infinity", "null", "true", "2026-02-30", "1404/12/31", "9999-12-31T23:59:59+14:00", "0001-01-01",
    "\n", "\r", "\t", ",", ";", "\n> " * 20, "From a@b Thu Jan  1 00:00:00 2026\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    "=?utf-8?b?" , "=?utf-8?q?" * 20, "@" * 100, "a@" * 60, "0912" * 40, "ي", "ك", "\u0640" * 40, "\u0301" * 60, "👨‍👩‍👧‍👦" * 10,
    "http://" * 20, "t.me/" * 20, "IR" + "1" * 24, PERSIAN,
)  # fmt: skip
ROW = {
    "id": 1,
    "text": PERSIAN,
    "created_at": "2026-11-21T10:00:00+03:30",
    "rating": 4,
    "author": {"phone": "09121234567"},
}
MAIL = (
    "From a@example.com Thu Jan  1 10:00:00 2026\nFrom: Ali <ali@example.com>\nTo: help@shop.ir\n"
    "Date: Wed, 28 Feb 2024 13:05:22 +0330\nMessage-ID: <1@example.com>\nSubject: =?utf-8?b?2LPZhNin2YU=?=\n"
    "Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\n\n"
    f"{PERSIAN}\n\nOn Mon, someone wrote:\n> before\n--x\nContent-Type: text/html\n\n<p>{PERSIAN}</p>\n--x--\n\n"
)
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><item><guid>1</guid><title>x</title>'
    f"<description>&lt;p&gt;{PERSIAN}&lt;/p&gt;</description><pubDate>Wed, 28 Feb 2024 13:05:22 +0330</pubDate>"
    "</item></channel></rss>"
)
WHATSAPP = f"1/31/24, 10:05 - Ali: {PERSIAN}\n[2024/1/31, 10:05:03 AM] +98 912 123 4567: x\n31.01.2024, 10:05 - z: y\nmore\n"
TELEGRAM = {
    "name": "shop", "type": "personal_chat", "id": 7,
    "messages": [{"id": 1, "type": "message", "date_unixtime": "1700000000", "from": "Ali", "from_id": "user1", "text": [PERSIAN]}],
}  # fmt: skip
HTML = f"<html><body><p>{PERSIAN}</p><blockquote>old</blockquote><div class=gmail_quote>x</div></body></html>"


def excel(sheet: bytes | None = None) -> bytes:
    """Return an Excel file; ``sheet`` stands in for the XML of its only sheet."""
    book, made, changed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["id", "text", "created_at"])
    book.active.append(["1", PERSIAN, "2026-11-21"])
    book.save(made)
    if sheet is None:
        return made.getvalue()
    with zipfile.ZipFile(made) as whole, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            archive.writestr(name, sheet if name.endswith("sheet1.xml") else whole.read(name))
    return changed.getvalue()


def sheet_xml() -> bytes:
    """Return the XML of the sheet of ``excel()``."""
    with zipfile.ZipFile(io.BytesIO(excel())) as whole:
        return whole.read("xl/worksheets/sheet1.xml")


SEEDS: dict[str, tuple[bytes, ...]] = {
    "csv": (f'id,text,created_at\n1,{PERSIAN},2026-11-21\n2,"a\n""b",x\n'.encode(),),
    "csv_gz": (gzip.compress(b"id,text,created_at\n1,x,2026-11-21\n"),),
    "excel": (excel(),),
    "sheet": (sheet_xml(),),
    "json_lines": ((json.dumps(ROW) + "\n" + json.dumps(ROW, ensure_ascii=False) + "\n").encode(),),
    "json_document": (json.dumps({"items": [ROW, ROW]}, ensure_ascii=False).encode(),),
    "mbox": ((MAIL * 2).encode(),),
    "telegram": (json.dumps(TELEGRAM, ensure_ascii=False).encode(),),
    "whatsapp": (WHATSAPP.encode(),),
    "feed": (FEED.encode(),),
    "http_json": (json.dumps({"rows": [ROW], "next": "https://shop.example/2"}).encode(),),
    "prepare": (PERSIAN.encode(), HTML.encode(), MAIL.encode()),
    "language": (PERSIAN.encode(), b"salam khoobam mamnoon az shoma"),
    "webhook": (json.dumps({"message": ROW}, ensure_ascii=False).encode(),),
    "push": (
        json.dumps(
            {"id": "1", "text": PERSIAN, "replies": [{"at": 1700000000}]}, ensure_ascii=False
        ).encode(),
    ),
    "push_lines": ((json.dumps({"id": "1", "text": PERSIAN}) + "\n{}\n").encode(),),
    "analyze": (json.dumps({"texts": [PERSIAN, ""]}, ensure_ascii=False).encode(),),
    "query": (
        b"trend?from=2026-01-01&bucket=day&stage=delivery&q=%D8%A8",
        b"feedback?limit=5&cursor=MjAyNg%3D%3D",
    ),
    "head": (
        b'Authorization: Bearer bzk_x\nX-API-Key: y\nCookie: bazkhord_session=z\nAccept-Language: fa\nIf-None-Match: W/"x"',
    ),
}


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the input with a few changes: bytes turned, pieces put in, doubled, moved or cut away."""
    for _ in range(chance.randint(1, 6)):
        data = chance.choice(CHANGES)(data, chance)
    return data[: 2**17]


def _turn(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _put_in(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    piece = chance.choice(PIECES).encode("utf-8", "surrogatepass") * chance.choice((1, 1, 1, 3, 40))
    return data[:at] + piece + data[at:]


def _cut(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:begin] + data[end:]


def _double(data: bytes, chance: random.Random) -> bytes:
    begin, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:begin] + data[begin:end] * chance.choice((2, 2, 5, 50)) + data[end:]


def _end(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _turn,
    _turn,
    _put_in,
    _put_in,
    _cut,
    _double,
    _end,
)
