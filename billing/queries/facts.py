"""The facts of patients' months, from live rows: a constant number of statements for any number of patients.

A month's verdict needs what the patient's earlier months served and billed, in whichever episode. Facts are
therefore always those of whole patients, from their first month on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from billing.queries.facility import LeftOut, facility_left_out
from billing.queries.payers import PayerOnRecord, payer_rules, payers
from billing.queries.records import (
    CoverageRow,
    EpisodeRow,
    PatientRecord,
    episode_rows,
    patient_records,
)
from billing.rules.facts import QUALIFYING, STANDARD, MonthFacts
from billing.rules.payers import PayerRules, authorization_note
from caseload.queries.minutes import minutes_of
from caseload.rules.clock import last_day, month_of
from caseload.rules.minutes import MonthMinutes
from registry.rules.programs import program_on

EpisodeMonthKey = tuple[UUID, str]
NOTHING = MonthMinutes()


@dataclass(frozen=True)
class EpisodeMonth:
    """One episode in one month (`2026-10`): its time, what is on record, who is asked to pay, by which rules."""

    episode: EpisodeRow
    month: str
    time: MonthMinutes
    record: PatientRecord
    rules: PayerRules
    payer: PayerOnRecord | None
    coverage: CoverageRow | None

    @cached_property
    def facts(self) -> MonthFacts:
        """What a verdict rests on; put together when asked for, as most earlier months are never judged."""
        return _facts(self.episode, self.record, self.month, self.rules, self.time)

    @property
    def member_id(self) -> str:
        return self.coverage.member_id if self.coverage else ""

    @property
    def covered_until(self) -> date | None:
        return self.coverage.until_on if self.coverage else None

    @property
    def note(self) -> str:
        """On what the payer's rules rest, where it is no more than a default."""
        return self.rules.note

    @property
    def authorization_due(self) -> str:
        """What to say where the payer wants to authorize what goes on so long; else nothing."""
        return authorization_note(self.rules, self.episode.enrolled_on, self.month)


def month_facts(
    organization_id: UUID,
    *,
    until: str,
    patient_ids: Sequence[UUID] | None = None,
    shown: Collection[EpisodeMonthKey] = (),
) -> dict[UUID, list[EpisodeMonth]]:
    """By patient, every month up to `until` with logged time or a service by this practice, the earliest first.

    `patient_ids` None stands for all patients of the organization; `shown` adds months of episodes that have
    neither. Two episodes in one month stand in order of enrolment.
    """
    reading = _Reading(organization_id, patient_ids)
    keys = {key for key in reading.minutes if key[1] <= until and key[0] in reading.episodes} | set(shown)
    keys |= {key for key in reading.months_with_services() if key[1] <= until}
    found: dict[UUID, list[EpisodeMonth]] = {}
    for episode_id, month in sorted(keys, key=lambda key: (key[1], reading.place[key[0]])):
        episode = reading.episodes[episode_id]
        found.setdefault(episode.patient_id, []).append(reading.episode_month(episode, month))
    return found


def payer_minutes(
    organization_id: UUID, *, episode_ids: Sequence[UUID] | None = None, staying: Sequence[UUID] | None = None
) -> dict[EpisodeMonthKey, MonthMinutes]:
    """The time of every month of these episodes (None: of all), without facility stays where the payer leaves them
    out. Who knows which of them have such stays names those: no statement then where there are none.
    """
    is_nobody = staying is not None and not staying
    left_out = LeftOut() if is_nobody else facility_left_out(organization_id, staying or episode_ids)
    minutes = _minutes(organization_id, episode_ids, left_out.always)
    if left_out.sometimes:
        some = sorted({episode_id for episode_id, _ in left_out.sometimes})
        without = _minutes(organization_id, some, some)
        minutes |= {key: without[key] for key in left_out.sometimes if key in without}
    return minutes


def _minutes(
    organization_id: UUID, episode_ids: Sequence[UUID] | None, without_facility: Sequence[UUID]
) -> dict[EpisodeMonthKey, MonthMinutes]:
    found = minutes_of(organization_id, episode_ids=episode_ids, without_facility=without_facility)
    return {(episode_id, month_of(month)): minutes for (episode_id, month), minutes in found.items()}


class _Reading:
    """Everything read once, and how one month's facts are put together from it."""

    def __init__(self, organization_id: UUID, patient_ids: Sequence[UUID] | None) -> None:
        rows = episode_rows(organization_id, patient_ids)
        self.episodes = {row.id: row for row in rows}
        self.place = {row.id: place for place, row in enumerate(rows)}
        self.records = patient_records(organization_id, patient_ids)
        self.payers = payers(organization_id)
        scope = None if patient_ids is None else list(self.episodes)
        staying = [row.id for row in rows if row.has_facility_stay]
        self.minutes = payer_minutes(organization_id, episode_ids=scope, staying=staying)

    def episode_month(self, episode: EpisodeRow, month: str) -> EpisodeMonth:
        record = self.records.get(episode.patient_id) or PatientRecord()
        coverage, payer, rules = payer_rules(record.coverages, self.payers, month)
        time = self.minutes.get((episode.id, month), NOTHING)
        return EpisodeMonth(episode, month, time, record, rules, payer, coverage)

    def months_with_services(self) -> Iterator[EpisodeMonthKey]:
        """Months with another service by this practice, each with the episode that it falls to."""
        by_patient: dict[UUID, list[EpisodeRow]] = {}
        for episode in self.episodes.values():
            by_patient.setdefault(episode.patient_id, []).append(episode)
        for patient_id, episodes in by_patient.items():
            record = self.records.get(patient_id)
            for month, services in record.other_services.items() if record else ():
                if any(one.by == "billing" for one in services):
                    yield _episode_in(episodes, month).id, month


def _episode_in(episodes: Sequence[EpisodeRow], month: str) -> EpisodeRow:
    """Of a patient's episodes, by enrolment, the last that had begun by the month's end; else the first."""
    begun = [episode for episode in episodes if episode.enrolled_on <= last_day(month)]
    return begun[-1] if begun else episodes[0]


def _facts(episode: EpisodeRow, record: PatientRecord, month: str, rules: PayerRules, time: MonthMinutes) -> MonthFacts:
    own = record.of(episode.id)
    setting, place_of_service = episode.place_in(month)
    return MonthFacts(
        month=month,
        enrolled_on=episode.enrolled_on,
        episode_from=episode.referred_on,
        program=program_on(own.programs, last_day(month)) or episode.program,
        payer=rules.family,
        options=rules.options,
        setting=setting,
        place_of_service=place_of_service,
        time=time,
        visits=tuple(record.visits),
        diagnoses=tuple(code for _, code, from_on in own.diagnoses if from_on is None or from_on <= last_day(month)),
        care_plans=tuple(own.care_plans),
        assumed_care_plans=tuple(own.assumed_care_plans),
        scores=tuple(record.scores),
        reviews=tuple(own.reviews),
        other_services=tuple(record.other_services.get(month, ())),
        served_before=tuple(record.served_before),
        billed_before=tuple(record.billed_before),
        access=record.access,
        conversion=QUALIFYING if int(month[:4]) in episode.qualifying_years else STANDARD,
    )
