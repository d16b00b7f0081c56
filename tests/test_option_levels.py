"""The levels of confidence that ``/v1/options`` tells."""

from __future__ import annotations

from datetime import date

from api.operation_schemas import OptionsOut
from models.levels import Levels
from pipeline.seen import Seen

COLUMNS = ("source", "channel", "brand", "product", "segment")


def test_the_sentiment_of_a_mention_has_levels_of_its_own() -> None:
    seen = Seen(values=dict.fromkeys(COLUMNS, ()), first_day=None, last_day=None)
    levels = Levels(
        {
            "stage": {"support": (0.95, 0.72)},
            "mention_sentiment": {"negative": (0.65, 0.2)},
            "sentiment": {"negative": (0.58, 0.2)},
        }
    )

    told = OptionsOut.of(
        seen, {}, zone="Asia/Tehran", today=date(2026, 11, 22), model_version="v1", levels=levels
    )

    assert told.model_dump(mode="json")["levels"] == {
        "stage": {"support": [0.95, 0.72]},
        "intent": {},
        "aspect": {},
        "sentiment": {"negative": [0.65, 0.2]},
    }
