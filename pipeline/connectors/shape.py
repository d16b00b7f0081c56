"""Flat lists of messages: which path of an object becomes which field of a feedback."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.threads import read_answer
from pipeline.records import Author, Channel, Feedback, Rating, Role, TextFormat

LIST_NAME = "@list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Paths inside an object; every key that is named has to be there, but for those in ``optional``.

    Args:
        title: Path of a title, which comes before the text.
        zone: Of times that name none.
        product: As the other labels, a path, or ``LIST_NAME``: what the source calls the list.
        answered_at: Path of the time of the company's answer; whoever is not answered may lack its keys.
        edited_at: Path of the last edit; the time of writing itself is none.
        stars: Path of a rating; 0 or null: none was given.
        scale: Its ends.
        attributes: Names of what else is kept, with their paths.
        optional: Paths whose keys the service leaves out at times; a text named here may be null.
    """

    channel: Channel
    text: str
    created_at: str
    id: str = "id"
    text_format: TextFormat = TextFormat.PLAIN
    title: str = ""
    zone: ZoneInfo | None = None
    edited_at: str = ""
    author_id: str = ""
    author_email: str = ""
    conversation_id: str = ""
    product: str = ""
    segment: str = ""
    queue: str = ""
    status: str = ""
    permalink: str = ""
    answered_at: str = ""
    stars: str = ""
    scale: tuple[float, float] = (1.0, 5.0)
    attributes: tuple[tuple[str, str], ...] = ()
    optional: tuple[str, ...] = ()

    def read(self, row: JsonRow, *, source: str) -> Feedback:
        """Return the feedback of one object.

        Raises:
            SkipRecord: A key is missing, or its value is of another kind; the message names its path.
        """
        author_id, email = self._label(row, self.author_id), self._label(row, self.author_email)
        attributes = {name: self._label(row, path) for name, path in self.attributes}
        answer = read_answer(row, Role.AGENT, at=self.answered_at) if self.answered_at else None
        return Feedback(
            source=source,
            native_id=row.id(self.id),
            text=self._text(row),
            text_format=self.text_format,
            created_at=row.time(self.created_at, zone=self.zone),
            edited_at=row.time(self.edited_at, zone=self.zone) if self._is_edited(row) else None,
            channel=self.channel,
            author=Author(native_id=author_id, email=email) if author_id or email else None,
            conversation_id=self._label(row, self.conversation_id),
            product=self._label(row, self.product),
            segment=self._label(row, self.segment),
            queue=self._label(row, self.queue),
            status=self._label(row, self.status),
            permalink=self._label(row, self.permalink),
            rating=self._rating(row),
            replies=(answer,) if answer else (),
            attributes={name: value for name, value in attributes.items() if value is not None},
        )

    def _text(self, row: JsonRow) -> str:
        text = row.text(self.text, null_is_empty=bool(self.stars) or self.text in self.optional)
        title = row.maybe(self.title) if self.title else None
        return f"{title}\n{text}".strip() if title else text

    def _label(self, row: JsonRow, path: str) -> str | None:
        if not path:
            return None
        if path == LIST_NAME:
            return row.list_name
        return row.maybe(path) if path in self.optional else row.known(path)

    def _is_edited(self, row: JsonRow) -> bool:
        edited = self._label(row, self.edited_at)
        return edited is not None and edited != row.maybe(self.created_at)

    def _rating(self, row: JsonRow) -> Rating | None:
        given = self._label(row, self.stars)
        stars = row.number(self.stars) if given is not None else 0.0
        return Rating(stars, *self.scale) if stars else None
