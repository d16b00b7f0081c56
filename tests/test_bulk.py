from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from pipeline.bulk import ROWS_AT_ONCE, insert_rows, one_of, update_rows
from pipeline.store import Store
from pipeline.tables import CUBES
from pipeline.tallies import feedback
from tests.builders import NOON, clean_feedback

CELL: dict[str, object] = {
    "period": "d", "start": "2024-03-20", "source": "shop", "channel": "social", "brand": "", "model_version": "m",
    "sentiment": "negative", "n": 1,
}  # fmt: skip
ADDING = (
    'ON CONFLICT ("period", "start", "source", "channel", "brand", "model_version", "sentiment") '
    'DO UPDATE SET "n" = sentiment_tallies."n" + excluded."n"'
)


@pytest.mark.parametrize("source", ["خرید ۱۰٪", "it's", 'a "b"', "50% %s :x", "a\\b", "{a,b}"])
def test_texts_are_stored_letter_by_letter(store: Store, source: str) -> None:
    table = CUBES["sentiment"]
    with store.engine.begin() as connection:
        insert_rows(connection, table, [CELL | {"source": source}])

        assert connection.scalars(select(table.c.source)).all() == [source]


def test_a_row_that_is_there_is_added_to(store: Store) -> None:
    table = CUBES["sentiment"]
    with store.engine.begin() as connection:
        for n in (2, 3):
            insert_rows(
                connection, table, [CELL | {"n": n}, CELL | {"n": 1, "brand": "b"}], on_conflict=ADDING
            )

        found = connection.execute(select(table.c.brand, table.c.n).order_by(table.c.brand)).all()
    assert [tuple(row) for row in found] == [("", 5), ("b", 2)]


@pytest.mark.parametrize("n_rows", [ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 1])
def test_any_number_of_rows_is_stored_each_once(store: Store, n_rows: int) -> None:
    table = CUBES["sentiment"]
    rows = [CELL | {"source": f"shop {number}", "n": number + 1} for number in range(n_rows)]
    with store.engine.begin() as connection:
        insert_rows(connection, table, rows, on_conflict=ADDING)

        found = connection.execute(select(table.c.source, table.c.n)).all()
    assert sorted((f"shop {n - 1}", n) for _, n in found) == sorted(tuple(row) for row in found)
    assert len(found) == n_rows


def test_no_rows_are_no_statement(store: Store) -> None:
    with store.engine.begin() as connection:
        insert_rows(connection, CUBES["sentiment"], [])
        update_rows(connection, feedback, {}, key="id", fixed={"state": "classified"})


def test_each_row_gets_its_own_values_and_the_fixed_ones(store: Store) -> None:
    store.save_page("shop", "push", [clean_feedback(name) for name in "123"], [], None, now=NOON)
    at = datetime(2024, 3, 20, 23, 30, 0, 123456, tzinfo=UTC)
    columns = feedback.c
    with store.engine.begin() as connection:
        first, second, third = connection.scalars(select(columns.id).order_by(columns.id))
        rows = {
            first: {"p_negative": 0.1, "emotion": None, "classified_at": at},
            second: {"p_negative": 1 / 3, "emotion": "anger", "classified_at": None},
        }
        update_rows(connection, feedback, rows, key="id", fixed={"lease_owner": "me", "counted": True})

        read = select(
            columns.id, columns.p_negative, columns.emotion, columns.classified_at, columns.lease_owner
        )
        found = [tuple(row) for row in connection.execute(read.order_by(columns.id))]
    assert found == [
        (first, 0.1, None, at, "me"), (second, 1 / 3, "anger", None, "me"), (third, None, None, None, None),
    ]  # fmt: skip


def test_more_numbers_than_a_statement_can_take(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            insert(CUBES["sentiment"]),
            [CELL | {"brand": str(n), "n": n, "start": NOON.date()} for n in range(5)],
        )
        n = CUBES["sentiment"].c.n

        found = connection.scalars(
            select(n).where(one_of(connection, n, range(2, 100_000))).order_by(n)
        ).all()
        none = connection.scalars(select(n).where(one_of(connection, n, []))).all()
    assert (found, none) == ([2, 3, 4], [])
