"""What stands around the scores and contacts on a chart: people, stays, papers, status, and enrolments that ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from caseload.queries.doors import PatientDoor
from caseload.queries.patient_record import PatientRecord, Row, day
from registry.models import EndReason, Episode, EpisodeStatus, Program, Representation, RiskCause, StayKind
from registry.queries.earlier import EarlierEpisode
from registry.queries.patients import RelatedShown, StayShown
from registry.queries.plans import SafetyPart, safety_part
from registry.rules.instruments import TARGET_SCALES, instrument
from registry.rules.people import has_expired, may_speak_today
from registry.rules.risk import TIER_WORDS

# So long a stay is shown after the patient has left: the follow-up after it is due within seven days.
STAY_SHOWN_DAYS = 30


@dataclass(frozen=True)
class PlanShown:
    """The care plan in force: which version, from when, and the treating clinician's word on it."""

    name: str
    on: date
    is_assumed: bool
    signed_by: str
    signed_on: date | None


@dataclass(frozen=True)
class RelapsePlanShown:
    """The last plan against relapse: of this episode, or brought along from the one before. `is_due` where there is
    none although the contacts became rarer.
    """

    name: str = ""
    on: date | None = None
    is_earlier: bool = False
    is_due: bool = False


@dataclass(frozen=True)
class ClosingShown:
    """The closing note of the episode that the chart is about."""

    summary: str
    way_back: str
    in_spite_of: str
    risk_accepted: str


@dataclass(frozen=True)
class HandOffShown:
    """A hand-off, and whether anybody said that the patient was seen there."""

    to: str
    sent_on: date
    seen_on: date | None


@dataclass(frozen=True)
class RiskShown:
    """The open risk case: why, since when, and where it stands."""

    words: str
    opened_on: date
    tier: str
    assessed_on: date | None
    recheck_on: date | None

    @property
    def tier_word(self) -> str:
        return TIER_WORDS[self.tier]


@dataclass(frozen=True)
class ChartAround:
    """Everything on a chart that is neither a score nor a contact nor time. `status_on` is since when it stands so."""

    status_on: date | None
    status_reason: str
    hand_offs: tuple[HandOffShown, ...]
    closing: ClosingShown | None
    earlier: tuple[EarlierEpisode, ...]
    related: tuple[RelatedShown, ...]
    stays: tuple[StayShown, ...]
    plan: PlanShown | None
    relapse_plan: RelapsePlanShown
    first_assessment_on: date | None
    safety_plan: SafetyPart | None
    notice_id: UUID | None
    risk: RiskShown | None
    referral_id: UUID | None


def chart_around(record: PatientRecord, door: PatientDoor) -> ChartAround:
    """Read from the patient's record: no statement of its own."""
    episode, today = door.episode, door.today
    since, reason = _status(record, episode)
    first = _only(record.of("first"))
    ended = record.of("ended")
    return ChartAround(
        status_on=since,
        status_reason=reason,
        hand_offs=tuple(_hand_off(row) for row in record.of("handed")),
        closing=next((_closing(row) for row in ended if _is_of(row, episode) and row["summary"] is not None), None),
        earlier=tuple(_earlier(row, record.of("assessment")) for row in ended if not _is_of(row, episode)),
        related=tuple(_related(row, today) for row in record.of("related")),
        stays=tuple(_stay(row) for row in record.of("stay") if _is_recent(row, today)),
        plan=_plan(record.of("plan")),
        relapse_plan=_relapse_plan(record.of("relapse"), episode),
        first_assessment_on=day(first["on"]) if first else None,
        safety_plan=safety_part(_only(record.of("safety"))),
        notice_id=_id(_only(record.of("notice"))),
        risk=_risk(_only(record.of("risk"))),
        referral_id=_id(_only(record.of("referral"))),
    )


def _only(rows: Sequence[Row]) -> Row | None:
    return next(iter(rows), None)


def _id(row: Row | None) -> UUID | None:
    return UUID(row["id"]) if row else None


def _is_of(row: Row, episode: Episode | None) -> bool:
    return episode is not None and UUID(row["id"]) == episode.id


def _risk(row: Row | None) -> RiskShown | None:
    if row is None:
        return None
    opened_on, assessed_on, recheck_on = (day(row[name]) for name in ("opened_on", "assessed_on", "recheck_on"))
    words = row["concern"] or str(RiskCause(row["cause"]).label)
    return RiskShown(words, opened_on, row["tier"], assessed_on, recheck_on)


def _status(record: PatientRecord, episode: Episode | None) -> tuple[date | None, str]:
    """Since when the episode stands as it does, and why. What an import brought has no change of its own."""
    if episode is None:
        return None, ""
    if episode.ended_on is not None:
        return episode.ended_on, ""
    last = record.of("status")[-1:]
    if last and last[0]["status"] == episode.status:
        return day(last[0]["on"]), last[0]["reason"]
    return episode.relapse_prevention_from or episode.enrolled_on, ""


def _hand_off(row: Row) -> HandOffShown:
    return HandOffShown(row["to"], day(row["sent_on"]), day(row["seen_on"]))


def _closing(row: Row) -> ClosingShown:
    return ClosingShown(row["summary"], row["way_back"], row["in_spite_of"], row["risk_accepted"])


def _earlier(row: Row, scores: Iterable[Row]) -> EarlierEpisode:
    enrolled_on, ended_on = day(row["enrolled_on"]), day(row["ended_on"])
    last = {
        score["instrument"]: (instrument(score["instrument"]).name, score["total"], day(score["on"]))
        for score in scores
        if enrolled_on <= day(score["on"]) <= ended_on and score["instrument"] in TARGET_SCALES
    }
    return EarlierEpisode(
        id=UUID(row["id"]),
        program=str(Program(row["program"]).label),
        enrolled_on=enrolled_on,
        ended_on=ended_on,
        reason=str(EndReason(row["end_reason"]).label),
        summary=row["summary"] or "",
        way_back=row["way_back"] or "",
        scores=tuple(last[key] for key in sorted(last)),
    )


def _related(row: Row, today: date) -> RelatedShown:
    about, until_on = row["may_speak_about"], day(row["until_on"])
    return RelatedShown(
        id=UUID(row["id"]),
        name=row["name"],
        relation=row["relation"],
        phone=row["phone"],
        is_emergency_contact=row["is_emergency_contact"],
        represents=str(Representation(row["represents_as"]).label) if row["represents_as"] else "",
        may_speak_about=about,
        until_on=until_on,
        may_speak=may_speak_today(about, until_on, today),
        has_expired=has_expired(about, until_on, today),
    )


def _is_recent(row: Row, today: date) -> bool:
    left_on = day(row["until_on"])
    return left_on is None or left_on + timedelta(days=STAY_SHOWN_DAYS) >= today


def _stay(row: Row) -> StayShown:
    return StayShown(
        id=UUID(row["id"]),
        kind=str(StayKind(row["kind"]).label),
        facility=row["facility"],
        reason=row["reason"],
        from_on=day(row["from_on"]),
        until_on=day(row["until_on"]),
    )


def _plan(rows: Sequence[Row]) -> PlanShown | None:
    """The last of them: those written here come after what an import brought."""
    if not rows:
        return None
    row = rows[-1]
    name = "From an import" if row["number"] is None else f"Version {row['number']}"
    return PlanShown(name, day(row["on"]), row["is_assumed"], row["signed_by"] or "", day(row["signed_on"]))


def _relapse_plan(rows: Sequence[Row], episode: Episode | None) -> RelapsePlanShown:
    """The last of the patient's: those of this episode come after those of the ones before."""
    is_due = episode is not None and episode.status == EpisodeStatus.RELAPSE_PREVENTION
    if not rows:
        return RelapsePlanShown(is_due=is_due)
    row = rows[-1]
    is_earlier = episode is None or UUID(row["episode_id"]) != episode.id
    return RelapsePlanShown(f"Version {row['number']}", day(row["on"]), is_earlier, is_due and is_earlier)
