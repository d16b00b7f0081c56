"""Words are found in any spelling, however many of their letters can be spelled in several ways."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pipeline.database import reading
from pipeline.store import Store
from pipeline.tables import FeedbackRow
from pipeline.text_search import text_holds
from tests.builders import NOON, clean_feedback

TEXTS = ("کد ۶٫۴۰۱۵۷۷۶۶۶۷۶۵۷۰۹", "کد 1234567890 رسید", "أكي يك‌ه\u0640و٠١٢", "چیز دیگر")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("1234567890", [1]),
        ("۱۲۳۴۵۶۷۸۹۰", [1]),
        ("١٢٣٤٥٦٧٨٩٠ کد", [1]),
        ("اکی یکهو012", [2]),
        ("6.401577666765709e+226", []),
        (" ".join(["1234567890"] * 18), [1]),
        ("کد", [0, 1]),
    ],
)
def test_a_word_of_many_spellings_is_found(store: Store, q: str, found: list[int]) -> None:
    items = [clean_feedback(str(place), text=text) for place, text in enumerate(TEXTS)]
    store.save_page("shop", "x", items, [], None, now=NOON)

    with reading(store.engine) as connection:
        holding = (
            select(FeedbackRow.native_id).where(text_holds(FeedbackRow.text, q)).order_by(FeedbackRow.id)
        )
        assert [int(one) for one in connection.scalars(holding)] == found
