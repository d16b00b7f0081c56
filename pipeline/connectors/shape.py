"""Flat lists of messages: which path of an object becomes which field of a feedback."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from zoneinfo import ZoneInfo

from pipeline.connectors.authors import known_author
from pipeline.connectors.json_row import JsonRow
from pipeline.connectors.threads import read_answer
from pipeline.errors import SkipRecord
from pipeline.records import Channel, Feedback, Rating, Role, TextFormat

LIST_NAME = "@list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Paths inside an object; every key that is named has to be there, but for those in ``optional``.

    Args:
        title: Path of a title, which comes before the text.
        html_where: Path of what a text is made of, and what stands there where it is HTML; of others, that is
            ``text_format``.
        zone: Of times that name none.
        product: As the other labels, a path, or ``LIST_NAME``: what the source calls the list.
        answered_at: Path of the time of the company's answer; whoever is not answered may lack its keys.
        edited_at: Path of the last edit; the time of writing itself is none.
        stars: Path of a rating, a number or its digits; 0 or null: none was given.
        scale: Its ends.
        attributes: Names of what else is kept, with their paths.
        optional_attributes: As ``attributes``, of which the service leaves some out at times.
        optional: Paths whose keys the service leaves out at times; a text named here may be null.
    """

    channel: Channel
    text: str
    created_at: str
    id: str = "id"
    text_format: TextFormat = TextFormat.PLAIN
    html_where: tuple[str, str] = ("", "")
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
    optional_attributes: tuple[tuple[str, str], ...] = ()
    optional: tuple[str, ...] = ()

    def read(self, row: JsonRow, *, source: str) -> Feedback:
        """Return the feedback of one object.

        Raises:
            SkipRecord: A key is missing, or its value is of another kind; the message names its path.
        """
        text_format = self._text_format(row)
        answer = read_answer(row, Role.AGENT, at=self.answered_at) if self.answered_at else None
        return Feedback(
            source=source,
            native_id=row.id(self.id),
            text=self._text(row, text_format),
            text_format=text_format,
            created_at=row.time(self.created_at, zone=self.zone),
            edited_at=row.time(self.edited_at, zone=self.zone) if self._is_edited(row) else None,
            channel=self.channel,
            author=known_author(self._label(row, self.author_id), email=self._label(row, self.author_email)),
            conversation_id=self._label(row, self.conversation_id),
            product=self._label(row, self.product),
            segment=self._label(row, self.segment),
            queue=self._label(row, self.queue),
            status=self._label(row, self.status),
            permalink=self._label(row, self.permalink),
            rating=self._rating(row),
            replies=(answer,) if answer else (),
            attributes=self._attributes(row),
        )

    def _text_format(self, row: JsonRow) -> TextFormat:
        path, value = self.html_where
        return TextFormat.HTML if path and row.text(path) == value else self.text_format

    def _text(self, row: JsonRow, text_format: TextFormat) -> str:
        text = row.text(self.text, null_is_empty=bool(self.stars) or self.text in self.optional)
        return put_title(row.maybe(self.title), text, text_format)

    def _attributes(self, row: JsonRow) -> dict[str, str]:
        known = {name: self._label(row, path) for name, path in self.attributes}
        told = known | {name: row.maybe(path) for name, path in self.optional_attributes}
        return {name: value for name, value in told.items() if value is not None}

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
        if given is None:
            return None
        stars = float(given) if given.isdecimal() else row.number(self.stars)
        if stars and not self.scale[0] <= stars <= self.scale[1]:
            raise SkipRecord(f"{self.stars}: got {stars:g}, expected {self.scale[0]:g} to {self.scale[1]:g}")
        return Rating(stars, *self.scale) if stars else None


def put_title(title: str | None, text: str, text_format: TextFormat) -> str:
    """Return a text with its title above it, or one of them where there is no other."""
    if not title:
        return text
    if text_format is TextFormat.HTML:
        return f"{escape(title)}<br>{text}"
    return f"{title}\n{text}" if text else title
