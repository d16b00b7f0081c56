"""What can be chosen of: all that the newest messages name, and what older ones name as far as tallies know it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline import seen
from pipeline.run import classify_pending
from pipeline.seen import seen_values
from pipeline.store import Store
from tests.builders import NOON, clean_feedback
from tests.conftest import TEHRAN
from tests.test_run import Praising


def save(store: Store, source: str, *named: tuple[str, str]) -> None:
    """A message a day for each brand and product, classified."""
    items = [
        clean_feedback(
            f"{number}", source=source, created_at=NOON + timedelta(days=number), brand=brand, product=product
        )
        for number, (brand, product) in enumerate(named)
    ]
    store.save_page(source, "table_file", items, [], None, now=NOON)
    classify_pending(store, Praising(), worker="w")


def test_what_most_messages_name_comes_first(store: Store) -> None:
    save(store, "shop", ("b", "x"), ("a", "z"), ("b", "y"), ("a", "y"), ("c", "y"))

    found = seen_values(store.engine, zone=TEHRAN)

    assert found.values["brand"] == ("a", "b", "c")
    assert found.values["product"] == ("y", "x", "z")
    assert (found.values["source"], found.values["segment"]) == (("shop",), ())
    assert found.first_day is not None
    assert found.last_day == found.first_day + timedelta(days=4)


def test_a_brand_that_only_old_messages_name_comes_last_and_its_products_are_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "N_NEWEST", 2)
    save(store, "shop", ("old", "x"), ("old", "x"), ("old", "x"), ("a", "y"), ("b", "z"))

    found = seen_values(store.engine, zone=TEHRAN)

    assert found.values["brand"] == ("a", "b", "old")
    assert found.values["product"] == ("y", "z")


def test_who_may_see_one_brand_sees_what_its_newest_messages_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "N_NEWEST", 2)
    save(store, "shop", ("mine", "x"), ("mine", "y"), ("other", "z"), ("other", "z"))

    found = seen_values(store.engine, zone=TEHRAN, brands=("mine",))

    assert (found.values["brand"], found.values["product"]) == (("mine",), ("x", "y"))
