"""How patients change: improvement, response, remission, whether change is measured, and stays before and after.

Improvement, response and remission are rules T3 to T5 of the clinical rules; improvement and remission are counted as
New York State's collaborative care metrics of 2025 count them, here of all payers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, OWN, Kind, Measure, Part, judged, left_out, valued

LONG_ENOUGH_DAYS: Final = 70
SIXTEEN_WEEKS_DAYS: Final = 112
MEASURED_WITHIN_DAYS: Final = 35
NEW_DAYS: Final = 28
HALF_A_YEAR_DAYS: Final = 182
NEW_YORK_FOR_ALL: Final = "New York State OMH collaborative care metrics 2025, for patients of all payers"
TEN_TO_SIXTEEN: Final = "Day 112 after enrolment lies in the month, and the baseline is elevated."
NOT_ELEVATED: Final = "No baseline, or one that is not elevated"
STAYS: Final = (
    "Patients whose 182nd day is not in the month",
    "Patients who left or died before it, of whom half a year is not known",
    "Patients of a clinic where nobody's stay is on record in those days: there stays are not known",
)


def is_improved(facts: EpisodeFacts) -> bool:
    """Whether the last score after the baseline is an improvement on it (rule T4). Without such a score it is not."""
    return facts.latest is not None and facts.improved_at is not None and facts.latest <= facts.improved_at


def in_remission(facts: EpisodeFacts, score: int | None) -> bool:
    """Whether a score lies under the scale's limit of remission, after an elevated baseline (rule T5)."""
    limit = facts.remission_below
    return facts.is_elevated and score is not None and limit is not None and score < limit


def lacks_baseline(facts: EpisodeFacts) -> Part | None:
    """Why somebody's change cannot be asked about; None where it can."""
    if facts.is_elevated:
        return None
    return left_out(
        "No baseline yet" if facts.baseline is None else f"The baseline of {facts.baseline} is not elevated"
    )


def judge_improvement(facts: EpisodeFacts) -> Part:
    """Of those enrolled for 70 days or more with an elevated baseline: who improved."""
    if not facts.is_last_in_month:
        return NOT_ASKED
    if facts.days < LONG_ENOUGH_DAYS:
        return left_out(f"In treatment for {facts.days} days: fewer than 70")
    words = change_words(facts, facts.latest)
    return lacks_baseline(facts) or judged(is_improved(facts), words, words)


def judge_remission(facts: EpisodeFacts) -> Part:
    """Of all enrolled in the month: whose last score in the month is a remission."""
    if not facts.is_last_in_month:
        return NOT_ASKED
    words = change_words(facts, facts.last_in_month)
    if facts.last_in_month is None:
        words = "No score on the episode's scale in the month"
    elif lacks := lacks_baseline(facts):
        words = lacks.why
    return judged(in_remission(facts, facts.last_in_month), words, words)


def change_words(facts: EpisodeFacts, score: int | None) -> str:
    """`From 18 to 8`."""
    return f"From {facts.baseline} to {score}" if score is not None else f"Baseline {facts.baseline}, no score since"


def _at_16_weeks(facts: EpisodeFacts) -> Part | None:
    if not facts.reaches_day(SIXTEEN_WEEKS_DAYS):
        return NOT_ASKED
    return lacks_baseline(facts)


def judge_response_16(facts: EpisodeFacts) -> Part:
    """Whose last score of days 70 to 112 is at most half of the baseline."""
    words = change_words(facts, facts.at_16_weeks)
    return _at_16_weeks(facts) or judged(_responds(facts, facts.at_16_weeks), words, words)


def judge_remission_16(facts: EpisodeFacts) -> Part:
    """Whose last score of days 70 to 112 is a remission."""
    words = change_words(facts, facts.at_16_weeks)
    return _at_16_weeks(facts) or judged(in_remission(facts, facts.at_16_weeks), words, words)


def judge_response_discharge(facts: EpisodeFacts) -> Part:
    """Of those discharged in the month: whose last score is at most half of the baseline."""
    words = change_words(facts, facts.latest)
    return _at_discharge(facts) or judged(_responds(facts, facts.latest), words, words)


def judge_remission_discharge(facts: EpisodeFacts) -> Part:
    """Of those discharged in the month: whose last score is a remission."""
    words = change_words(facts, facts.latest)
    return _at_discharge(facts) or judged(in_remission(facts, facts.latest), words, words)


def _at_discharge(facts: EpisodeFacts) -> Part | None:
    return lacks_baseline(facts) if facts.ended_in_month else NOT_ASKED


def _responds(facts: EpisodeFacts, score: int | None) -> bool:
    return score is not None and facts.response_at is not None and score <= facts.response_at


def judge_completeness(facts: EpisodeFacts) -> Part:
    """Of those open on the last day and enrolled for 28 days or more: who was scored in the 35 days that end on it."""
    if not facts.is_in_month or facts.ended_on is not None:
        return NOT_ASKED
    if facts.days < NEW_DAYS:
        return left_out(f"Enrolled {facts.days} days ago: fewer than 28")
    since = facts.last_day - timedelta(MEASURED_WITHIN_DAYS - 1)
    words = f"Last scored on {facts.last_scored_on:%b %-d, %Y}" if facts.last_scored_on else "Never scored"
    return judged(facts.last_scored_on is not None and facts.last_scored_on >= since, words, words)


def _stays(count: Callable[[EpisodeFacts], tuple[int | None, int | None]], *, is_after: bool) -> Callable[..., Part]:
    def judge(facts: EpisodeFacts) -> Part:
        if not facts.reaches_day(HALF_A_YEAR_DAYS):
            return NOT_ASKED
        if facts.days < HALF_A_YEAR_DAYS:
            return left_out(f"In the program for {facts.days} days: fewer than 182")
        before, after = count(facts)
        if before is None or after is None:
            return left_out("Stays are not known")
        return valued(after if is_after else before, f"{before} before, {after} after")

    return judge


def _of_stays(key: str, title: str, what: str, *, is_after: bool) -> Measure:
    when = "in the 182 days from enrolment on" if is_after else "in the 182 days before enrolment"
    return Measure(
        key=key,
        title=title,
        kind=Kind.RATE,
        subject="episode",
        formula=f"{what} {when} for every 100 patients whose 182nd day in the program lies in the month.",
        exclusions=STAYS,
        unit="per 100",
        family="change",
        better="down" if is_after else "",
        judge=_stays(_visits if key.startswith("ed") else _nights, is_after=is_after),
    )


def _visits(facts: EpisodeFacts) -> tuple[int | None, int | None]:
    return facts.ed_before, facts.ed_after


def _nights(facts: EpisodeFacts) -> tuple[int | None, int | None]:
    return facts.stays_before, facts.stays_after


_share = partial(Measure, kind=Kind.SHARE, subject="episode", family="change", better="up")

CHANGE: Final = (
    _share(
        key="improvement",
        title="Improved after 70 days",
        formula="Patients whose last score after the baseline is at most half of it, or under 10 on PHQ-9 and GAD-7, "
        "of all who were enrolled for 70 days or more, to the end of the month or to discharge in it, with an "
        "elevated baseline.",
        judge=judge_improvement,
        exclusions=("Enrolled for fewer than 70 days", NOT_ELEVATED),
        source=NEW_YORK_FOR_ALL,
        target=Decimal(60),
    ),
    _share(
        key="remission",
        title="In remission this month",
        formula="Patients whose last score in the month is under 5 on PHQ-9 or GAD-7 after an elevated baseline, of "
        "all enrolled on at least one day of the month. Who has no score in the month is not in remission.",
        judge=judge_remission,
        source=NEW_YORK_FOR_ALL,
    ),
    _share(
        key="response_16",
        title="Response at 10 to 16 weeks",
        formula="Patients whose last score from day 70 to day 112 is at most half of the baseline. Of all of whom "
        f"holds: {TEN_TO_SIXTEEN} Who has no score in those days has not responded.",
        judge=judge_response_16,
        exclusions=(NOT_ELEVATED,),
    ),
    _share(
        key="remission_16",
        title="Remission at 10 to 16 weeks",
        formula="Patients whose last score from day 70 to day 112 is under 5 on PHQ-9 or GAD-7. Of all of whom "
        f"holds: {TEN_TO_SIXTEEN} Who has no score in those days is not in remission.",
        judge=judge_remission_16,
        exclusions=(NOT_ELEVATED,),
    ),
    _share(
        key="response_discharge",
        title="Response at discharge",
        formula="Patients whose last score after the baseline is at most half of it, of all discharged in the month "
        "with an elevated baseline.",
        judge=judge_response_discharge,
        exclusions=(NOT_ELEVATED,),
    ),
    _share(
        key="remission_discharge",
        title="Remission at discharge",
        formula="Patients whose last score is under 5 on PHQ-9 or GAD-7, of all discharged in the month with an "
        "elevated baseline.",
        judge=judge_remission_discharge,
        exclusions=(NOT_ELEVATED,),
    ),
    _share(
        key="completeness",
        title="Scored in the last 35 days",
        formula="Patients with a scored symptom scale in the 35 days that end on the month's last day, of all who "
        "are enrolled on that day and have been for 28 days or more.",
        judge=judge_completeness,
        exclusions=("Enrolled for fewer than 28 days", "Discharged in the month"),
        source=OWN,
    ),
    _of_stays("ed_before", "Emergency visits before enrolment", "Emergency department visits", is_after=False),
    _of_stays("ed_after", "Emergency visits after enrolment", "Emergency department visits", is_after=True),
    _of_stays("stays_before", "Hospital stays before enrolment", "Hospital stays", is_after=False),
    _of_stays("stays_after", "Hospital stays after enrolment", "Hospital stays", is_after=True),
)
