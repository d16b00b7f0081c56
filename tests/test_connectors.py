from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.connectors import CONNECTORS
from tests.checks import CHECKS, Case
from tests.fixtures.cases import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_the_battery(check: Callable[[Case, Path], None], case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_every_connector_has_a_case_in_the_battery() -> None:
    assert {case.kind for case in CASES} == set(CONNECTORS)
