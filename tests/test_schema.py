"""The service answers whatever its own description allows, and what it does not, as that description says."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from pipeline.analyze import Analyzer
from pipeline.keys import add_key
from pipeline.store import open_store
from tests.api_feedback import NOW, SMALL, TEHRAN, fill
from tests.service import SaysLate, settings_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Described = tuple[schemathesis.BaseSchema, dict[str, str]]
N_EXAMPLES = int(os.environ.get("BAZKHORD_SCHEMA_EXAMPLES", "5"))
HOW = settings(
    max_examples=N_EXAMPLES,
    deadline=None,
    database=None,
    derandomize="BAZKHORD_SCHEMA_EXAMPLES" not in os.environ,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    folder = tmp_path_factory.mktemp("schema")
    url = f"sqlite:///{folder}/bazkhord.db"
    with open_store(url, zone=TEHRAN) as store:
        fill(store, SMALL)
        key = add_key(store, "tester", "admin")
    unlimited = {f"rate_limit_{kind}per_minute": 0 for kind in ("", "analyze_", "push_")}
    app = create_app(
        settings_of(url, folder, max_analyze_texts=3, **unlimited),
        analyzer=Analyzer(SaysLate()),
        clock=lambda: NOW,
    )
    with TestClient(app):
        yield schemathesis.openapi.from_asgi("/openapi.json", app), {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_address_answers_as_its_description_says(described: Described, mode: GenerationMode) -> None:
    schema, key = described
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.NEGATIVE and not (operation.query or operation.body):
            continue

        @HOW
        @given(case=operation.as_strategy(generation_mode=mode))
        def answers(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=CHECKS, headers=key)

        answers()
