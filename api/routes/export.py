"""``GET /v1/export``: every message of a selection, in a file as long as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.answers import CSV_MEDIA_TYPE, saved_as
from api.feedback_schemas import MessageOut, StoredMentionOut
from api.message_queries import ExportFormat, ExportQuery
from api.middleware import STREAMED
from api.queries import selection_of
from api.service import Service, service_of
from api.sheets import MEDIA_TYPE, is_right_to_left, write_workbook
from api.tables import Row, csv_of, flat
from models.labels import Sentiment
from pipeline.aggregate_feedback import FeedbackPage, find_feedback
from pipeline.selection import Selection

PAGE_MESSAGES = 500
CHUNK_BYTES = 65_536
PROBABILITIES = "sentiment_probabilities"
RATING = "rating", "rating_lowest", "rating_highest"
router = APIRouter(tags=["answers"])
FILE: dict[str, Any] = {"type": "string", "format": "binary"}
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            STREAMED: {"schema": {"$ref": "#/components/schemas/MessageOut"}},
            MEDIA_TYPE: {"schema": FILE},
        },
    }
}


@router.get("/export", response_class=StreamingResponse, responses=CONTENT)
def get_export(request: Request, query: Annotated[ExportQuery, Query()]) -> Response:
    """Return all messages of a selection, newest first, with their mentions; personal data in them is masked.

    As CSV and Excel each line is a mention with its message, a message without one is a line too; a number
    is counted again by its lines with `mention_matches`. It is read in pages while it is sent.
    """
    messages = _messages(service_of(request), selection_of(request, query), query)
    if query.format == ExportFormat.NDJSON:
        lines = (f"{message.model_dump_json()}\n" for message in messages)
        return StreamingResponse(lines, media_type=STREAMED, headers=saved_as("export.ndjson"))
    if query.format == ExportFormat.CSV:
        return StreamingResponse(_csv(messages), media_type=CSV_MEDIA_TYPE, headers=saved_as("export.csv"))
    language = request.headers.get("accept-language", "")
    return StreamingResponse(
        _workbook(messages, right_to_left=is_right_to_left(language)),
        media_type=MEDIA_TYPE,
        headers=saved_as("export.xlsx"),
    )


def _messages(service: Service, selection: Selection, query: ExportQuery) -> Iterator[MessageOut]:
    """Every message; the first page is read at once, so that a wrong question is no broken file."""
    narrowing = query.narrowing(service.clock())

    def read(after: FeedbackPage | None) -> FeedbackPage:
        return find_feedback(
            service.store.engine,
            selection,
            zone=service.zone,
            unit=query.unit,
            with_copies=query.copies == "show",
            narrowing=narrowing,
            limit=PAGE_MESSAGES,
            after=after.next if after else None,
        )

    def following(page: FeedbackPage) -> Iterator[FeedbackPage]:
        while page.next:
            page = read(page)
            yield page

    first = read(None)
    pages = chain([first], following(first))
    return (MessageOut.of(message) for page in pages for message in page.items)


def columns() -> list[str]:
    """Return the columns of a table of mentions with their messages."""
    found: list[str] = []
    for name in MessageOut.model_fields:
        if name == PROBABILITIES:
            found += [f"{PROBABILITIES}_{sentiment.value}" for sentiment in Sentiment]
        elif name != "mentions":
            found += RATING if name == "rating" else [name]
    return [*found, *(f"mention_{name}" for name in StoredMentionOut.model_fields)]


def rows(message: MessageOut, *, mode: Literal["json", "python"]) -> Iterator[Row]:
    """Yield a line for each mention, or the one line of a message without."""
    written = message.model_dump(mode=mode, exclude={"mentions", "rating"})
    rating = message.rating
    values = (rating.value, rating.lowest, rating.highest) if rating else (None,) * 3
    whole = flat(written) | dict(zip(RATING, values, strict=True))
    if not message.mentions:
        yield whole
    for mention in message.mentions:
        yield whole | {
            f"mention_{name}": value for name, value in flat(mention.model_dump(mode=mode)).items()
        }


def _csv(messages: Iterator[MessageOut]) -> Iterator[str]:
    names = columns()
    yield csv_of(names, [])
    for message in messages:
        yield csv_of(names, rows(message, mode="json"), header=False)


def _workbook(messages: Iterator[MessageOut], *, right_to_left: bool) -> Iterator[bytes]:
    lines = (line for message in messages for line in rows(message, mode="python"))
    with TemporaryFile() as file:
        write_workbook(file, columns(), lines, title="export", right_to_left=right_to_left)
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
