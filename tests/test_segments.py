"""Segments and attributes as filters and as dimensions, counted by hand on both data bases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from pipeline.aggregate_counts import count, sum_counts
from pipeline.aggregates import breakdown
from pipeline.database import reading
from pipeline.errors import BadRequest
from pipeline.selection import Dimension, Selection, read_segment, span_of
from pipeline.store import Store
from tests.api_feedback import KIND, LATE, TEHRAN
from tests.builders import prediction
from tests.told import november, tell, told

NOVEMBER = Selection(from_=date(2026, 11, 1), to=date(2026, 12, 1))
PLAN = Dimension("attribute:plan")


@pytest.fixture
def plans(store: Store) -> Store:
    tell(
        store,
        [
            told("1", november(2), prediction(LATE), segment="vip", attributes={"plan": "gold", "شهر": "قم"}),
            told("2", november(3), prediction(LATE, KIND), attributes={"plan": "gold"}),
            told("3", november(4), prediction(KIND), segment="a:b", attributes={"plan": "free"}),
            told("4", november(5), prediction(KIND)),
        ],
    )
    return store


def found(store: Store, by: Dimension, *segments: str) -> dict[tuple[str | None, ...], int]:
    answer = breakdown(store.engine, replace(NOVEMBER, segment=segments), by=(by,), zone=TEHRAN)
    return {group.values: group.counts.n for group in answer.groups}


def test_mentions_are_cut_by_an_attribute_and_those_without_it_are_a_line(plans: Store) -> None:
    assert found(plans, PLAN) == {("gold",): 3, ("free",): 1, (None,): 1}


def test_mentions_are_cut_by_segment(plans: Store) -> None:
    assert found(plans, Dimension.SEGMENT) == {(None,): 3, ("vip",): 1, ("a:b",): 1}


def test_two_attributes_cut_at_once(plans: Store) -> None:
    answer = breakdown(plans.engine, NOVEMBER, by=(PLAN, Dimension("attribute:شهر")), zone=TEHRAN)

    assert {group.values: group.counts.n for group in answer.groups} == {
        ("gold", None): 2,
        ("gold", "قم"): 1,
        ("free", None): 1,
        (None, None): 1,
    }
    assert not answer.basis.from_tallies


@pytest.mark.parametrize(
    ("segments", "n"),
    [
        (["plan:gold"], 3),
        (["plan:gold", "plan:free"], 4),
        (["plan:"], 1),
        (["vip"], 1),
        (["vip", "plan:free"], 2),
        ([":a:b"], 1),
        ([""], 3),
        (["شهر:قم"], 1),
        (["it's:gold"], 0),
    ],
)
def test_a_segment_names_an_attribute_by_a_colon(plans: Store, segments: list[str], n: int) -> None:
    selection = replace(NOVEMBER, segment=tuple(segments))

    with reading(plans.engine) as connection:
        counted = count(connection, selection, span_of(selection, TEHRAN))

    assert sum_counts(counted.cells.values()).n == n


@pytest.mark.parametrize("name", ['a"b', "a\\b", "x" * 101])
def test_an_attribute_whose_name_no_data_base_can_look_for_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="an attribute's name has"):
        read_segment(f"{name}:gold")
    with pytest.raises(ValueError, match="not a valid Dimension"):
        Dimension(f"attribute:{name}")
