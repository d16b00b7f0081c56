"""A backfill on Ray Data: a pool of actors over the machines of a cluster, each with a model of its own.

When a machine dies, Ray gives its units to others. Nothing is sent anywhere but to the machines of the cluster: Ray's
usage statistics and its dashboard are off.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from pipeline.backfill_job import Job, Outcome
from pipeline.backfill_local import ONE_THREAD
from pipeline.backfill_plan import Unit
from pipeline.backfill_work import UnitWorker
from pipeline.errors import SettingsError, StopRun

MAX_BLOCKS = 5_000
OBJECT_STORE_BYTES = 80 * 2**20  # units and outcomes are a few hundred bytes; Ray takes no less
PRIVATE = {"RAY_USAGE_STATS_ENABLED": "0"}
# Where the operator has not said otherwise; what goes wrong comes as an error of Ray, and is told in a sentence.
QUIET = {"RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def on_ray(
    job: Job, units: Sequence[Unit], *, address: str | None = None, processes: int = 0
) -> Iterator[Outcome]:
    """Yield what came of each unit as it is done.

    Args:
        address: Of a cluster: ``auto`` on one of its machines, or ``HOST:PORT``; ``None``: Ray is started here for
            as long as this takes.
        processes: How many at once, a core each; 0: one for each core of the cluster.

    Raises:
        SettingsError: Ray is not installed, or there is no cluster at the address.
        StopRun: Ray gave up.
    """
    ray = _ray()
    _connect(ray, address, processes)
    try:
        n_cores = int(ray.cluster_resources().get("CPU", 1))
        yield from _outcomes(ray, job, units, min(processes or n_cores, len(units)))
    finally:
        with suppress(Exception):
            ray.shutdown()


class UnitActor:
    """One of the pool; takes units and gives outcomes, both as JSON."""

    def __init__(self, job: Job) -> None:
        os.environ.update(ONE_THREAD)
        self._worker = UnitWorker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Return what came of the units of a batch."""
        outcomes = [self._worker.work(Unit(**json.loads(one))) for one in batch["unit"]]
        return {"outcome": [json.dumps(asdict(one)) for one in outcomes]}


def _ray() -> Any:
    os.environ.update(QUIET | dict(os.environ) | PRIVATE)
    try:
        import ray
        import ray.data
    except ImportError:
        raise SettingsError(
            "--engine ray needs Ray, which is not installed: pip install 'bazkhord[ray]', or take --engine local"
        ) from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return ray


def _connect(ray: Any, address: str | None, processes: int) -> None:
    here: dict[str, Any] = {
        "num_cpus": processes or os.cpu_count(),
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
    }
    started = {"address": address} if address else here
    try:
        ray.init(**started, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"there is no Ray cluster at {address}" if address else "Ray cannot be started here"
        raise SettingsError(
            f"{where} ({type(error).__name__}): start one with `ray start --head`, and see that versions of Ray and "
            "Python are the same everywhere"
        ) from None


def _outcomes(ray: Any, job: Job, units: Sequence[Unit], n_actors: int) -> Iterator[Outcome]:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    rows = [{"unit": json.dumps(asdict(unit))} for unit in units]
    # From one actor on: where a machine is lost, the pool has to live with fewer.
    sizes = {"min_size": 1, "max_size": n_actors, "initial_size": n_actors}
    pool = ray.data.ActorPoolStrategy(**sizes, max_tasks_in_flight_per_actor=1)
    done = ray.data.from_items(rows, override_num_blocks=min(len(rows), MAX_BLOCKS)).map_batches(
        UnitActor, batch_size=1, compute=pool, num_cpus=1, fn_constructor_args=(job,)
    )
    try:
        for row in done.iter_rows():
            yield Outcome(**json.loads(row["outcome"]))
    except ray.exceptions.RayError as error:
        raise StopRun(
            f"Ray gave up ({type(error).__name__}): do it again, it goes on where it stopped; what happened stands in "
            "Ray's logs of this session (/tmp/ray/session_latest/logs)"
        ) from None
