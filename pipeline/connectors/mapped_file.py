"""Files whose rows become messages after a mapping."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pipeline.connectors.files import FileConnector
from pipeline.connectors.mapping import Constants, Fields
from pipeline.records import Channel, TextFormat


class MappedFile(FileConnector):
    """A file of which ``sources.toml`` says what its rows mean.

    Args:
        channel: How the customers of this file spoke.
        fields: Which column or path becomes what.
        constants: What holds for every row.
        text_format: What their texts are made of: ``plain``, ``html`` or ``email``.
        zone: Zone of the dates, where they name none.
    """

    channel: Channel
    fields: Fields
    constants: Constants = Constants()
    text_format: TextFormat = TextFormat.PLAIN
    zone: ZoneInfo | None = None
