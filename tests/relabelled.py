"""A re-classification from asking to switching, where the way there does not matter."""

from __future__ import annotations

from collections.abc import Mapping

from models.labels import Prediction
from pipeline.staging import ask, claim_staged, stage
from pipeline.store import Store
from pipeline.switching import Outcome, switch
from tests.builders import NOON


def relabel(store: Store, said: Prediction, *, stages: Mapping[str, str] | None = None) -> None:
    """All that another version labelled is judged as ``said``."""
    version = said.model_version
    assert ask(store, version, now=NOON)
    claimed = claim_staged(store, "w", version, limit=10_000, lease_s=60, now=NOON)
    results = [(pending, said) for pending in claimed]
    stage(store, results, worker="w", touchpoint_stages=stages or {}, now=NOON)
    assert switch(store) is Outcome.SWITCHED
