"""One patient's month with everything behind it: each entry and what became of it, the documents, the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.models import MonthClose
from billing.queries.claims import ClaimedMonth, CodeUnits, claimed_months
from billing.queries.facility import time_by_payer
from billing.queries.frozen import FrozenAsk, asked_after_close, frozen_ask
from billing.queries.month_page import changed_since, words_of
from billing.queries.records import EpisodeRow
from billing.queries.release import lower_of, releases
from billing.queries.release_pages import DecisionShown, decisions_of
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules.decisions import Release, code_units
from billing.rules.facts import MonthFacts
from billing.rules.findings import Line
from caseload.models import Activity, StaffRole, TimeService
from caseload.queries.entries import EpisodeTime, LoggedEntry
from caseload.rules.clock import first_day, last_day
from caseload.rules.standing import Standing, standings


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry and what became of it. `starts_at` is None where only the day is known."""

    on: date
    starts_at: datetime | None
    ends_at: datetime | None
    who: str
    role: str
    activity: str
    service: str
    seconds: int
    counted_seconds: int
    counts: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Document:
    """A dated fact that the month rests on."""

    label: str
    on: date | None
    detail: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class MonthDetail:
    """One episode's month."""

    judged: MonthVerdict
    zone: str
    entries: tuple[EntryRow, ...]
    documents: tuple[Document, ...]
    claimed: ClaimedMonth | None
    release: Release | None = None
    history: tuple[DecisionShown, ...] = ()
    lower: tuple[tuple[Line, ...], ...] = ()
    closed_since: datetime | None = None
    closed: FrozenAsk | None = None

    @property
    def episode(self) -> EpisodeRow:
        return self.judged.month.episode

    @property
    def facts(self) -> MonthFacts:
        return self.judged.facts

    @property
    def lines(self) -> CodeUnits:
        """What is asked of the payer, or would be."""
        verdict = self.judged.verdict
        if self.release is not None and not self.release.is_not_billed:
            return code_units(self.release.would_ask)
        return code_units(verdict.lines) if verdict else ()

    @property
    def bills(self) -> bool:
        """Whether anything is asked of a payer once nothing holds it back."""
        return self.judged.bills and (self.release is None or (bool(self.lines) and not self.release.is_not_billed))

    @property
    def is_changed(self) -> bool:
        """Whether the month would now be claimed otherwise than it was; closed, whether it asks otherwise by now."""
        return self.claimed is not None and self.claimed.lines != self.asks

    @property
    def asks(self) -> CodeUnits:
        """What is asked of a payer: of a closed month what was frozen, else what it comes to."""
        if self.closed is not None:
            return tuple((line.code, line.units) for line in self.closed.lines)
        return self.lines if self.bills else ()

    @property
    def closed_otherwise(self) -> str:
        """That a closed month comes to something else by now, in words; empty where it does not."""
        if self.closed is None:
            return ""
        was = bool(self.closed.lines)
        lines = asked_after_close(self.release, was) if self.release is not None else ()
        now = tuple((line.code, line.units) for line in lines) if self.judged.bills else ()
        if now == self.asks:
            return ""
        before, after = words_of(self.asks) or "nothing", words_of(now) or "nothing"
        return f"Closed with {before}; comes to {after} now. Correct the month if it should ask that."

    @property
    def claimed_time(self) -> str:
        """On how many minutes the claim rests, where those are others by now and the lines are the same; else empty."""
        now = self.judged.verdict.minutes if self.judged.verdict else 0
        now = now if self.closed is None else self.closed.minutes
        if self.claimed is None or self.is_changed or self.claimed.minutes in (None, now):
            return ""
        return f"Claimed with {self.claimed.minutes} minutes in batch {self.claimed.batch_number}; {now} count now"

    @property
    def changed_title(self) -> str:
        is_closed = self.closed is not None
        return "Claimed otherwise: corrected claim needed" if is_closed else "Changed since it was claimed"

    @property
    def changed_since(self) -> str:
        if self.claimed is None:
            return ""
        if self.closed is not None:
            asked, claimed = words_of(self.asks) or "nothing", words_of(self.claimed.lines)
            return f"Claimed as {claimed} in batch {self.claimed.batch_number}; the closed month asks {asked}."
        return changed_since(self.claimed)


def month_detail(organization_id: UUID, month: str, episode_id: UUID) -> MonthDetail:
    """What one patient's month bills, and why. Raises NotFound."""
    judged = month_verdicts(organization_id, month, episode_ids=[episode_id]).get(episode_id)
    if judged is None:
        raise NotFound
    time = time_by_payer(organization_id, judged.month.episode, judged.facts)
    claimed = claimed_months(organization_id, month).get(judged.month.episode.patient_id)
    people = people_of(organization_id)
    closed_since = _closed_since(organization_id, month, judged.month.episode.clinic_id)
    return MonthDetail(
        judged=judged,
        zone=judged.month.episode.time_zone,
        entries=tuple(_entry_rows(time, month, people)),
        documents=tuple(_documents(judged.facts, time)),
        claimed=claimed.of_episode(episode_id) if claimed else None,
        release=releases(organization_id, month, [judged]).get(episode_id),
        history=decisions_of(organization_id, episode_id, month, people),
        lower=lower_of(judged),
        closed_since=closed_since,
        closed=frozen_ask(organization_id, month, episode_id) if closed_since else None,
    )


def _closed_since(organization_id: UUID, month: str, clinic_id: UUID) -> datetime | None:
    """Since when the month is closed at the clinic, if it is."""
    closes = MonthClose.objects.filter(
        organization_id=organization_id, clinic_id=clinic_id, month=first_day(month), reopened_at__isnull=True
    )
    since: datetime | None = closes.values_list("closed_at", flat=True).first()
    return since


def _entry_rows(time: EpisodeTime, month: str, people: Mapping[UUID, Membership]) -> Iterable[EntryRow]:
    said = standings((logged.entry for logged in time.entries), time.circumstances)
    for logged, standing in zip(time.entries, said, strict=True):
        if month in logged.months:
            yield _entry_row(logged, standing, people[logged.by_id])


def _entry_row(logged: LoggedEntry, standing: Standing, who: Membership) -> EntryRow:
    entry = logged.entry
    starts_at, ends_at = entry.span or (None, None)
    return EntryRow(
        on=logged.first_on,
        starts_at=starts_at,
        ends_at=ends_at,
        who=f"{who.name}, {who.credential}" if who.credential else who.name,
        role=StaffRole(entry.role).label,
        activity=Activity(entry.activity).label,
        service=TimeService(entry.service).label,
        seconds=standing.seconds,
        counted_seconds=standing.counted_seconds,
        counts=standing.counts,
        sentence=standing.sentence,
    )


def _documents(facts: MonthFacts, time: EpisodeTime) -> Iterable[Document]:
    """The dated facts of the month and before it, in the order in which an auditor asks for them."""
    last_on, zone = last_day(facts.month), time.circumstances.zone
    for consent in time.circumstances.consents:
        given_on = consent.given_at.astimezone(zone).date()
        yield Document(f"Consent ({consent.service.upper()})", given_on, until=consent.revoked_on)
    for visit in facts.visits:
        with_whom = "with the billing practitioner" if visit.by == "billing" else "with another practitioner"
        yield Document(f"Visit {visit.code or 'without a code'}", visit.on, with_whom)
    for code in facts.diagnoses:
        yield Document("Diagnosis", None, code)
    for label, days in (
        ("Care plan", facts.care_plans),
        ("Care plan, assumed by the import", facts.assumed_care_plans),
        ("Case review", facts.reviews),
        ("Rating scale", dict.fromkeys(facts.scores)),
    ):
        yield from (Document(label, on) for on in days if on <= last_on)
    for service in facts.other_services:
        by = "billed by this practice" if service.by == "billing" else "billed by another practice"
        yield Document(f"Other service {service.code}", None, by)
