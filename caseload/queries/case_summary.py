"""The one page that a psychiatric consultant reads of a patient: why now, the question, the course, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Membership
from caseload.models import LoopState, QuestionKind
from caseload.queries.caseload_list import standing_signals
from caseload.queries.chart import ScaleScores, scale_scores
from caseload.queries.patient_record import PatientRecord, Row, day
from caseload.queries.summary_parts import (
    day_words,
    done_since,
    life_section,
    safety_section,
    screens_section,
    treatment_section,
)
from caseload.queries.summary_record import name_of, sex_words, summary_record
from caseload.rules.course import ANXIETY, DEPRESSION
from caseload.rules.reviews import AdviceLine, advice_line
from caseload.rules.signal_words import SignalShown
from caseload.rules.states import STATE_LABELS
from caseload.rules.summary_words import SummaryFact, SummarySection, cut, fact
from caseload.rules.treatments import Mark, PlanMedications, Taken, medication_marks, treatment_marks
from registry.models import EpisodeStatus, Program
from registry.rules.care_plans import Plan
from registry.rules.content import from_json
from registry.rules.initial_assessment import FirstAssessment
from registry.rules.instruments import INSTRUMENTS, scale_key_of

# A referral's score belongs to the picture, what an earlier episode left does not.
BEFORE_ENROLMENT = timedelta(days=60)
MOST_MARKS, MOST_SCALES, MOST_QUESTIONS = 8, 3, 4


@dataclass(frozen=True)
class Asked:
    """A question to the consultant: what is asked, by whom and when."""

    kind: str
    text: str
    by: str
    on: date


@dataclass(frozen=True)
class AdviceSoFar:
    """A recommendation of the last review, and what became of it."""

    line: AdviceLine
    became: str
    is_late: bool


@dataclass(frozen=True)
class LastReview:
    """The review before this one."""

    id: UUID
    on: date
    who: str
    impression: str
    advice: tuple[AdviceSoFar, ...]


@dataclass(frozen=True)
class CaseSummary:
    """Everything that a review is asked to look at, on the clinic's day `today`.

    `still_open` is advice of reviews before the last that nobody has closed, with the day of its review.
    """

    episode_id: UUID
    patient_id: UUID
    clinic_id: UUID
    name: str
    mrn: str
    born_on: date
    about: str
    clinic_name: str
    zone: ZoneInfo
    today: date
    weeks: int
    is_open: bool
    people: str
    goals: SummaryFact
    why_referred: SummaryFact
    questions: tuple[Asked, ...]
    signals: tuple[SignalShown, ...]
    response: str
    scales: tuple[ScaleScores, ...]
    marks: tuple[tuple[date, str], ...]
    sections: tuple[SummarySection, SummarySection, SummarySection, SummarySection]
    last_review: LastReview | None
    still_open: tuple[tuple[date, AdviceSoFar], ...]
    reviews: int
    done_since: tuple[str, ...]
    first_assessment_on: date | None
    plan_name: str

    @property
    def questions_shown(self) -> tuple[Asked, ...]:
        """The first that were asked."""
        return self.questions[:MOST_QUESTIONS]

    @property
    def questions_more(self) -> int:
        """How many were asked besides."""
        return len(self.questions) - len(self.questions_shown)

    @property
    def opening(self) -> tuple[SummaryFact, SummaryFact]:
        """What brought the patient here, and what they want."""
        return self.why_referred, self.goals

    @property
    def columns(self) -> tuple[tuple[SummarySection, ...], ...]:
        """The sections as they are laid out: two columns of about the same length, and what goes across below."""
        treatment, safety, screens, life = self.sections
        return (treatment, safety), (screens,), (life,)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not on record, by name."""
        facts = [one for section in self.sections for one in section.facts]
        return tuple(one.label for one in (*self.opening, *facts) if one.is_missing)


def case_summary(organization_id: UUID, episode_id: UUID, *, on: date) -> CaseSummary:
    """The summary as of the clinic's local day `on`. Two statements. Raises NotFound."""
    row, record = summary_record(organization_id, episode_id)
    people = people_of(organization_id)
    first = from_json(FirstAssessment, _only(record, "first").get("content", {}))
    plan_row = _in_force(record.of("plan"))
    plan = from_json(Plan, plan_row.get("content", {}))
    scales = tuple(_scales(row, record))
    return CaseSummary(
        episode_id=UUID(row["id"]),
        patient_id=UUID(row["patient_id"]),
        clinic_id=UUID(row["clinic_id"]),
        name=name_of(row),
        mrn=row["mrn"],
        born_on=day(row["birth_date"]),
        about=_about(row, on),
        clinic_name=row["clinic_name"],
        zone=record.zone,
        today=on,
        weeks=max(0, ((day(row["ended_on"]) or on) - day(row["enrolled_on"])).days // 7),
        is_open=row["status"] != EpisodeStatus.DISCHARGED,
        people=_people(row, people),
        goals=fact("Goals", plan.goals or first.patient_wants),
        why_referred=fact("Why referred", first.why_referred),
        questions=tuple(_questions(record, people)),
        signals=tuple(standing_signals(row["signals"] or (), on)),
        response=STATE_LABELS[row["response_state"] or "no_baseline"],
        scales=scales,
        marks=_marks(record, scales),
        sections=(
            treatment_section(record, first, plan),
            safety_section(record, first),
            screens_section(record, first, row["sex"]),
            life_section(first),
        ),
        last_review=next((_review(one, people, on) for one in record.of("review")), None),
        still_open=tuple((day(one["on"]), _advice(one, on)) for one in record.of("open_advice")),
        reviews=_only(record, "reviews")["many"],
        done_since=done_since(record.of("contact")),
        first_assessment_on=day(_only(record, "first").get("on")),
        plan_name=_plan_name(plan_row),
    )


def _only(record: PatientRecord, kind: str) -> Row:
    return next(iter(record.of(kind)), {})


def _in_force(plans: Sequence[Row]) -> Row:
    """The last of them: those written here come after what an import brought; an assumed one says nothing."""
    return next((plan for plan in reversed(plans) if not plan["is_assumed"]), {})


def _plan_name(plan: Row) -> str:
    if not plan:
        return ""
    name = "From an import" if plan["number"] is None else f"Version {plan['number']}"
    return f"{name}, {day_words(day(plan['on']))}"


def _about(row: Row, on: date) -> str:
    """`64 years, female · collaborative care, week 5 · Active · Spanish, interpreter`."""
    born, last = day(row["birth_date"]), day(row["ended_on"]) or on
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    sex = sex_words(row)
    language = row["language"] + (", interpreter" if row["needs_interpreter"] else "")
    return " · ".join(
        part
        for part in (
            f"{age} years, {sex}" if sex else f"{age} years",
            f"{Program(row['program']).label}, week {max(0, (last - day(row['enrolled_on'])).days // 7)}",
            str(EpisodeStatus(row["status"]).label),
            language,
        )
        if part
    )


def _people(row: Row, people: Mapping[UUID, Membership]) -> str:
    """Who cares for the patient, in a line."""
    clinician = f"{row['clinician']}, {row['credential']}" if row["credential"] else row["clinician"]
    manager = _person(row["care_manager_id"], people)
    named = (("Care manager", manager), ("treating clinician", clinician or "not recorded"))
    return "; ".join(f"{what} {who}" for what, who in named if who)


def _person(seat: str | None, people: Mapping[UUID, Membership]) -> str:
    return str(people[UUID(seat)]) if seat and UUID(seat) in people else ""


def _questions(record: PatientRecord, people: Mapping[UUID, Membership]) -> Iterable[Asked]:
    """Those asked and not answered; then those of contact notes since the last review that nobody took up."""
    for row in (*record.of("question"), *record.of("contact_question")):
        kind = str(QuestionKind(row.get("kind", QuestionKind.QUESTION)).label)
        yield Asked(kind, row["text"], _person(row["asked_by_id"], people), day(row["asked_on"]))


def _scales(row: Row, record: PatientRecord) -> Iterable[ScaleScores]:
    """The PHQ-9, the GAD-7, and what else the episode is steered by, where there are totals of about this episode."""
    since = day(row["enrolled_on"]) - BEFORE_ENROLMENT
    totals: dict[str, list[tuple[date, int]]] = {}
    for one in record.of("assessment"):
        if one["total"] is not None and one["instrument"] in INSTRUMENTS and day(one["on"]) >= since:
            totals.setdefault(scale_key_of(one["instrument"]), []).append((day(one["on"]), one["total"]))
    followed = [DEPRESSION, ANXIETY, *row["target_instruments"]]
    shown = [key for key in dict.fromkeys(followed) if key in totals][:MOST_SCALES]
    return (scale_scores(key, totals[key], day(row["enrolled_on"])) for key in shown)


def _marks(record: PatientRecord, scales: Sequence[ScaleScores]) -> tuple[tuple[date, str], ...]:
    """The last changes of treatment that lie in the time of the chart."""
    recorded = [
        Mark(day(row["on"]), cut(row["text"], 80)) for kind in ("change", "carried_out") for row in record.of(kind)
    ]
    versions = [
        PlanMedications(day(row["on"]), tuple(_taken(row))) for row in record.of("plan") if row["number"] is not None
    ]
    first = min((on for scale in scales for on, _ in scale.scores), default=date.max)
    marks = treatment_marks(recorded, medication_marks(versions))
    shown = [(mark.on, mark.text) for mark in marks if mark.on >= first - timedelta(days=28)]
    return tuple(shown[-MOST_MARKS:])


def _taken(row: Row) -> Iterable[Taken]:
    plan = from_json(Plan, row["content"])
    return (Taken(one.name, one.dose, one.started_on, one.stopped_on) for one in plan.medications)


def _review(row: Row, people: Mapping[UUID, Membership], on: date) -> LastReview:
    return LastReview(
        id=UUID(row["id"]),
        on=day(row["on"]),
        who=row["signed_as"] or _person(row["consultant_id"], people),
        impression=cut(row["impression"]),
        advice=tuple(_advice(one, on) for one in row["advice"] or ()),
    )


def _advice(row: Mapping[str, Any], on: date) -> AdviceSoFar:
    values = ("number", "kind", "act", "text", "dose", "if_then", "present_again")
    line = advice_line(**{name: row[name] for name in values}, present_again_on=day(row["present_again_on"]))
    due_on = day(row["due_on"])
    return AdviceSoFar(line, _became(row), is_late=due_on is not None and due_on < on)


def _became(row: Mapping[str, Any]) -> str:
    """Where it stands, since when, and what was said at that step; of a closed one how it ended. What the clinician
    changed stays in view, whatever came after it.
    """
    steps = [(state, day(at), text) for state, at, text in row["steps"] or ()]
    if not steps:
        return "" if row["state"] == LoopState.CLOSED else str(LoopState(row["state"]).label)
    ends = [one for one in steps if one[0] in _ENDINGS] if row["state"] == LoopState.CLOSED else []
    last = (ends or steps)[-1]
    changed = [one for one in steps if one[0] == LoopState.MODIFIED and one != last]
    return ". ".join(_step_words(*one).rstrip(".") for one in (*changed, last))


_ENDINGS = (LoopState.TOLD, LoopState.CARRIED_OUT, LoopState.DECLINED)


def _step_words(state: str, on: date, text: str) -> str:
    said = f": {cut(text, 160)}" if text else ""
    return f"{LoopState(state).label}, {day_words(on)}{said}"
