"""Ten patients of our own of March 2025, whose eight measures are worked out by hand beside each.

`scored` are the scores in order, each a day and a total; `reviewed_on` is the last psychiatric review.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MARCH = date(2025, 3, 1)


@dataclass(frozen=True)
class Case:
    """A patient as a chart tells of them."""

    name: str
    coverage: str
    enrolled_on: date
    scale: str = "phq9"
    scored: tuple[tuple[date, int], ...] = ()
    contacts: tuple[date, ...] = ()
    reviewed_on: date | None = None
    ended_on: date | None = None
    end_reason: str = ""


def day(month: int, number: int) -> date:
    """Of the winter 2024 to 2025."""
    return date(2024 if month > 6 else 2025, month, number)


CASELOAD = (
    # Medicaid, long enrolled, half of the baseline exactly, contact and score: improved.
    Case(
        "Amara Quill",
        "medicaid",
        day(10, 21),
        scored=((day(10, 21), 20), (day(2, 11), 12), (day(3, 18), 10)),
        contacts=(day(10, 21), day(2, 11), day(3, 18)),
        reviewed_on=day(1, 8),
    ),
    # New in March, scored once at enrolment: an elevated baseline, not 70 days.
    Case("Bram Osei", "medicaid", day(3, 5), scored=((day(3, 5), 17),), contacts=(day(3, 5), day(3, 27))),
    # Medicare first, Medicaid second; 70 days exactly on March 31; under 10: improved.
    Case(
        "Cleo Marsh",
        "dual",
        day(1, 20),
        scored=((day(1, 20), 13), (day(3, 11), 9)),
        contacts=(day(1, 20), day(3, 11)),
    ),
    # Discharged in March after 150 days, not improved, last reviewed 60 days too early: neither contact nor score.
    Case(
        "Dana Petrov",
        "medicaid",
        day(10, 8),
        scale="gad7",
        scored=((day(10, 8), 15), (day(12, 3), 11)),
        contacts=(day(10, 8), day(12, 3)),
        reviewed_on=day(1, 30),
        ended_on=day(3, 7),
        end_reason="administrative_inactivity",
    ),
    # Commercial: counted by the first measure only.
    Case(
        "Emil Tran",
        "commercial",
        day(2, 3),
        scored=((day(2, 3), 14), (day(3, 20), 6)),
        contacts=(day(2, 3), day(3, 20)),
    ),
    # Not improved (11 of 12 points on PCL-5), reviewed on the first of the 60 days.
    Case(
        "Farah Lind",
        "medicaid",
        day(12, 9),
        scale="pcl5",
        scored=((day(12, 9), 50), (day(3, 24), 39)),
        contacts=(day(12, 9), day(3, 24)),
        reviewed_on=day(1, 31),
    ),
    # In remission: 4 in March.
    Case(
        "Gwen Adeyemi",
        "medicaid",
        day(9, 30),
        scored=((day(9, 30), 16), (day(2, 20), 3), (day(3, 19), 4)),
        contacts=(day(9, 30), day(2, 20), day(3, 19)),
    ),
    # A baseline of 9 is not elevated: neither improved nor in remission with 2.
    Case(
        "Hugo Sandoval",
        "medicaid",
        day(12, 2),
        scored=((day(12, 2), 9), (day(3, 13), 2)),
        contacts=(day(12, 2), day(3, 13)),
    ),
    # Graduated in March after 112 days, in remission.
    Case(
        "Iris Novak",
        "medicaid",
        day(11, 25),
        scored=((day(11, 25), 11), (day(3, 4), 1)),
        contacts=(day(11, 25), day(3, 4)),
        ended_on=day(3, 17),
        end_reason="graduated",
    ),
    # Left on the last day of February: not of this month.
    Case(
        "Jonah Weiss",
        "medicaid",
        day(8, 20),
        scored=((day(8, 20), 18), (day(2, 26), 4)),
        contacts=(day(8, 20), day(2, 26)),
        ended_on=day(2, 28),
        end_reason="graduated",
    ),
)
# 150 and 112 days are 131 on average, 18.714 weeks.
ANSWERS = {
    "nys_1": "9",
    "nys_2": "8",
    "nys_3": "1",
    "nys_4": "18.7 weeks",
    "nys_5": "7 of 8, 87.5 %",
    "nys_6": "4 of 6, 66.7 %",
    "nys_7": "2 of 8, 25.0 %",
    "nys_8": "1 of 2, 50.0 %",
}
