"""Asks a fresh process what loading the model costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydantic import TypeAdapter

from models.evaluation.loading import Cost
from models.evaluation.records import EvaluationError

_TIMEOUT_S = 300
_COST: TypeAdapter[Cost] = TypeAdapter(Cost)


def measure_cost(weights: Path) -> Cost:
    """Returns what a fresh process needs to load the model.

    Raises:
        EvaluationError: The process ended without an answer.
    """
    command = [sys.executable, "-m", "models.evaluation.loading", str(weights.resolve())]
    try:
        answer = subprocess.run(  # noqa: S603 - our own module, no shell
            command, capture_output=True, check=True, timeout=_TIMEOUT_S
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise EvaluationError(
            f"loading {weights} in a fresh process failed ({type(error).__name__}); "
            "run it yourself to see why: bazkhord analyze TEXT"
        ) from error
    return _COST.validate_json(answer.stdout)
