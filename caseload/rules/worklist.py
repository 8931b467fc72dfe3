"""Today's worklist: what is due for each patient, and whose row comes first.

Tasks are ordered by the harm of missing them. A patient has one row, placed by the most harmful task; a task that was
put off until a day does not place it before that day, and a task of safety is never put off. All days are local days
of the patient's clinic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from caseload.rules.advice_tasks import AdviceDue, advice_tasks
from caseload.rules.clock import last_day, month_of, short_day
from caseload.rules.risk_tasks import Answer, RiskOpen, risk_task
from caseload.rules.signals import may_be_put_off
from registry.rules.instruments import INSTRUMENTS
from registry.rules.tools import ScoreDue

# For so long after it ended, a stay without a contact since asks for one (follow-up within 30 days).
STAY_DAYS = 30
# So few minutes from its base code a month is close to it.
NEAR_MINUTES = 10
LONGEST_SNOOZE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task: its key, its name on screen, and whether it may be put off."""

    key: str
    label: str
    is_safety: bool = False


# From most to least harmful to miss; the place in this table is the rank.
KINDS = (
    Kind("safety_notice", "Safety notice", is_safety=True),
    Kind("risk_unassessed", "Assess risk", is_safety=True),
    Kind("risk_recheck", "Recheck risk", is_safety=True),
    Kind("risk_steps", "Safety steps", is_safety=True),
    Kind("advice_safety", "Safety action", is_safety=True),
    Kind("stay_ended", "After a stay"),
    Kind("follow_up_overdue", "Follow-up overdue"),
    Kind("first_attempt", "New referral"),
    Kind("contact_overdue", "Contact overdue"),
    Kind("clinician_untold", "Tell the clinician"),
    Kind("follow_up_today", "Planned today"),
    Kind("referral_due", "Referral"),
    Kind("interim_contact", "Waiting list"),
    Kind("score_overdue", "Score overdue"),
    Kind("advice_unanswered", "No answer"),
    Kind("advice_declined", "Declined"),
    Kind("advice_unsent", "Ask the clinician"),
    Kind("advice_to_do", "Carry out"),
    Kind("advice_to_tell", "Tell the patient"),
    Kind("coordination", "Ask again"),
    Kind("consent_missing", "Consent missing"),
    Kind("month_near", "Month nearly there"),
)
KIND_OF: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}
RANK_OF: Mapping[str, int] = {kind.key: rank for rank, kind in enumerate(KINDS)}
SNOOZABLE = frozenset(kind.key for kind in KINDS if not kind.is_safety)
# What is said of a contact by each signal; the first that stands is said.
_LAPSED = ("inactive", "contact_lapsed")
_LATE = ("first_follow_up_late", "contact_overdue")
_REFERRAL_KINDS = {"referred": "first_attempt", "contacting": "referral_due", "waiting": "interim_contact"}
_URGENCY = {"urgent": 0, "soon": 1, "routine": 2}


@dataclass(frozen=True, slots=True)
class StayEnded:
    """A stay in a hospital or an emergency department that ended without a contact since."""

    on: date
    what: str


@dataclass(frozen=True, slots=True)
class ReferralDue:
    """An open referral: its state, when it is due, and how urgent it is."""

    state: str
    due_on: date
    urgency: str = "routine"
    is_reached: bool = False


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """Whole minutes that count, those that the base code asks (None once it is reached), and what else is missing."""

    minutes: int
    goal: int | None
    is_reached: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a patient that may ask for something today.

    `signals`: by word, since when it stands. `answers` in order, given only while a safety signal stands.
    `last_scores`: the scales whose last score is too old. `scores_due`: the tools in the clinic's own rhythm.
    `lost_on`: not reached since, with nothing said to the treating clinician about it; `at_risk_from`: due from then.
    `risk` is the open risk case, `risk_closed_on` when the last one was closed. `notices`: the days on which open
    safety notices were raised. `asked_again`: coordination, by day and words.
    """

    today: date
    is_on_hold: bool = False
    enrolled_on: date | None = None
    last_contact_on: date | None = None
    next_due_on: date | None = None
    next_due_purpose: str = ""
    signals: Mapping[str, date] | None = None
    last_scores: tuple[tuple[str, date], ...] = ()
    scores_due: tuple[ScoreDue, ...] = ()
    answers: tuple[Answer, ...] = ()
    risk: RiskOpen | None = None
    risk_closed_on: date | None = None
    notices: tuple[date, ...] = ()
    stay: StayEnded | None = None
    unconsented_from: date | None = None
    month: MonthSoFar | None = None
    referral: ReferralDue | None = None
    asked_again: tuple[tuple[date, str], ...] = ()
    advice: tuple[AdviceDue, ...] = ()
    lost_on: date | None = None
    at_risk_from: date | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One thing due: its kind, since when it has been due, and why in words. A lower `urgency` is more urgent."""

    kind: str
    since: date
    words: str
    urgency: int = 0

    @property
    def label(self) -> str:
        return KIND_OF[self.kind].label

    @property
    def is_safety(self) -> bool:
        return KIND_OF[self.kind].is_safety


def tasks_of(standing: Standing) -> tuple[Task, ...]:
    """Everything due for a patient today, the most harmful to miss first, within a kind the longest due."""
    found = (
        *_notices(standing),
        *_risk(standing),
        *_stay(standing),
        *_follow_up(standing),
        *_referral(standing),
        *_contact(standing),
        *_clinician(standing),
        *_score(standing),
        *_advice(standing),
        *_coordination(standing),
        *_consent(standing),
        *_month(standing),
    )
    return tuple(sorted(found, key=place))


def place(task: Task) -> tuple[int, int, date]:
    """Where a task stands among others: harm, then urgency, then the longest due."""
    return RANK_OF[task.kind], task.urgency, task.since


def split_snoozed(tasks: Iterable[Task], until: Mapping[str, date], today: date) -> tuple[list[Task], list[Task]]:
    """What asks today, and what was put off until a later day. Safety is never put off."""
    asking: list[Task] = []
    waiting: list[Task] = []
    for task in tasks:
        is_off = task.kind in SNOOZABLE and until.get(task.kind, today) > today
        (waiting if is_off else asking).append(task)
    return asking, waiting


def fault_of_snooze(kind: str, until_on: date, reason: str, *, today: date) -> tuple[str, str] | None:
    """Why a task cannot be put off so, as field and sentence; None when it can."""
    if kind not in SNOOZABLE and not may_be_put_off(kind):
        return "", "Safety is never put off. Assess the risk, or take the notice on."
    if until_on <= today:
        return "until_on", "Choose a day after today."
    if until_on > today + timedelta(days=LONGEST_SNOOZE_DAYS):
        return "until_on", f"A task can be put off for {LONGEST_SNOOZE_DAYS} days at most. Choose an earlier day."
    if not reason.strip():
        return "reason", "Say why it can wait."
    return None


def _notices(standing: Standing) -> Iterable[Task]:
    if standing.notices:
        yield Task("safety_notice", min(standing.notices), "An answer that means danger, not yet dealt with")


def _risk(standing: Standing) -> Iterable[Task]:
    """The open risk case says what is due; without one (an import, an older score) the answers themselves do."""
    found = risk_task(standing.risk, standing.answers, closed_on=standing.risk_closed_on, today=standing.today)
    if found is not None:
        yield Task(*found)


def _stay(standing: Standing) -> Iterable[Task]:
    stay = standing.stay
    if stay is None or (standing.today - stay.on).days > STAY_DAYS:
        return
    if standing.last_contact_on is None or standing.last_contact_on < stay.on:
        yield Task("stay_ended", stay.on, f"{stay.what} ended on {_day(stay.on, standing)}, no contact since")


def _follow_up(standing: Standing) -> Iterable[Task]:
    due_on = standing.next_due_on
    if due_on is None or due_on > standing.today:
        return
    about = f": {standing.next_due_purpose}" if standing.next_due_purpose else ""
    if due_on < standing.today:
        yield Task("follow_up_overdue", due_on, f"Was planned for {_day(due_on, standing)}{about}")
    else:
        yield Task("follow_up_today", due_on, f"Planned for today{about}")


def _contact(standing: Standing) -> Iterable[Task]:
    """T18, T19 and T24. While something is planned for today or later, only what lapsed is said."""
    signals = standing.signals or {}
    is_planned = standing.next_due_on is not None
    asked = _LAPSED if is_planned else (*_LAPSED, *_LATE)
    word = next((word for word in asked if word in signals), None)
    counted = standing.last_contact_on or standing.enrolled_on
    if word is None or counted is None or standing.is_on_hold:
        return
    days = (standing.today - counted).days
    words = f"Not reached for {days} days" if standing.last_contact_on else f"Enrolled {days} days ago, not reached yet"
    if word == "first_follow_up_late":
        words = f"No session since enrolment on {_day(standing.enrolled_on or counted, standing)}"
    yield Task("contact_overdue", signals[word], words)


def _clinician(standing: Standing) -> Iterable[Task]:
    """Who is slipping away is said to the treating clinician, by a request or in a contact (5.4, day 14)."""
    lost_on, due_on = standing.lost_on, standing.at_risk_from
    if lost_on is not None and due_on is not None and due_on <= standing.today and not standing.is_on_hold:
        words = f"Not reached since {_day(lost_on, standing)}: say so, and ask whether they were seen"
        yield Task("clinician_untold", due_on, words)


def _score(standing: Standing) -> Iterable[Task]:
    """T17 says that a score is overdue; which tools and since when, the clinic's rhythm where it asks for any."""
    since = (standing.signals or {}).get("measure_overdue")
    if since is None or standing.is_on_hold:
        return
    by_rhythm = [_tool_due(due, standing) for due in standing.scores_due if due.due_on <= standing.today]
    too_old = [f"{INSTRUMENTS[key].name}, last on {_day(on, standing)}" for key, on in standing.last_scores]
    yield Task("score_overdue", since, "; ".join(by_rhythm or too_old) or "No score yet in this episode")


def _tool_due(due: ScoreDue, standing: Standing) -> str:
    last = f"last on {_day(due.last_on, standing)}" if due.last_on else "none yet"
    return f"{due.instrument.name} {_due(due.due_on, standing)}, {last}"


def _referral(standing: Standing) -> Iterable[Task]:
    referral = standing.referral
    if referral is None or referral.due_on > standing.today:
        return
    what = {"referred": "First attempt", "contacting": "Next try", "waiting": "Contact while waiting"}[referral.state]
    if referral.state == "contacting" and referral.is_reached:
        what = "Reached: enrol or decide"
    urgent = "Urgent. " if referral.urgency == "urgent" else ""
    words = f"{urgent}{what} {_due(referral.due_on, standing)}"
    yield Task(_REFERRAL_KINDS[referral.state], referral.due_on, words, _URGENCY[referral.urgency])


def _coordination(standing: Standing) -> Iterable[Task]:
    due = sorted(one for one in standing.asked_again if one[0] <= standing.today)
    if due:
        yield Task("coordination", due[0][0], due[0][1])


def _advice(standing: Standing) -> Iterable[Task]:
    """Recommendations of the consultant, what is due first before the others of its kind."""
    for one in advice_tasks(standing.advice, standing.today):
        yield Task(one.kind, one.since, one.words, one.days_left)


def _consent(standing: Standing) -> Iterable[Task]:
    if standing.unconsented_from is not None:
        day = _day(standing.unconsented_from, standing)
        yield Task("consent_missing", standing.unconsented_from, f"Minutes run without consent, from {day}")


def _month(standing: Standing) -> Iterable[Task]:
    """A month close to its base code, where care is due anyway: a contact before it ends, or a scale."""
    month = standing.month
    if month is None or month.is_reached or not month.minutes or standing.is_on_hold:
        return
    ends_on = last_day(month_of(standing.today))
    is_care_due = standing.next_due_on is not None and standing.next_due_on <= ends_on
    is_score_due = bool(month.missing) or "measure_overdue" in (standing.signals or {})
    if month.goal is not None and month.goal - month.minutes > NEAR_MINUTES:
        return
    if (is_care_due or is_score_due) and (month.goal is not None or month.missing):
        yield Task("month_near", standing.today, _month_words(month, standing))


def _month_words(month: MonthSoFar, standing: Standing) -> str:
    minutes = f"{month.minutes} of {month.goal} minutes" if month.goal else f"{month.minutes} minutes"
    due_on = standing.next_due_on
    planned = f"contact planned for {_day(due_on, standing)}" if due_on and due_on >= standing.today else ""
    return "; ".join(part for part in (f"{minutes} this month", month.missing, planned) if part)


def _due(on: date, standing: Standing) -> str:
    return "due today" if on == standing.today else f"was due on {_day(on, standing)}"


def _day(on: date, standing: Standing) -> str:
    return short_day(on) if on.year == standing.today.year else f"{short_day(on)}, {on.year}"
