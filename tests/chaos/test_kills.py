"""`kill -9` at random moments of each step: nothing lost, nothing doubled, in the end as if nothing had happened.

``BAZKHORD_KILLS`` says how many are to hit each data base; ``make chaos`` has 200.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pipeline.store import open_store
from tests.chaos.kills import Storm
from tests.chaos.old_schema import check_all_there, write_old
from tests.chaos.whole import check_whole
from tests.chaos.work import classify_all, migrate, pull_all, reclassify_all
from tests.conftest import TEHRAN, create_database
from tests.test_crash import contents

N_KILLS = int(os.environ.get("BAZKHORD_KILLS", "5"))
STEPS = {"pull": pull_all, "classify": classify_all, "reclassify": reclassify_all}
MakeUrl = Callable[[], str]
numbers = count(1)


@pytest.fixture(params=["sqlite", "postgres"])
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Gives the URL of one more data base that holds nothing."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/chaos-{next(numbers)}.db"
    server = request.getfixturevalue("postgres")
    return lambda: create_database(server, f"chaos_{next(numbers)}")


def test_kills_at_random_moments_lose_nothing_and_double_nothing(make_url: MakeUrl) -> None:
    storm, calm = Storm(seed=8), make_url()
    migrate(calm)
    for name, step in STEPS.items():
        storm.calm(step, calm, name=name)
    check_whole(calm)

    while storm.n < N_KILLS:
        url = make_url()
        migrate(url)
        for name, step in STEPS.items():
            storm.over(step, url, name=name, check=check_whole)
        assert contents_of(url) == contents_of(calm)


def contents_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    with open_store(url, zone=TEHRAN) as store:
        return contents(store.engine)


def test_kills_while_the_schema_changes_leave_the_old_one_or_the_new(make_url: MakeUrl) -> None:
    storm, calm = Storm(seed=9), make_url()
    write_old(calm)
    storm.calm(migrate, calm, name="migrate")

    while storm.n < N_KILLS:
        url = make_url()
        write_old(url)
        storm.over(migrate, url, name="migrate", check=check_all_there)
        assert contents_of(url) == contents_of(calm)
