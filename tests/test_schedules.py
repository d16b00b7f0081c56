from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.errors import SettingsError
from pipeline.schedules import Schedule, back_off, next_run, split_schedules
from tests.builders import NOON

SHOP = {"connector": "table_file", "path": "shop.csv"}


def test_a_schedule_is_taken_out_of_the_arguments_of_the_connector() -> None:
    config = {"root": "exports", "sources": {"shop": SHOP | {"every_s": 60, "enabled": False}, "forum": SHOP}}

    rest, schedules = split_schedules(config)

    assert rest == {"root": "exports", "sources": {"shop": SHOP, "forum": SHOP}}
    assert schedules == {
        "shop": Schedule(every_s=60, enabled=False),
        "forum": Schedule(every_s=900, enabled=True),
    }


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("every_s", 9, "source shop: every_s: got 9, expected greater than or equal to 10"),
        ("every_s", "15 min", "source shop: every_s: got '15 min', expected a valid integer"),
        ("every_s", 10**9, "source shop: every_s: got 1000000000, expected less than or equal to 2678400"),
        ("enabled", "no", "source shop: enabled: got 'no', expected a valid boolean"),
    ],
)
def test_a_wrong_schedule_is_named(key: str, value: object, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        split_schedules({"sources": {"shop": SHOP | {key: value}}})

    assert str(caught.value) == told


@pytest.mark.parametrize("config", [{"sources": {}}, {"sources": 3}, {"sources": {"shop": 3}}])
def test_what_is_no_table_of_sources_is_left_to_be_complained_of(config: dict[str, object]) -> None:
    assert split_schedules(config)[0] == config


@pytest.mark.parametrize(
    ("every_s", "n_failures", "wait_s"),
    [
        (900, 1, 900),
        (900, 2, 1800),
        (900, 5, 14_400),
        (900, 10_000, 14_400),
        (86_400, 4, 86_400),
        (10, 1, 10),
    ],
)
def test_each_failure_doubles_the_wait_up_to_four_hours(every_s: int, n_failures: int, wait_s: int) -> None:
    assert back_off(every_s, n_failures) == timedelta(seconds=wait_s)


@pytest.mark.parametrize(("took_s", "after_s"), [(5, 60), (60, 60), (100, 100)])
def test_runs_keep_their_rhythm_unless_one_takes_longer(took_s: int, after_s: int) -> None:
    planned = next_run(NOON, NOON + timedelta(seconds=took_s), 60)

    assert planned == NOON + timedelta(seconds=after_s)
