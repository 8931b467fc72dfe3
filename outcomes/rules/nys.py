"""New York State's eight measures of collaborative care, 2025: the first of all payers, the others of Medicaid.

Source: New York State Office of Mental Health, collaborative care metrics 2025. Where its text leaves something open,
the public reading of it by the SPiER project holds: each measure says what is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.change import judge_improvement, judge_remission
from outcomes.rules.engagement import (
    CONTACT_WORDS,
    ONCE,
    judge_contact_and_score,
    judge_enrolled,
    judge_newly_enrolled,
    judge_treatment,
)
from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, left_out
from outcomes.rules.review import judge_consultation

SOURCE: Final = "New York State OMH collaborative care metrics 2025"
NO_MEDICAID: Final = "No Medicaid coverage on the first of the month"
MEDICAID_WORDS: Final = "Medicaid, first or second, is that of the first of the month."
SEVENTY: Final = "Enrolled for fewer than 70 days"
NOT_ELEVATED: Final = "No baseline, or one that is not elevated"
Judge = Callable[[EpisodeFacts], Part]


def in_cocm(judge: Judge) -> Judge:
    """Asked of collaborative care only: days count from its beginning to its end, whatever came before or after."""

    def judged(facts: EpisodeFacts) -> Part:
        care = facts.in_cocm()
        return NOT_ASKED if care is None else judge(care)

    return judged


def of_medicaid(judge: Judge) -> Judge:
    """Asked of patients in collaborative care, and counted of those whom Medicaid covers."""

    def judged(facts: EpisodeFacts) -> Part:
        part = in_cocm(judge)(facts)
        is_asked = part.counted or part.why
        return left_out(NO_MEDICAID) if is_asked and not facts.is_medicaid else part

    return judged


_measure = partial(Measure, subject="episode", family="nys", source=SOURCE)

NEW_YORK: Final = (
    _measure(
        key="nys_1",
        title="NYS 1: total enrollment",
        kind=Kind.COUNT,
        formula=f"Patients enrolled in collaborative care on at least one day of the month, of all payers. {ONCE}",
        judge=in_cocm(judge_enrolled),
    ),
    _measure(
        key="nys_2",
        title="NYS 2: Medicaid enrollment",
        kind=Kind.COUNT,
        formula=f"Medicaid patients enrolled in collaborative care on at least one day of the month. {MEDICAID_WORDS} "
        f"{ONCE}",
        exclusions=(NO_MEDICAID,),
        judge=of_medicaid(judge_enrolled),
    ),
    _measure(
        key="nys_3",
        title="NYS 3: newly enrolled",
        kind=Kind.COUNT,
        formula="Medicaid patients whose enrolment in collaborative care, the day of the initial assessment or of the "
        f"change from general BHI, lies in the month. {MEDICAID_WORDS}",
        exclusions=(NO_MEDICAID,),
        judge=of_medicaid(judge_newly_enrolled),
    ),
    _measure(
        key="nys_4",
        title="NYS 4: average duration of treatment",
        kind=Kind.MEAN,
        formula="Days from the initial assessment (or the change from general BHI) to discharge of Medicaid patients "
        "discharged from collaborative care in the month: their mean, divided by 7, to one decimal. Who goes on in "
        "general BHI is discharged from collaborative care with its last day.",
        exclusions=(NO_MEDICAID,),
        unit="weeks",
        divisor=7,
        judge=of_medicaid(judge_treatment),
    ),
    _measure(
        key="nys_5",
        title="NYS 5: monthly contact rate",
        kind=Kind.SHARE,
        formula="Medicaid patients with both a clinical contact and a scored symptom scale in the month, of all "
        f"Medicaid patients enrolled in collaborative care on at least one day of it. {CONTACT_WORDS}",
        exclusions=(NO_MEDICAID,),
        target=Decimal(80),
        better="up",
        judge=of_medicaid(judge_contact_and_score),
    ),
    _measure(
        key="nys_6",
        title="NYS 6: improvement rate",
        kind=Kind.SHARE,
        formula="Medicaid patients whose last score after the baseline meets the improvement criterion of their "
        "episode's scale (PHQ-9 and GAD-7: half of the baseline or under 10), of all in collaborative care for 70 "
        "days or more, to the month's last day or to discharge in it, with an elevated baseline. Without a later "
        "score nobody has improved.",
        exclusions=(NO_MEDICAID, SEVENTY, NOT_ELEVATED),
        target=Decimal(60),
        better="up",
        judge=of_medicaid(judge_improvement),
    ),
    _measure(
        key="nys_7",
        title="NYS 7: remission rate",
        kind=Kind.SHARE,
        formula="Medicaid patients whose last score in the month is a remission (PHQ-9 and GAD-7: under 5) after an "
        "elevated baseline, of all Medicaid patients enrolled in collaborative care on at least one day of the "
        "month.",
        exclusions=(NO_MEDICAID,),
        better="up",
        judge=of_medicaid(judge_remission),
    ),
    _measure(
        key="nys_8",
        title="NYS 8: psychiatric consultation rate",
        kind=Kind.SHARE,
        formula="Medicaid patients reviewed by the psychiatric consultant with a recommendation in the 60 days that "
        "end on the month's last day, both days included, of those whom measure 6 counts and who did not improve.",
        exclusions=(NO_MEDICAID, SEVENTY, NOT_ELEVATED, "Improved"),
        target=Decimal(80),
        better="up",
        judge=of_medicaid(judge_consultation),
    ),
)
