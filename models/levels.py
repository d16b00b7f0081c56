"""How far to believe a label, in words that keep a promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

HIGH_PRECISION, MEDIUM_PRECISION = 0.9, 0.7


class Level(StrEnum):
    """Of labels called high at least 90 % were right in cross-validation, of medium and high ones 70 %."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Levels:
    """The confidences from which labels are called high and medium.

    Attributes:
        thresholds: By head and label. A label without one is judged by its calibrated confidence alone.
    """

    thresholds: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)

    def of(self, head: str, label: str, confidence: float) -> Level:
        """Returns the level of a label that a head chose with a confidence between 0 and 1.

        >>> Levels({"stage": {"delivery": (0.6, 0.4)}}).of("stage", "delivery", 0.7)
        <Level.HIGH: 'high'>
        """
        high, medium = self.thresholds.get(head, {}).get(label, (HIGH_PRECISION, MEDIUM_PRECISION))
        if confidence >= high:
            return Level.HIGH
        return Level.MEDIUM if confidence >= medium else Level.LOW
