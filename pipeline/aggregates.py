"""Answers to the questions of a customer experience team: trend, breakdown and journey.

Every answer says what it counted, how many, how sure the figures are, whether tallies gave them, which
model judged, and for which time there is any feedback at all. Figures of nothing are ``None``, never 0.
"""

from __future__ import annotations

from pipeline.aggregate_basis import Basis, basis_of
from pipeline.aggregate_breakdown import MAX_GROUPS, Breakdown, Group, breakdown
from pipeline.aggregate_journey import N_TOP, Journey, StageFigures, Top, journey
from pipeline.aggregate_trend import MAX_POINTS, BucketLength, Calendar, Point, Trend, trend

__all__ = [
    "MAX_GROUPS",
    "MAX_POINTS",
    "N_TOP",
    "Basis",
    "Breakdown",
    "BucketLength",
    "Calendar",
    "Group",
    "Journey",
    "Point",
    "StageFigures",
    "Top",
    "Trend",
    "basis_of",
    "breakdown",
    "journey",
    "trend",
]
