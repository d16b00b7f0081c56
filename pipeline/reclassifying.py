"""What a worker does with the model: first what is new, then, if it was asked for, all that an older one labelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.analyze import Classifier
from pipeline.errors import StoreError
from pipeline.renewing import renewed
from pipeline.run import Arrivals, classify_pending, never, utc_now
from pipeline.staging import claim_staged, release_staged, renew_staged, stage, target
from pipeline.store import Store
from pipeline.switching import Outcome, switch


def ignore(_n: int) -> None:
    """Nothing happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeller:
    """Who labels messages, with what and how; the fields are those of ``run.classify_pending``."""

    store: Store
    classifier: Classifier
    worker: str
    batch_messages: int = 4096
    lease_s: float = 300
    touchpoint_stages: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 1
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """How many new messages were classified, how many old ones have new labels staged, and what came of that."""

    n_classified: int
    n_staged: int
    outcome: Outcome


def label(
    labeller: Labeller,
    *,
    on_batch: Callable[[int], None] = ignore,
    on_staged: Callable[[int], None] = ignore,
    stop: Callable[[], bool] = never,
) -> Labelled:
    """What waited is classified; what a re-classification asks for is staged, and holds when it is whole.

    New messages go first: they are looked for after each batch of old ones. A worker whose model is another one
    than was asked for leaves the old ones to others.

    Args:
        on_batch: Called with the number of messages after each batch of new ones.
        on_staged: Called with the number of messages after each batch of old ones.
        stop: Asked before each batch; if it says so, the rest is left for later.
    """
    n_classified, n_staged = classify(labeller, on_batch=on_batch, stop=stop), 0
    store = labeller.store
    if target(store) != labeller.classifier.version:
        return Labelled(n_classified=n_classified, n_staged=0, outcome=Outcome.NOT_ASKED)
    release_staged(store, labeller.worker)
    while not stop() and (n_batch := _stage_batch(labeller)):
        n_staged += n_batch
        on_staged(n_batch)
        n_classified += classify(labeller, on_batch=on_batch, stop=stop)
    outcome = Outcome.NOT_YET if stop() else switch(store)
    return Labelled(n_classified=n_classified, n_staged=n_staged, outcome=outcome)


def classify(
    labeller: Labeller,
    *,
    arrivals: Arrivals | None = None,
    on_batch: Callable[[int], None] = ignore,
    stop: Callable[[], bool] = never,
) -> int:
    """What waited is classified, as ``run.classify_pending`` does; return how many messages that were."""
    if arrivals is None and not labeller.store.n_pending(at_most=1):
        return 0
    return classify_pending(
        labeller.store,
        labeller.classifier,
        worker=labeller.worker,
        batch_messages=labeller.batch_messages,
        lease_s=labeller.lease_s,
        touchpoint_stages=labeller.touchpoint_stages,
        at_once=labeller.at_once,
        arrivals=arrivals,
        on_batch=on_batch,
        clock=labeller.clock,
        stop=stop,
    )


def _stage_batch(labeller: Labeller) -> int:
    """Stage a batch; return how many messages were claimed for it, 0 if none is left."""
    store, worker, lease_s, clock = labeller.store, labeller.worker, labeller.lease_s, labeller.clock
    version, limit = labeller.classifier.version, labeller.batch_messages
    claimed = claim_staged(store, worker, version, limit=limit, lease_s=lease_s, now=clock())
    if not claimed:
        return 0
    ids = [message.id for message in claimed]

    def renew() -> None:
        renew_staged(store, worker, ids, lease_s=lease_s, now=clock())

    try:
        with renewed(renew, lease_s=lease_s, what=f"{len(ids)} messages"):
            predictions = labeller.classifier.predict([message.text for message in claimed])
        stage(
            store,
            list(zip(claimed, predictions, strict=True)),
            worker=worker,
            touchpoint_stages=labeller.touchpoint_stages,
            now=clock(),
        )
    except BaseException:
        with suppress(StoreError):
            release_staged(store, worker)
        raise
    return len(claimed)
