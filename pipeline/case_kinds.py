"""Kinds of cases that figures count, and which cases are meant where the messages behind such a figure are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.cases import Case, Outcome
from pipeline.waiting import Wait

# Answers tell hours so, and a case of exactly the told length is one of that length.
DIGITS_H = 2


class CaseKind(StrEnum):
    """All cases; those of which a wait is known; those that ended, ended at first contact, or are open."""

    ANY = "any"
    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    ENDED = "ended"
    FIRST_CONTACT = "first_contact"
    OPEN = "open"


WAITS = (CaseKind.FIRST_RESPONSE, CaseKind.RESOLUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Messages that opened a case of some kind.

    Args:
        at_least_h: Only where this wait (of ``WAITS``) lasted at least so many hours, or has done so until now.
        now: The present moment.
    """

    kind: CaseKind
    at_least_h: float = 0.0
    now: datetime

    def is_met_by(self, case: Case) -> bool:
        """Whether a case is one of these."""
        if not is_of_kind(case, self.kind):
            return False
        wait = wait_of(case, self.kind)
        return wait is None or round(wait.hours, DIGITS_H) >= self.at_least_h


def wait_of(case: Case, kind: CaseKind) -> Wait | None:
    """Return the wait that a kind speaks of; ``None``: it speaks of none, or the wait is not known."""
    found = {CaseKind.FIRST_RESPONSE: case.answer, CaseKind.RESOLUTION: case.solution}.get(kind)
    return found if isinstance(found, Wait) else None


def is_of_kind(case: Case, kind: CaseKind) -> bool:
    """Whether a case is of a kind."""
    if kind in WAITS:
        return wait_of(case, kind) is not None
    if kind == CaseKind.FIRST_CONTACT:
        return case.outcome == Outcome.SOLVED and case.n_contacts == 1
    if kind == CaseKind.ENDED:
        return case.outcome in {Outcome.SOLVED, Outcome.GIVEN_UP}
    return kind == CaseKind.ANY or case.outcome == Outcome.OPEN
