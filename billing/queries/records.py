"""What is on record for patients, in a constant number of statements however many they are.

Everything a verdict rests on, apart from time, comes from two: the episodes, and one union of all dated facts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection

from billing.rules.facts import AccessModel, EarlierLine, OtherService, Visit
from caseload.rules.clock import month_of


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """An episode with its clinic and patient, as facts and pages need it.

    `qualifying_years` are those in which its treating clinician is a qualifying APM participant. `kept_places` are the
    kind of site and the place of service by closed month, where its clinic has another by now.
    """

    id: UUID
    patient_id: UUID
    clinic_id: UUID
    clinic_name: str
    time_zone: str
    setting: str
    place_of_service: str
    program: str
    referred_on: date | None
    enrolled_on: date
    ended_on: date | None
    died_on: date | None
    patient_name: str
    patient_sort_name: str
    mrn: str
    has_facility_stay: bool
    care_manager_id: UUID | None = None
    qualifying_years: Sequence[int] = ()
    kept_places: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def place_in(self, month: str) -> tuple[str, str]:
        """Kind of site and place of service: of a closed month those that its close keeps."""
        setting, place = self.kept_places.get(month, (self.setting, self.place_of_service))
        return setting, place


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Insurance as it ranks and holds; None where its beginning or end is not known. The first rank is 1."""

    payer_id: UUID
    rank: int
    from_on: date | None
    until_on: date | None
    member_id: str
    id: UUID | None = None


@dataclass(slots=True)
class EpisodeRecord:
    """Dated facts of one episode."""

    programs: list[tuple[date, str]] = field(default_factory=list)
    diagnoses: list[tuple[int, str, date | None]] = field(default_factory=list)
    care_plans: list[date] = field(default_factory=list)
    assumed_care_plans: list[date] = field(default_factory=list)
    reviews: list[date] = field(default_factory=list)


@dataclass(slots=True)
class PatientRecord:
    """Dated facts of one patient, and of each of their episodes."""

    visits: list[Visit] = field(default_factory=list)
    scores: list[date] = field(default_factory=list)
    served_before: list[str] = field(default_factory=list)
    billed_before: list[EarlierLine] = field(default_factory=list)
    other_services: dict[str, list[OtherService]] = field(default_factory=dict)
    coverages: list[CoverageRow] = field(default_factory=list)
    access: AccessModel | None = None
    episodes: dict[UUID, EpisodeRecord] = field(default_factory=dict)

    def of(self, episode_id: UUID) -> EpisodeRecord:
        found = self.episodes.get(episode_id)
        if found is None:
            found = self.episodes[episode_id] = EpisodeRecord()
        return found


_EPISODES = """
    SELECT e.id, e.patient_id, e.clinic_id, c.name, c.time_zone, c.setting, c.place_of_service, e.program,
           e.referred_on, e.enrolled_on, e.ended_on, p.died_on,
           p.family_name || ', ' || p.given_name, p.sort_name, p.mrn,
           EXISTS (SELECT FROM caseload_timeentry t
                   WHERE t.organization_id = e.organization_id AND t.episode_id = e.id
                     AND t.is_facility_stay AND t.voided_at IS NULL),
           e.care_manager_id, coalesce(qualifying.years, '{}'), kept.places
    FROM registry_episode e
    JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
    JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
    LEFT JOIN (SELECT y.clinician_id, array_agg(y.year ORDER BY y.year) AS years
               FROM billing_clinicianyear y
               WHERE y.organization_id = %(organization)s AND y.is_qualifying
               GROUP BY y.clinician_id) AS qualifying ON qualifying.clinician_id = e.treating_clinician_id
    LEFT JOIN (SELECT m.clinic_id, jsonb_object_agg(to_char(m.month, 'YYYY-MM'), jsonb_build_array(
                        m.site->>'setting', m.site->>'place_of_service')) AS places
               FROM billing_monthclose m
               JOIN tenancy_clinic s ON s.organization_id = m.organization_id AND s.id = m.clinic_id
               WHERE m.organization_id = %(organization)s AND m.reopened_at IS NULL AND m.site IS NOT NULL
                 AND (m.site->>'setting', m.site->>'place_of_service') <> (s.setting, s.place_of_service)
               GROUP BY m.clinic_id) AS kept ON kept.clinic_id = e.clinic_id
    WHERE e.organization_id = %(organization)s AND e.voided_at IS NULL AND p.voided_at IS NULL
      AND (%(patients)s::uuid[] IS NULL OR e.patient_id = ANY(%(patients)s::uuid[]))
    ORDER BY e.enrolled_on, e.id
"""

# One row per dated fact: kind, patient, episode (a coverage: its own id), day, text, number, is_yes, second day, id.
# Kinds: see _READERS.
# Each table stands for its live rows `f` of the patients asked for; those of an episode have it beside them as `e`.
_RECORDS = Template("""
    SELECT 'visit', f.patient_id, NULL::uuid, f."on", f.code, NULL::int, f.is_by_billing_practitioner, NULL::date,
           NULL::uuid
    FROM $registry_initiatingvisit
    UNION ALL
    SELECT 'score', f.patient_id, NULL, f."on", NULL, NULL, NULL, NULL, NULL
    FROM $registry_assessment WHERE f.total IS NOT NULL
    UNION ALL
    SELECT 'prior', f.patient_id, NULL, f.month, f.code, NULL, NULL, NULL, NULL FROM $billing_priorservice
    UNION ALL
    SELECT 'other', f.patient_id, NULL, f.month, f.code, f.minutes, f.is_by_billing_practitioner, NULL, NULL
    FROM $billing_otherservice
    UNION ALL
    SELECT 'access', f.patient_id, NULL, NULL, NULL, NULL, f.is_participant, NULL, NULL FROM $billing_accessalignment
    UNION ALL
    SELECT 'coverage', f.patient_id, f.id, f.from_on, f.member_id, f.rank, NULL, f.until_on, f.payer_id
    FROM $registry_coverage
    UNION ALL
    SELECT 'review', e.patient_id, e.id, f."on", NULL, NULL, NULL, NULL, NULL FROM $caseload_casereview
    WHERE EXISTS (
        SELECT FROM caseload_recommendation r
        WHERE r.organization_id = f.organization_id AND r.review_id = f.id AND r.voided_at IS NULL)
    UNION ALL
    SELECT 'program', e.patient_id, e.id, f.from_on, f.program, NULL, NULL, NULL, NULL FROM $registry_programperiod
    UNION ALL
    SELECT 'diagnosis', e.patient_id, e.id, f.from_on, f.code, f.rank, NULL, NULL, NULL FROM $registry_diagnosis
    UNION ALL
    SELECT 'care_plan', e.patient_id, e.id, f."on", NULL, NULL, f.is_assumed, NULL, NULL FROM $registry_careplan
""")
_OF_PATIENTS = (
    "registry_initiatingvisit", "registry_assessment", "billing_priorservice", "billing_otherservice",
    "billing_accessalignment", "registry_coverage",
)  # fmt: skip
_OF_EPISODES = ("caseload_casereview", "registry_programperiod", "registry_diagnosis", "registry_careplan")

_LIVE = "SELECT f.* FROM {table} f WHERE f.organization_id = %(organization)s AND f.voided_at IS NULL"
# For some patients one after the other: the planner, who cannot know how few rows each has, would read whole tables.
_EACH_PATIENT = "unnest(%(patients)s::uuid[]) AS patient(id)"
_THEIR_EPISODES = """
    WITH episodes AS MATERIALIZED (
        SELECT id, patient_id FROM registry_episode
        WHERE organization_id = %(organization)s AND patient_id = ANY(%(patients)s::uuid[]))
"""


def _records(of_patient: str, of_episode: str) -> str:
    tables = {table: of_patient.format(live=_LIVE.format(table=table)) for table in _OF_PATIENTS}
    tables |= {table: of_episode.format(live=_LIVE.format(table=table)) for table in _OF_EPISODES}
    return _RECORDS.substitute(tables)


_RECORDS_OF_ALL = _records(
    of_patient="({live}) AS f",
    of_episode="({live}) AS f JOIN registry_episode e ON e.organization_id = f.organization_id AND e.id = f.episode_id",
)
_RECORDS_OF_SOME = _THEIR_EPISODES + _records(
    of_patient=f"{_EACH_PATIENT} CROSS JOIN LATERAL ({{live}} AND f.patient_id = patient.id OFFSET 0) AS f",
    of_episode="episodes AS e CROSS JOIN LATERAL ({live} AND f.episode_id = e.id OFFSET 0) AS f",
)


def episode_rows(organization_id: UUID, patient_ids: Sequence[UUID] | None) -> list[EpisodeRow]:
    """All live episodes of these patients (None: of everybody), by enrolment."""
    with connection.cursor() as cursor:
        cursor.execute(_EPISODES, _scope(organization_id, patient_ids))
        return [EpisodeRow(*(*row, json.loads(places or "{}"))) for *row, places in cursor.fetchall()]


def patient_records(organization_id: UUID, patient_ids: Sequence[UUID] | None) -> dict[UUID, PatientRecord]:
    """Every live dated fact of these patients (None: of everybody), in one statement. In no order of rows that
    matters: each list is sorted by what it holds.
    """
    records: dict[UUID, PatientRecord] = {}
    with connection.cursor() as cursor:
        statement = _RECORDS_OF_ALL if patient_ids is None else _RECORDS_OF_SOME
        cursor.execute(statement, _scope(organization_id, patient_ids))
        for kind, patient_id, *row in cursor.fetchall():
            record = records.get(patient_id)
            if record is None:
                record = records[patient_id] = PatientRecord()
            _READERS[kind](record, *row)
    for record in records.values():
        _sort(record)
    return records


def _scope(organization_id: UUID, patient_ids: Sequence[UUID] | None) -> dict[str, Any]:
    return {"organization": organization_id, "patients": None if patient_ids is None else list(patient_ids)}


def _by(is_billing: bool) -> str:
    return "billing" if is_billing else "other"


def _visit(record: PatientRecord, _e: None, on: date, code: str, _n: None, is_billing: bool, *_: Any) -> None:
    record.visits.append(Visit(on, code, _by(is_billing)))


def _score(record: PatientRecord, _e: None, on: date, *_: Any) -> None:
    record.scores.append(on)


def _prior(record: PatientRecord, _e: None, on: date, code: str, *_: Any) -> None:
    if code:
        record.billed_before.append(EarlierLine(month_of(on), code))
    else:
        record.served_before.append(month_of(on))


def _other(
    record: PatientRecord, _e: None, on: date, code: str, minutes: int | None, is_billing: bool, *_: Any
) -> None:
    services = record.other_services.setdefault(month_of(on), [])
    services.append(OtherService(code, _by(is_billing), minutes))


def _access(record: PatientRecord, _e: None, _on: None, _t: None, _n: None, is_participant: bool, *_: Any) -> None:
    record.access = AccessModel(aligned=True, participant=is_participant)


def _coverage(
    record: PatientRecord, id_: UUID, on: date | None, member: str, rank: int, _f: None, until: date | None, payer: UUID
) -> None:
    record.coverages.append(CoverageRow(payer, rank, on, until, member, id_))


def _review(record: PatientRecord, episode_id: UUID, on: date, *_: Any) -> None:
    record.of(episode_id).reviews.append(on)


def _program(record: PatientRecord, episode_id: UUID, on: date, program: str, *_: Any) -> None:
    record.of(episode_id).programs.append((on, program))


def _diagnosis(record: PatientRecord, episode_id: UUID, on: date | None, code: str, rank: int, *_: Any) -> None:
    record.of(episode_id).diagnoses.append((rank, code, on))


def _care_plan(
    record: PatientRecord, episode_id: UUID, on: date, _t: None, _n: None, is_assumed: bool, *_: Any
) -> None:
    own = record.of(episode_id)
    (own.assumed_care_plans if is_assumed else own.care_plans).append(on)


_READERS: dict[str, Callable[..., None]] = {
    "visit": _visit,
    "score": _score,
    "prior": _prior,
    "other": _other,
    "access": _access,
    "coverage": _coverage,
    "review": _review,
    "program": _program,
    "diagnosis": _diagnosis,
    "care_plan": _care_plan,
}


def _sort(record: PatientRecord) -> None:
    """The order of rows in a database means nothing; equal records must give equal facts."""
    record.visits.sort(key=lambda visit: (visit.on, visit.code, visit.by))
    record.scores.sort()
    record.served_before.sort()
    record.billed_before.sort(key=lambda line: (line.month, line.code))
    record.coverages.sort(key=lambda coverage: (coverage.rank, coverage.from_on or date.min, coverage.payer_id))
    for services in record.other_services.values():
        services.sort(key=lambda service: (service.code, service.by, service.minutes or 0))
    for episode in record.episodes.values():
        for days in (episode.care_plans, episode.assumed_care_plans, episode.reviews):
            days.sort()
        episode.programs.sort()
        episode.diagnoses.sort(key=lambda diagnosis: diagnosis[:2])
