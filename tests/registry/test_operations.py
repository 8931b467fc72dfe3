"""The registry's writes: people, episodes, dated facts; one audit event and one announcement each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from registry.models import Assessment, CarePlan, Consent, Diagnosis, Episode, Patient, Payer, ProgramPeriod
from registry.operations import (
    Stamp,
    add_coverage,
    add_patient,
    change_program,
    end_episode,
    open_episode,
    payer_named,
    record_assessment,
    record_care_plan,
    record_consent,
    record_diagnosis,
    record_facts,
    record_visit,
    revoke_consent,
    start_relapse_prevention,
    treating_clinician_named,
    void_fact,
    void_facts,
)
from registry.operations.drafts import draft_episode, draft_patient, draft_program_period
from registry.operations.errors import (
    AlreadyVoided,
    CoverageTaken,
    DateOutOfOrder,
    DiagnosisKnown,
    DiagnosisUnreadable,
    EpisodeEnded,
    EpisodeOpen,
    NothingChanges,
    ReasonMissing,
    RecordNumberTaken,
    ScoreUnusable,
)
from registry.rules.months import months_between

FEBRUARY = date(2026, 2, 2)


@pytest.fixture
def by(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    return membership("care_manager")


@pytest.fixture
def patient(by: Any, clinic: Any, now: datetime) -> Patient:
    return add_patient(
        by=by, at=now, clinic=clinic, mrn=" 00123.0", family_name="O'Brien", given_name="Ana",
        birth_date=date(1961, 5, 4), sex="F",
    )  # fmt: skip


@pytest.fixture
def episode(by: Any, clinic: Any, now: datetime, patient: Patient) -> Episode:
    return open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=FEBRUARY)


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))


def announced() -> list[str]:
    """The episodes of which something was announced: billing's refresh is queued for each."""
    return list(Job.objects.filter(kind="refresh_service_month").values_list("key", flat=True))


def test_a_patient_is_added_with_normal_number_and_sort_name(patient: Patient, by: Any, now: datetime) -> None:
    found = Patient.objects.get()
    assert (found.mrn, found.sort_name, found.sex, found.recorded_by_id) == ("00123", "obrien, ana", "F", by.id)
    (event,) = AuditEvent.objects.all()
    assert (event.action, event.patient_id, event.at) == ("patient.added", patient.id, now)
    assert event.fields == ["mrn", "name", "sex"]


def test_a_record_number_is_taken_once_a_clinic(patient: Patient, by: Any, clinic: Any, now: datetime) -> None:
    values = {"by": by, "at": now, "family_name": "Doe", "given_name": "Jo", "birth_date": date(1980, 1, 1)}
    with pytest.raises(RecordNumberTaken, match="Open that chart"):
        add_patient(**values, clinic=clinic, mrn="00123")
    void_facts([patient], stamp=Stamp(by, now), reason="Added twice")
    assert add_patient(**values, clinic=clinic, mrn="00123").mrn == "00123"


def test_a_patient_has_one_coverage_of_a_rank(patient: Patient, by: Any, now: datetime) -> None:
    payer = payer_named(by=by, name=" Medicare ", payer_code="05901")
    assert payer_named(by=by, name="Medicare") == payer
    coverage = add_coverage(by=by, at=now, patient=patient, payer=payer, member_id="1EG4TE5MK73")
    assert (coverage.rank, Payer.objects.get().payer_code) == (1, "05901")
    with pytest.raises(CoverageTaken):
        add_coverage(by=by, at=now, patient=patient, payer=payer)
    assert add_coverage(by=by, at=now, patient=patient, payer=payer, rank=2).rank == 2


def test_a_clinician_is_made_once(by: Any) -> None:
    first = treating_clinician_named(by=by, family_name="Rivera", given_name="Ana", credential="MD")
    again = treating_clinician_named(by=by, family_name="RIVERA", given_name="Ana", credential="MD")
    other = treating_clinician_named(by=by, family_name="Rivera", given_name="Ana", credential="NP")
    assert (str(first), again, other == first) == ("Ana Rivera, MD", first, False)


def test_an_episode_opens_with_its_first_program_period(episode: Episode) -> None:
    (period,) = ProgramPeriod.objects.all()
    assert (period.episode_id, period.from_on, period.program) == (episode.id, FEBRUARY, "cocm")
    assert events() == ["patient.added", "episode.opened"]
    assert announced() == [str(episode.id)]


def test_a_patient_is_enrolled_once_at_a_time(
    episode: Episode, patient: Patient, by: Any, clinic: Any, now: datetime
) -> None:
    values = {"by": by, "at": now, "patient": patient, "clinic": clinic}
    with pytest.raises(EpisodeOpen):
        open_episode(**values, enrolled_on=date(2026, 3, 1))
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason="graduated")
    assert open_episode(**values, enrolled_on=date(2026, 3, 1)).ended_on is None
    assert Episode.objects.count() == 2


@pytest.mark.parametrize(
    "dates",
    [
        {"enrolled_on": date(1950, 1, 1)},
        {"enrolled_on": FEBRUARY, "referred_on": date(2026, 2, 3)},
        {"enrolled_on": FEBRUARY, "referred_on": date(1950, 1, 1)},
        {"enrolled_on": FEBRUARY, "relapse_prevention_from": date(2026, 2, 1)},
        {"enrolled_on": FEBRUARY, "ended_on": date(2026, 2, 1), "end_reason": "other"},
    ],
)
def test_dates_run_in_order(patient: Patient, by: Any, clinic: Any, now: datetime, dates: dict[str, Any]) -> None:
    with pytest.raises(DateOutOfOrder, match="Correct one of them"):
        draft_episode(Stamp(by, now), patient=patient, clinic=clinic, **dates)


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        ({}, "active"),
        ({"relapse_prevention_from": date(2026, 3, 1)}, "relapse_prevention"),
        ({"ended_on": date(2026, 3, 1), "end_reason": "other"}, "discharged"),
    ],
)
def test_an_imported_episode_has_the_status_of_its_dates(
    patient: Patient, by: Any, clinic: Any, now: datetime, dates: dict[str, Any], status: str
) -> None:
    draft = draft_episode(Stamp(by, now), patient=patient, clinic=clinic, enrolled_on=FEBRUARY, **dates)
    assert draft.status == status


def test_the_program_changes_from_a_day_on(episode: Episode, by: Any, now: datetime) -> None:
    changed = change_program(by=by, at=now, episode=episode, to="bhi", on=date(2026, 2, 10))
    assert changed.program == "bhi"
    change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 2, 10))
    live = ProgramPeriod.objects.live().order_by("from_on").values_list("from_on", "program")
    assert list(live) == [(FEBRUARY, "cocm"), (date(2026, 2, 10), "cocm")]
    assert Episode.objects.get().program == "cocm"


def test_a_program_change_that_makes_no_sense_is_refused(episode: Episode, by: Any, now: datetime) -> None:
    with pytest.raises(NothingChanges):
        change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 2, 10))
    change_program(by=by, at=now, episode=episode, to="bhi", on=date(2026, 2, 10))
    with pytest.raises(DateOutOfOrder, match="changed again later"):
        change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 2, 9))
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason="other")
    with pytest.raises(EpisodeEnded):
        change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 2, 21))


def test_no_period_begins_before_enrolment(episode: Episode, by: Any, now: datetime) -> None:
    with pytest.raises(DateOutOfOrder):
        draft_program_period(Stamp(by, now), episode=episode, program="bhi", from_on=date(2026, 2, 1))


def test_relapse_prevention_begins_once(episode: Episode, by: Any, now: datetime) -> None:
    with pytest.raises(DateOutOfOrder):
        start_relapse_prevention(by=by, at=now, episode=episode, on=date(2026, 2, 1))
    found = start_relapse_prevention(by=by, at=now, episode=episode, on=date(2026, 2, 20))
    assert (found.status, found.relapse_prevention_from) == ("relapse_prevention", date(2026, 2, 20))
    with pytest.raises(NothingChanges):
        start_relapse_prevention(by=by, at=now, episode=episode, on=date(2026, 2, 21))


@pytest.mark.parametrize(("reason", "died_on"), [("graduated", None), ("died", date(2026, 2, 20))])
def test_an_episode_ends_once_and_a_death_is_kept(
    episode: Episode, by: Any, now: datetime, reason: str, died_on: date | None
) -> None:
    with pytest.raises(DateOutOfOrder):
        end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 1), reason=reason)
    ended = end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason=reason)
    assert (ended.status, ended.end_reason, Patient.objects.get().died_on) == ("discharged", reason, died_on)
    with pytest.raises(EpisodeEnded):
        end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 21), reason=reason)


def test_consent_is_recorded_and_taken_back_once(episode: Episode, by: Any, now: datetime) -> None:
    given_at = datetime(2026, 2, 3, 5, 30, tzinfo=UTC)  # the evening of the second in Chicago
    consent = record_consent(by=by, at=now, patient=episode.patient, given_at=given_at, form="written")
    with pytest.raises(DateOutOfOrder):
        revoke_consent(by=by, at=now, consent=consent, on=date(2026, 2, 1))
    revoke_consent(by=by, at=now, consent=consent, on=date(2026, 2, 2))
    assert list(Consent.objects.values_list("revoked_on", "form")) == [(date(2026, 2, 2), "written")]
    with pytest.raises(NothingChanges):
        revoke_consent(by=by, at=now, consent=consent, on=date(2026, 2, 3))
    assert events()[-2:] == ["consent.recorded", "consent.revoked"]


def test_facts_of_a_patient_and_of_an_episode(episode: Episode, by: Any, now: datetime) -> None:
    Job.objects.all().delete()
    visit = record_visit(by=by, at=now, patient=episode.patient, on=date(2026, 1, 20), code=" g0438 ")
    plan = record_care_plan(by=by, at=now, episode=episode, on=FEBRUARY, text="Walk daily")
    diagnosis = record_diagnosis(by=by, at=now, episode=episode, code="f331")
    assert (visit.code, plan.text, diagnosis.code) == ("G0438", "Walk daily", "F33.1")
    assert events()[-3:] == ["visit.recorded", "care_plan.recorded", "diagnosis.recorded"]
    assert announced() == [str(episode.id)]


def test_a_diagnosis_is_readable_and_listed_once(episode: Episode, by: Any, now: datetime) -> None:
    with pytest.raises(DiagnosisUnreadable):
        record_diagnosis(by=by, at=now, episode=episode, code="depression")
    first = record_diagnosis(by=by, at=now, episode=episode, code="F33.1", from_on=FEBRUARY)
    with pytest.raises(DiagnosisKnown):
        record_diagnosis(by=by, at=now, episode=episode, code="F331")
    void_fact(by=by, at=now, fact=first, reason="Ruled out")
    assert record_diagnosis(by=by, at=now, episode=episode, code="F33.1").rank == 1
    assert Diagnosis.objects.live().count() == 1


def test_scores_by_items_and_by_total(episode: Episode, by: Any, now: datetime) -> None:
    values = {"by": by, "at": now, "patient": episode.patient, "on": FEBRUARY}
    items = record_assessment(**values, episode=episode, instrument="phq9", items=[2, 2, 2, 2, 2, 2, 2, None, 1])
    total = record_assessment(**values, episode=None, instrument="gad7", total=21)
    assert (items.total, items.item9, items.is_prorated, items.is_total_only) == (17, 1, True, False)
    assert (total.total, total.items, total.is_total_only) == (21, None, True)
    assert Assessment.objects.count() == 2


@pytest.mark.parametrize(
    "given",
    [
        {"instrument": "phq9", "total": 28},
        {"instrument": "phq9", "total": -1},
        {"instrument": "phq9", "total": 2, "item9": 3},
        {"instrument": "gad7", "total": 22},
        {"instrument": "gad7", "total": None},
        {"instrument": "gad7", "items": [1, 1]},
        {"instrument": "gad7", "items": [1, 1, 1, 1, 1, 1, 4]},
        {"instrument": "gad7", "items": [1, None, None, None, None, None, None]},
    ],
)
def test_impossible_scores_are_refused(episode: Episode, by: Any, now: datetime, given: dict[str, Any]) -> None:
    with pytest.raises(ScoreUnusable):
        record_assessment(by=by, at=now, patient=episode.patient, episode=episode, on=FEBRUARY, **given)
    assert Assessment.objects.count() == 0


def test_a_score_before_birth_is_refused(patient: Patient, by: Any, now: datetime) -> None:
    with pytest.raises(DateOutOfOrder):
        record_assessment(by=by, at=now, patient=patient, episode=None, instrument="phq9", total=1, on=date(1961, 5, 3))


def test_a_fact_is_taken_back_once_and_kept(episode: Episode, by: Any, now: datetime) -> None:
    values = {"by": by, "at": now}
    facts = [
        record_care_plan(**values, episode=episode, on=FEBRUARY),
        record_consent(**values, patient=episode.patient, given_at=now),
        add_coverage(**values, patient=episode.patient, payer=payer_named(by=by, name="Medicare")),
    ]
    for fact in facts:
        with pytest.raises(ReasonMissing):
            void_fact(**values, fact=fact, reason="")
        void_fact(**values, fact=fact, reason="  In error ")
        assert type(fact).objects.live().count() == 0
        found = type(fact).objects.get(id=fact.id)
        assert (found.void_reason, found.voided_by_id, found.voided_at) == ("In error", by.id, now)
        with pytest.raises(AlreadyVoided):
            void_fact(**values, fact=fact, reason="Again")
    assert events()[-3:] == ["careplan.voided", "consent.voided", "coverage.voided"]


def test_thousands_of_drafts_take_one_statement_a_table_and_thousand_rows(by: Any, clinic: Any, now: datetime) -> None:
    stamp = Stamp(by, now)
    drafts: list[Any] = []
    for number in range(1001):
        person = draft_patient(
            stamp, clinic=clinic, mrn=str(number), family_name="F", given_name="G", birth_date=date(1980, 1, 1)
        )
        drafts += [person, draft_episode(stamp, patient=person, clinic=clinic, enrolled_on=FEBRUARY)]
    with CaptureQueriesContext(connection) as queries:
        assert record_facts(drafts) == 2002
    assert len([query for query in queries if query["sql"].startswith("INSERT")]) == 4
    assert events() == []
    assert announced() == []


def test_bulk_is_all_or_nothing(by: Any, clinic: Any, now: datetime) -> None:
    stamp = Stamp(by, now)
    people = [
        draft_patient(stamp, clinic=clinic, mrn="1", family_name=name, given_name="G", birth_date=date(1980, 1, 1))
        for name in ("One", "Two")
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        record_facts(people)
    assert Patient.objects.count() == 0


def test_another_tenants_facts_cannot_be_taken_back(
    episode: Episode, by: Any, now: datetime, other_organization: Any, membership: Callable[..., Any]
) -> None:
    plan = record_care_plan(by=by, at=now, episode=episode, on=FEBRUARY)
    stranger = membership("care_manager", organization=other_organization)
    with tenant(other_organization), pytest.raises(AlreadyVoided):
        void_fact(by=stranger, at=now, fact=plan, reason="Not mine")
    assert CarePlan.objects.live().count() == 1


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2025, 11, 30), date(2026, 2, 1), ["2025-11", "2025-12", "2026-01", "2026-02"]),
        (date(2026, 2, 1), date(2026, 2, 28), ["2026-02"]),
        (date(2026, 3, 1), date(2026, 2, 28), ["2026-03"]),
    ],
)
def test_months_between(first: date, last: date, months: list[str]) -> None:
    assert months_between(first, last) == months
