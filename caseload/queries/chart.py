"""One patient's page: where they stand, their scores, and what happened in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from caseload.models import Activity, ContactOutcome, Mode, RecommendationKind
from caseload.queries.caseload_list import standing_signals
from caseload.queries.chart_around import ChartAround, chart_around
from caseload.queries.chart_checklist import chart_checklist
from caseload.queries.chart_review import (
    OpenAdvice,
    OpenQuestion,
    announced_on,
    changes_on,
    open_advice_on,
    open_questions_on,
)
from caseload.queries.doors import PatientDoor
from caseload.queries.hand_overs import HandedOver, handed_over_from, listed_name
from caseload.queries.patient_record import PatientRecord, Row, day, instant, patient_record, time_on_record
from caseload.queries.time_shown import EntryShown, entries_shown, span_words
from caseload.rules.clock import month_of
from caseload.rules.course import DEPRESSION
from caseload.rules.notes import PARTS
from caseload.rules.signal_words import SignalShown
from caseload.rules.states import STATE_LABELS, state_of_totals
from registry.models import ConsentForm, Episode, EpisodeStatus
from registry.queries.appointments import visit_from
from registry.rules.appointments import InClinic
from registry.rules.enrolment import Checklist
from registry.rules.instruments import (
    INSTRUMENTS,
    TARGET_SCALES,
    Instrument,
    TargetScale,
    instrument,
    scale_key_of,
)
from registry.rules.instruments.words import critical_words


@dataclass(frozen=True)
class TimelineEntry:
    """Something that happened, as the timeline shows it."""

    on: date
    title: str
    icon: str
    time: str = ""
    who: str = ""
    text: str = ""
    facts: tuple[str, ...] = ()
    tone: str = ""
    url: str = ""
    contact_id: str = ""
    review_id: str = ""


@dataclass(frozen=True)
class ScaleScores:
    """The totals of one scale in order, those from before enrolment included; `is_referral` where those are all.

    `state` is the response that the scale shows by itself, once a baseline has a later score.
    """

    key: str
    name: str
    highest: int
    target: int | None
    bands: tuple[tuple[int, str], ...]
    scores: tuple[tuple[date, int], ...]
    is_referral: bool
    state: str = ""


@dataclass(frozen=True)
class CheckedDocument:
    """Something that a month needs on record, and whether it is."""

    label: str
    is_done: bool
    detail: str


@dataclass(frozen=True)
class Chart:
    """Everything that one patient's page shows, but for what the month bills."""

    signals: tuple[SignalShown, ...]
    response: str
    next_due_on: date | None
    next_due_purpose: str
    last_contact_on: date | None
    last_review_on: date | None
    scales: tuple[ScaleScores, ...]
    marks: tuple[tuple[date, str], ...]
    questions: tuple[OpenQuestion, ...]
    advice: tuple[OpenAdvice, ...]
    documents: tuple[CheckedDocument, ...]
    timeline: tuple[TimelineEntry, ...]
    month: str
    entries: tuple[EntryShown, ...]
    around: ChartAround
    checklist: Checklist | None
    handed_over: tuple[HandedOver, ...]
    visits: tuple[InClinic, ...] = ()


def patient_chart(door: PatientDoor, people: Mapping[UUID, Membership]) -> Chart:
    """The chart of a patient on the clinic's day. One statement."""
    episode = door.episode
    record = patient_record(door.patient.organization_id, door.patient.id, episode.id if episode else None, door.zone)
    standing: Row = next(iter(record.of("standing")), _NO_STANDING)
    month = month_of(door.today)
    scales = tuple(_scales(record, episode))
    return Chart(
        signals=tuple(standing_signals(standing["signals"], door.today, announced_on(record))),
        response=_response(standing["response_state"], scales, episode),
        next_due_on=day(standing["next_due_on"]),
        next_due_purpose=standing["next_due_purpose"],
        last_contact_on=day(standing["last_contact_on"]),
        last_review_on=day(standing["last_review_on"]),
        scales=scales,
        marks=(*((day(row["on"]), "Case review") for row in record.of("review")), *changes_on(record)),
        questions=tuple(open_questions_on(record, people)),
        advice=tuple(open_advice_on(record)),
        documents=tuple(_documents(record)),
        timeline=tuple(_timeline(record, people, episode)),
        month=month,
        entries=tuple(_entries(record, door, month, people)) if episode else (),
        around=chart_around(record, door),
        checklist=chart_checklist(record, door, episode, people) if episode else None,
        handed_over=tuple(_handed_over(record, door)),
        visits=tuple(visit_from((row["on"], row["at"], row["with_whom"])) for row in record.of("appointment")),
    )


def _handed_over(record: PatientRecord, door: PatientDoor) -> Iterable[HandedOver]:
    """What the care manager was given with the patient and has not read yet."""
    for row in record.of("given"):
        yield handed_over_from({**row, "patient_id": str(door.patient.id), "name": listed_name(door.patient)})


_NO_STANDING: Row = {
    "signals": (),
    "response_state": "no_baseline",
    "next_due_on": None,
    "next_due_purpose": "",
    "last_contact_on": None,
    "last_review_on": None,
}


def _entries(
    record: PatientRecord, door: PatientDoor, month: str, people: Mapping[UUID, Membership]
) -> list[EntryShown]:
    assert door.episode is not None
    overlaps = {
        UUID(row["id"]): span_words((instant(row["held_from"]), instant(row["held_until"])), record.zone)
        for row in record.of("entry")
        if row["held_from"]
    }
    return entries_shown(time_on_record(record, door.episode), month=month, people=people, overlaps=overlaps)


def _response(state: str, scales: Iterable[ScaleScores], episode: Episode | None) -> str:
    """The state in words. One score is no course, so that nothing changed yet is not said of it."""
    began = episode.enrolled_on if episode else date.max
    has_course = any(sum(on >= began for on, _ in scale.scores) > 1 for scale in scales)
    return "First score" if state == "no_change" and not has_course else STATE_LABELS[state]


def _scales(record: PatientRecord, episode: Episode | None) -> Iterable[ScaleScores]:
    """The scales to steer by that have a total, the PHQ-9 first; another tool once two days of it make a course."""
    totals: dict[str, list[tuple[date, int]]] = {}
    for row in record.of("assessment"):
        if row["total"] is not None and row["instrument"] in INSTRUMENTS:
            totals.setdefault(scale_key_of(row["instrument"]), []).append((day(row["on"]), row["total"]))
    enrolled_on = episode.enrolled_on if episode else date.max
    for key in sorted(totals, key=lambda one: (one != DEPRESSION, one not in TARGET_SCALES, one)):
        if key in TARGET_SCALES or len({on for on, _ in totals[key]}) > 1:
            yield scale_scores(key, totals[key], enrolled_on)


def scale_scores(key: str, scores: Sequence[tuple[date, int]], enrolled_on: date) -> ScaleScores:
    """The totals of a scale with what its chart needs, in the order given."""
    scale = instrument(key)
    return ScaleScores(
        key=scale.key,
        name=scale.name,
        highest=scale.highest_total,
        target=scale.remission_below if isinstance(scale, TargetScale) else None,
        bands=tuple((band.lowest, band.word) for band in scale.bands),
        scores=tuple(scores),
        is_referral=all(on < enrolled_on for on, _ in scores),
        state=_state(scale, [total for on, total in scores if on >= enrolled_on]),
    )


def _state(scale: Instrument, totals: Sequence[int]) -> str:
    if not isinstance(scale, TargetScale) or len(totals) < 2:
        return ""
    return STATE_LABELS[state_of_totals(scale, totals)]


def _documents(record: PatientRecord) -> Iterable[CheckedDocument]:
    consents = [row for row in record.of("consent") if row["service"] == "bhi"]
    yield _document("Consent", [_consent_words(row, record.zone) for row in consents][-1:])
    yield _document("Initiating visit", [_visit_words(row) for row in record.of("visit")][-1:])
    yield _document("Diagnosis", [row["code"] for row in record.of("diagnosis")])
    yield _document("Care plan", [_day_words(day(row["on"])) for row in record.of("plan")][-1:])
    yield _document("Insurance", [row["name"] for row in record.of("coverage")])


def _document(label: str, found: list[str]) -> CheckedDocument:
    return CheckedDocument(label, bool(found), ", ".join(found))


def _consent_words(row: Row, zone: ZoneInfo) -> str:
    given = f"{ConsentForm(row['form']).label.lower()}, {_day_words(instant(row['given_at']).astimezone(zone).date())}"
    withdrawn = day(row["revoked_on"])
    return given if withdrawn is None else f"{given}, withdrawn {_day_words(withdrawn)}"


def _visit_words(row: Row) -> str:
    return f"{row['code'] or 'code not recorded'}, {_day_words(day(row['on']))}"


def _day_words(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


def _timeline(record: PatientRecord, people: Mapping[UUID, Membership], episode: Episode | None) -> list[TimelineEntry]:
    """Contacts with their scores, scores by themselves, reviews, plans and status, the latest first."""
    entries = [*_contacts(record, people), *_scores_alone(record), *_reviews(record), *_plans(record)]
    entries += [TimelineEntry(on, "Treatment changed", "beaker", text=text) for on, text in changes_on(record)]
    entries += _statuses(record, people, episode)
    return sorted(entries, key=lambda entry: entry.on, reverse=True)


def _plans(record: PatientRecord) -> Iterable[TimelineEntry]:
    for row in record.of("plan"):
        title = "Care plan" if row["number"] is None else f"Care plan, version {row['number']}"
        yield TimelineEntry(day(row["on"]), title, "document-text", text=row["text"])
    for row in record.of("relapse"):
        yield TimelineEntry(day(row["on"]), f"Relapse plan, version {row['number']}", "document-text")


def _statuses(
    record: PatientRecord, people: Mapping[UUID, Membership], episode: Episode | None
) -> Iterable[TimelineEntry]:
    for row in record.of("status"):
        who, label = str(people[UUID(row["recorded_by_id"])]), EpisodeStatus(row["status"]).label
        yield TimelineEntry(day(row["on"]), f"Status: {label.lower()}", "arrow-path", who=who, text=row["reason"])
    if episode is not None and episode.ended_on is not None:
        title = f"Discharged: {episode.get_end_reason_display().lower()}"
        yield TimelineEntry(episode.ended_on, title, "arrow-right-start-on-rectangle")


def _contacts(record: PatientRecord, people: Mapping[UUID, Membership]) -> Iterable[TimelineEntry]:
    scores: dict[str, list[str]] = {}
    for row in record.of("assessment"):
        scores.setdefault(row["contact_id"], []).append(score_words(row))
    for row in record.of("contact"):
        yield TimelineEntry(
            on=day(row["on"]),
            time=_clock_words(row["started_at"], record.zone),
            title=_contact_title(row),
            icon=_ICONS.get(row["mode"], "pencil-square"),
            who=_signed_words(row, people, record.zone),
            text=row["note"],
            facts=(*scores.get(row["id"], ()), *_part_words(row)),
            contact_id=row["id"],
        )


_ICONS: Mapping[str, str] = {
    Mode.PHONE.value: "phone",
    Mode.VIDEO.value: "video-camera",
    Mode.IN_PERSON.value: "user",
    Mode.MESSAGE.value: "chat-bubble-left",
    Mode.LETTER.value: "envelope",
}


def _contact_title(row: Row) -> str:
    mode = "" if row["mode"] == Mode.NONE else f", {Mode(row['mode']).label.lower()}"
    outcome = f": {ContactOutcome(row['outcome']).label.lower()}" if row["outcome"] else ""
    return f"{Activity(row['activity']).label}{mode}{outcome}"


def _signed_words(row: Row, people: Mapping[UUID, Membership], zone: ZoneInfo) -> str:
    """Who signed the note, and when that was another day; of an imported one who wrote it."""
    if not row["signed_as"]:
        return str(people[UUID(row["by_id"])])
    signed_on = instant(row["recorded_at"]).astimezone(zone).date()
    later = "" if signed_on == day(row["on"]) else f"{_day_words(signed_on)}, "
    return f"{row['signed_as']}, signed {later}{_clock_words(row['recorded_at'], zone)}"


def _part_words(row: Row) -> Iterable[str]:
    """What a note says in parts of its own."""
    for key, label in PARTS:
        if row["parts"].get(key):
            yield f"{label}: {row['parts'][key]}"
    if row["question"]:
        yield f"Question for the consultant: {row['question']}"


def _scores_alone(record: PatientRecord) -> Iterable[TimelineEntry]:
    """Scores that no shown contact shows already, one line a day."""
    with_contact = {row["id"] for row in record.of("contact")}
    by_day: dict[date, list[str]] = {}
    for row in record.of("assessment"):
        if row["contact_id"] not in with_contact:
            by_day.setdefault(day(row["on"]), []).append(score_words(row))
    return [TimelineEntry(on, "Scores", "clipboard-document-list", facts=tuple(said)) for on, said in by_day.items()]


def _reviews(record: PatientRecord) -> Iterable[TimelineEntry]:
    for row in record.of("review"):
        facts = tuple(_proposal_words(kind, text) for kind, text in row["proposals"] or ())
        yield TimelineEntry(
            on=day(row["on"]),
            title="Psychiatric case review",
            icon="chat-bubble-left-right",
            who=row["signed_as"],
            facts=facts,
            review_id=row["id"],
        )


def _proposal_words(kind: str, text: str) -> str:
    label = str(RecommendationKind(kind).label)
    return text if text.startswith(label) else f"{label}: {text}" if text else label


def score_words(row: Row) -> str:
    """`PHQ-9 16, item 9: 1`; `C-SSRS screener high risk`; and what it was before it was corrected."""
    scale = instrument(row["instrument"])
    words = f"{scale.name} {_result(row, scale)}" + (" (prorated)" if row["is_prorated"] else "")
    if row["item9"] is not None:
        words += f", {critical_words(scale, row['item9'])}"
    if row["replaces_id"]:
        words += ", corrected" if row["was"] is None else f", corrected from {row['was']}"
    return words + (", answered by the patient" if row["is_by_patient"] else "")


def _result(row: Row, scale: Instrument) -> str:
    tier = scale.tier(row["tier"] or "")
    if tier is not None:
        return tier.word.lower()
    return "incomplete" if row["total"] is None else str(row["total"])


def _clock_words(at: str | None, zone: ZoneInfo) -> str:
    """`2:05 pm` in the clinic's zone; nothing where no clock time is known."""
    if not at:
        return ""
    local = instant(at).astimezone(zone)
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"
