"""How angry a message is about what was asked for, and the order that puts the angriest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists

from models.labels import Emotion, Sentiment
from pipeline.conditions import mention_conditions
from pipeline.selection import Selection, Unit
from pipeline.tables import FeedbackRow, MentionRow

LIKELIER_THAN_NOT = 0.5


def anger_about(selection: Selection, unit: Unit) -> ColumnElement[float]:
    """Return the chance, from 0 to 1, that a message is both angry and negative about what was asked for.

    It is 0 where another emotion is likelier, where the whole message is positive, and where none of the mentions
    that were asked for (by stage, intent or aspect) is negative.
    """
    is_angry = and_(FeedbackRow.emotion == Emotion.ANGER.value, *_is_against(selection, unit))
    return case((is_angry, FeedbackRow.emotion_confidence * FeedbackRow.p_negative), else_=0.0)


def angriest_first(selection: Selection, unit: Unit) -> tuple[ColumnElement[Any], ...]:
    """Return what messages are sorted by: anger that is likelier than not, then what is against, then how negative."""
    anger = anger_about(selection, unit)
    sure = case((anger >= LIKELIER_THAN_NOT, anger), else_=0.0)
    against = case((and_(*_is_against(selection, unit)), 1), else_=0)
    return (sure.desc(), against.desc(), FeedbackRow.p_negative.desc())


def _is_against(selection: Selection, unit: Unit) -> list[ColumnElement[bool]]:
    found = [FeedbackRow.sentiment != Sentiment.POSITIVE.value]
    asked = mention_conditions(selection, unit)
    if asked:
        is_negative = MentionRow.sentiment == Sentiment.NEGATIVE.value
        found.append(exists().where(MentionRow.feedback_id == FeedbackRow.id, is_negative, *asked))
    return found
