"""The mark that ETags rest on is another one after each change that an answer could tell of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from pipeline.database import mark_of, writing
from pipeline.store import Store
from tests.api_feedback import NOW, SMALL, fill
from tests.builders import clean_feedback, prediction
from tests.relabelled import relabel

CHANGES: dict[str, Callable[[Store], object]] = {
    "a new message": lambda store: store.save_page("shop", "x", [clean_feedback("9")], [], None, now=NOW),
    "an edit": lambda store: store.save_page(
        "shop", "x", [clean_feedback("1", text="نو")], [], None, now=NOW
    ),
    "labels": lambda store: relabel(store, prediction(model_version="v2")),
    "a deletion": lambda store: store.delete("shop", "1"),
    "tallies counted anew": lambda store: store.rebuild_tallies(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_that_answers_tell_of_brings_a_new_mark(
    store: Store, change: Callable[[Store], object]
) -> None:
    fill(store, SMALL)
    before = mark_of(store.engine)

    change(store)

    assert mark_of(store.engine) not in {before, ""}


def test_claims_leases_and_runs_of_sources_leave_the_mark(store: Store) -> None:
    fill(store, SMALL)
    before = mark_of(store.engine)

    store.note_start("shop", "x", now=NOW)
    store.note_success("shop", "x", now=NOW, next_run_at=NOW + timedelta(hours=1))
    store.claim_pending("me", limit=1, lease_s=60, now=NOW)
    store.release("me")

    assert mark_of(store.engine) == before


def test_what_was_taken_back_leaves_the_mark(store: Store) -> None:
    fill(store, SMALL)
    before = mark_of(store.engine)

    with pytest.raises(RuntimeError), writing(store.engine):
        raise RuntimeError("the power fails")

    assert mark_of(store.engine) == before
