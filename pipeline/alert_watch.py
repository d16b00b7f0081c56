"""Watches the rules: each is checked when it may have something new to say, and what it says is delivered.

Nothing here may hold up pulling: whatever goes wrong with one rule or one channel is logged, and the others
go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.alert_findings import find
from pipeline.alert_rules import AlertSettings, Change, NewPhrase, Rule, Silence, Threshold, Urgent
from pipeline.alert_words import write_body, write_title
from pipeline.alerts import Alert, claim_due, note_delivered, note_failed, raise_alert, told_by
from pipeline.errors import BazkhordError
from pipeline.notifying import NotDelivered, send
from pipeline.run import never, utc_now
from pipeline.store import Store

log = logging.getLogger(__name__)
PAUSES: dict[type[Rule], timedelta] = {
    Threshold: timedelta(minutes=5),
    Change: timedelta(minutes=15),
    NewPhrase: timedelta(hours=1),
    Silence: timedelta(minutes=10),
    Urgent: timedelta(minutes=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one round of watching did: titles of alerts that are new, how many were delivered or failed."""

    titles: tuple[str, ...] = ()
    n_delivered: int = 0
    errors: tuple[str, ...] = ()


class AlertWatch:
    """The rules of an alerts file, and when each was checked last by this process.

    Args:
        environment: Environment variables, which hold the addresses of the channels.
        clock: Gives the present moment, aware.
    """

    def __init__(
        self,
        store: Store,
        settings: AlertSettings,
        *,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._settings = settings
        self._environment = environment
        self._clock = clock
        self._checked_at: dict[str, datetime] = {}

    def look(self, stop: Callable[[], bool] = never) -> Watched:
        """Rules that were not checked lately are, and every alert that is due is delivered; nothing is raised.

        The pause between two checks of a rule is a minute for urgent messages, up to an hour for phrases.

        Args:
            stop: Asked before each alert that is delivered; those left are delivered next time.
        """
        titles, wrong = self.check()
        n_delivered, failed = self.deliver(stop)
        return Watched(titles=titles, n_delivered=n_delivered, errors=(*wrong, *failed))

    def check(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Rules that were not checked lately are; return the titles of what is new, and what went wrong."""
        titles: list[str] = []
        errors: list[str] = []
        for rule in self._settings.rules:
            now = self._clock()
            last = self._checked_at.get(rule.name)
            if last is not None and now - last < PAUSES[type(rule)]:
                continue
            self._checked_at[rule.name] = now
            try:
                titles += self._check(rule, now)
            except BazkhordError as error:
                errors.append(f"alert rule {rule.name}: {error}")
            except Exception as error:  # a defect of one rule must not silence the others
                log.debug("unexpected", exc_info=True)
                errors.append(f"alert rule {rule.name}: unexpected {type(error).__name__}")
        return tuple(titles), tuple(errors)

    def _check(self, rule: Rule, now: datetime) -> list[str]:
        told = told_by(self._store.engine, rule.name, since=now - _memory(rule))
        new = []
        for finding in find(rule, self._store, now=now, told=told):
            title = write_title(finding, self._store.zone)
            if raise_alert(self._store.engine, finding, title, send_to=rule.send_to, now=now):
                new.append(title.en)
        return new

    def deliver(self, stop: Callable[[], bool] = never) -> tuple[int, tuple[str, ...]]:
        """Every alert that is due was sent to the channels that wait for it; return how many, and why not."""
        n_delivered, errors = 0, []
        try:
            while not stop() and (alert := claim_due(self._store.engine, now=self._clock())):
                error = self._deliver(alert)
                n_delivered += error is None
                errors += [] if error is None else [error]
        except BazkhordError as error:
            errors.append(str(error))
        return n_delivered, tuple(errors)

    def _deliver(self, alert: Alert) -> str | None:
        """Why not every channel took it; ``None``: all did."""
        waiting = list(alert.undelivered)
        errors = []
        for name in alert.undelivered:
            try:
                self._send(name, alert)
            except NotDelivered as error:
                errors.append(str(error))
            except Exception as error:  # a defect of a notifier must not stop the others
                log.debug("unexpected", exc_info=True)
                errors.append(f"channel {name}: unexpected {type(error).__name__}")
            else:
                waiting.remove(name)
                note_delivered(self._store.engine, alert, waiting, now=self._clock())
        if not errors:
            return None
        note_failed(self._store.engine, alert, "; ".join(errors), now=self._clock())
        return "; ".join(errors)

    def _send(self, name: str, alert: Alert) -> None:
        channel = self._settings.channels.get(name)
        if channel is None:
            raise NotDelivered(f"channel {name}: the alerts file does not describe it any more; add it again")
        body = write_body(alert.evidence, self._store.zone, base_url=self._settings.base_url)
        send(
            channel,
            getattr(alert.title, channel.language),
            getattr(body, channel.language),
            environment=self._environment,
        )


def _memory(rule: Rule) -> timedelta:
    """How far back a rule has to know what it has said."""
    if isinstance(rule, Threshold):
        return timedelta(days=rule.again_after_days)
    return timedelta(hours=rule.within_hours) if isinstance(rule, Urgent) else timedelta()
