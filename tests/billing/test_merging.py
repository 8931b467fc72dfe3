"""Two records of one person put together, and taken apart again exactly as they were."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.tenancy.constraints import AppMayOnly
from bhi.tenancy.context import tenant
from billing.models import Claim
from billing.operations.batches import make_batch
from billing.operations.merging import MergeRefused, MergeStands, gather_late, merge_patients, undo_merge
from billing.queries.merging import HOME, STAYING, comparison, keys_to_patient, merge_of, merges_into, rows_of
from caseload.models import Draft, EpisodeStanding, TimeEntry
from caseload.operations import rebuild_standing, record_contact, record_time
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Coverage, Episode, Patient, PatientMerge, RecordNumber, Referral, SafetyPlan
from registry.operations import add_patient, end_episode, void_facts
from registry.operations.persons import change_patient, tell_apart
from registry.operations.recording import Stamp
from tests.billing.people import AT, Program, program
from tests.factories.everything import factory_of, tenant_models
from tests.factories.program import NotTheSameFactory, RecordNumberFactory, ReferralFactory, SafetyPlanFactory
from tests.factories.registry import AssessmentFactory, CoverageFactory, PatientFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory, OrganizationFactory
from tests.factories.work import DraftFactory

# What tells of the doing, not of the person; and rows that only ever grow.
_OF_THE_DOING = {"audit.AuditEvent", "jobs.Job", "registry.PatientMerge"}
_WHEN_WORKED_OUT = {"rebuilt_at", "refreshed_at"}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every live row of every tenant table, as it stands."""
    dump: dict[str, list[dict[str, Any]]] = {}
    for model in tenant_models():
        if model._meta.label in _OF_THE_DOING:
            continue
        columns = [field.attname for field in model._meta.concrete_fields if field.attname not in _WHEN_WORKED_OUT]
        rows: Any = model._default_manager.all()
        if "voided_at" in columns:
            rows = rows.filter(voided_at__isnull=True)
        dump[model._meta.label] = list(rows.order_by("id").values(*columns))
    return dump


@pytest.fixture
def someone(lakeside: Program) -> Callable[..., Patient]:
    """`someone("Abara")`: a record without enrolment."""

    def make(family_name: str = "Abara", **details: Any) -> Patient:
        values = {"mrn": uuid4().hex[:8], "birth_date": date(1980, 5, 17), "clinic": lakeside.clinic, **details}
        return add_patient(by=lakeside.by, at=AT, family_name=family_name, given_name="Jo", **values)

    return make


@pytest.fixture
def merge(lakeside: Program) -> Callable[..., PatientMerge]:
    def do(kept: Any, merged: Any, *take: str) -> PatientMerge:
        return merge_patients(by=lakeside.by, at=AT, kept_id=kept.id, merged_id=merged.id, take=take)

    return do


@pytest.fixture
def undo(lakeside: Program) -> Callable[[PatientMerge], PatientMerge]:
    return lambda merge: undo_merge(by=lakeside.by, at=AT, merge_id=merge.id)


def laden(people: Program, patient: Patient) -> Episode:
    """A record with at least one row in every table that refers to patients."""
    episode = people.patient("Laden")
    Episode.objects.filter(id=episode.id).update(ended_on=date(2026, 2, 20), end_reason="withdrew", status="discharged")
    for model, field in keys_to_patient():
        rows_of(model, field, episode.patient_id).update(**{field: patient})
    factories = factory_of()
    episode.refresh_from_db()
    for model, field in keys_to_patient():
        if not rows_of(model, field, patient.id).exists():
            has_episode = any(column.name == "episode" for column in model._meta.concrete_fields)
            of_episode = {"episode": episode} if has_episode and model is not Referral else {}
            factories[model](organization=people.organization, **{field: patient, **of_episode})
    rebuild_standing(organization_id=people.organization.id, episode_ids=[episode.id], at=AT)
    return episode


# Every table is handled


def test_every_table_that_refers_to_patients_moves_or_is_said_to_stay() -> None:
    """A new table fails here until the application may change its patient, or it is listed in STAYING."""
    stuck = [
        f"{model._meta.label}.{field}"
        for model, field in keys_to_patient()
        for grant in model._meta.constraints
        if isinstance(grant, AppMayOnly) and grant.update is not None and field not in grant.update
    ]
    assert stuck == []
    known = {(model._meta.label, field) for model, field in keys_to_patient()} | STAYING
    found = {
        (model._meta.label, field.name)
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if field.related_model is Patient
    }
    assert known == found


def test_every_rule_that_allows_one_row_a_patient_is_thought_of() -> None:
    """A new unique constraint over a patient fails here until merging says what becomes of two such rows."""
    unique = {
        constraint.name
        for model, field in keys_to_patient()
        for constraint in model._meta.constraints
        if field in getattr(constraint, "fields", ())
    }
    assert unique == {
        "registry_coverage_one_per_rank",  # ranked anew
        "registry_safetyplan_number",  # numbered anew
        "registry_episode_one_open",  # refused
        "registry_referral_one_open",  # refused
        "billing_claim_one_live",  # refused
        "billing_accessalignment_one",  # the kept record's holds
        "registry_riskcase_one_open",  # the kept record's goes on and knows of the other
        "caseload_draft_one",  # the kept record's holds, of each writer
        "registry_restriction_one",  # the kept record's holds, and the other still limits who sees it
    }


# Merging


def test_everything_goes_over_and_comes_back_exactly(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone("Abarra", phone="312-555-0134")
    laden(lakeside, merged)
    laden_tables = {
        model._meta.label for model, field in keys_to_patient() if rows_of(model, field, merged.id).exists()
    }
    assert laden_tables == {model._meta.label for model, _ in keys_to_patient()}
    before = everything()
    done = merge(kept, merged, "family_name", "phone", HOME)
    left = [model._meta.label for model, field in keys_to_patient() if rows_of(model, field, merged.id).exists()]
    assert left == []
    kept.refresh_from_db()
    assert (kept.family_name, kept.phone, kept.mrn) == ("Abarra", "312-555-0134", merged.mrn)
    assert everything() != before
    undo(done)
    assert everything() == before
    told = AuditEvent.objects.filter(patient_id=kept.id, action__contains="merged").order_by("id")
    assert [event.action for event in told] == [
        "patient.merged",
        "patient.unmerged",
    ]


def test_two_laden_records_come_apart_as_they_were(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    first, second = laden(lakeside, kept), laden(lakeside, merged)
    Claim.objects.filter(episode=second).update(is_superseded=True)
    over = {"state": "ended", "outcome": "declined", "ended_on": date(2026, 3, 1), "due_on": None}
    Referral.objects.filter(patient=merged).update(**over)
    Episode.objects.filter(id=first.id).update(enrolled_on=date(2025, 2, 2), ended_on=date(2025, 6, 2))
    rebuild_standing(organization_id=lakeside.organization.id, episode_ids=[first.id], at=AT)
    before = everything()
    done = merge(kept, merged)
    assert Episode.objects.filter(patient=kept).count() == 2
    undo(done)
    assert everything() == before


def test_the_merged_record_is_in_no_list_and_its_number_still_finds_the_person(
    lakeside: Program, someone: Callable[..., Patient], merge: Any
) -> None:
    kept, merged = someone(mrn="000111"), someone(mrn="000222")
    merge(kept, merged)
    assert list(Patient.objects.live()) == [kept]
    number = RecordNumber.objects.get()
    assert (number.patient, number.clinic, number.mrn) == (kept, lakeside.clinic, "000222")
    merged.refresh_from_db()
    assert (merged.merged_into, merged.mrn) == (kept, "000222")


def test_the_other_number_may_be_chosen_and_the_lost_one_is_kept(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    north = ClinicFactory(organization=lakeside.organization, name="North")
    kept, merged = someone(mrn="000111"), someone(mrn="000222", clinic=north)
    done = merge(kept, merged, HOME)
    kept.refresh_from_db()
    assert (kept.mrn, kept.clinic_id) == ("000222", north.id)
    assert [(one.mrn, one.clinic_id) for one in RecordNumber.objects.live()] == [("000111", lakeside.clinic.id)]
    undo(done)
    for person, mrn in ((kept, "000111"), (merged, "000222")):
        person.refresh_from_db()
        assert person.mrn == mrn
    assert RecordNumber.objects.live().count() == 0


def test_a_record_without_a_number_leaves_none(someone: Callable[..., Patient], merge: Any) -> None:
    merge(someone(mrn=""), someone(mrn=""))
    assert RecordNumber.objects.count() == 0


def test_insurances_come_after_those_of_the_kept_record(
    lakeside: Program, someone: Callable[..., Patient], merge: Any
) -> None:
    kept, merged = someone(), someone()
    for patient, names in ((kept, ("Aetna", "Cigna")), (merged, ("Humana", "Oscar"))):
        for rank, name in enumerate(names, start=1):
            CoverageFactory(organization=lakeside.organization, patient=patient, payer__name=name, rank=rank)
    merge(kept, merged)
    found = Coverage.objects.filter(patient=kept).order_by("rank").values_list("payer__name", "rank")
    assert list(found) == [("Aetna", 1), ("Cigna", 2), ("Humana", 3), ("Oscar", 4)]


def test_safety_plans_are_numbered_by_their_days(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    for patient, days in ((kept, (1, 20)), (merged, (10, 25))):
        for number, day in enumerate(days, start=1):
            SafetyPlanFactory(organization=lakeside.organization, patient=patient, number=number, on=date(2026, 2, day))
    done = merge(kept, merged)
    plans = SafetyPlan.objects.filter(patient=kept).order_by("number").values_list("number", "on__day")
    assert list(plans) == [(1, 1), (2, 10), (3, 20), (4, 25)]
    undo(done)
    back = SafetyPlan.objects.order_by("on").values_list("patient_id", "number")
    assert list(back) == [(kept.id, 1), (merged.id, 1), (kept.id, 2), (merged.id, 2)]


def test_what_was_voided_stays_with_the_record_it_was_voided_in(
    lakeside: Program, someone: Callable[..., Patient], merge: Any
) -> None:
    kept, merged = someone(), someone()
    score = AssessmentFactory(organization=lakeside.organization, patient=merged, episode=None)
    void_facts([score], stamp=Stamp(lakeside.by, AT), reason="Another patient")
    merge(kept, merged)
    assert Assessment.objects.get().patient_id == merged.id


def test_standing_and_months_are_worked_out_anew(
    lakeside: Program, someone: Callable[..., Patient], merge: Any
) -> None:
    kept = someone("Zaman")
    episode = lakeside.billing_patient("Abara")
    Job.objects.all().delete()
    merge(kept, episode.patient)
    standing = EpisodeStanding.objects.get(episode=episode)
    assert (standing.patient_id, standing.sort_name) == (kept.id, "zaman, jo")
    assert Job.objects.filter(kind="refresh_service_month", key=str(episode.id)).count() == 1


# Time that overlapped between the two


def at_work(people: Program, episode: Episode, *, worked_by: Any, hour: int = 16, minutes: int = 30) -> TimeEntry:
    starts = datetime(2026, 2, 10, hour, tzinfo=UTC)
    time = WorkTime(span=(starts, starts + timedelta(minutes=minutes)))
    return record_time(by=people.by, at=AT, episode_id=episode.id, time=time, client_token=uuid4(), worked_by=worked_by)


@pytest.fixture
def two(lakeside: Program) -> tuple[Episode, Episode]:
    """One person on two records: enrolled last year, and this year under another number."""
    old = lakeside.patient("Abara", enrolled_on=date(2025, 2, 2))
    end_episode(by=lakeside.by, at=AT, episode=old, on=date(2025, 12, 1), reason="graduated")
    return old, lakeside.patient("Abara")


def test_time_held_between_the_two_counts_and_is_held_again(
    lakeside: Program, two: tuple[Episode, Episode], merge: Any, undo: Any
) -> None:
    old, new = two
    ken = MembershipFactory(organization=lakeside.organization, name="Ken Abara")
    at_work(lakeside, old, worked_by=ken)
    at_work(lakeside, old, worked_by=ken, minutes=10)
    held = at_work(lakeside, new, worked_by=ken)
    elsewhere = lakeside.patient("Novak")
    at_work(lakeside, elsewhere, worked_by=ken, hour=18)
    still = at_work(lakeside, new, worked_by=ken, hour=18)
    assert (held.held, still.held) == (True, True)
    before = everything()
    done = merge(old.patient, new.patient)
    for entry in (held, still):
        entry.refresh_from_db()
    assert (held.held, held.held_with_id, still.held) == (False, None, True)
    undo(done)
    assert everything() == before


def test_overlapping_time_logged_since_stands_in_the_way_of_undoing(
    lakeside: Program, two: tuple[Episode, Episode], merge: Any, undo: Any
) -> None:
    old, new = two
    ken = MembershipFactory(organization=lakeside.organization, name="Ken Abara")
    at_work(lakeside, old, worked_by=ken)
    done = merge(old.patient, new.patient)
    overlapping = at_work(lakeside, new, worked_by=ken)
    assert not overlapping.held
    with pytest.raises(MergeStands, match="such as overlapping time"):
        undo(done)
    assert PatientMerge.objects.get().undone_at is None
    assert TimeEntry.objects.get(id=overlapping.id).patient_id == old.patient_id


def test_what_was_added_since_goes_with_its_enrolment_or_stays_with_the_person(
    lakeside: Program, two: tuple[Episode, Episode], merge: Any, undo: Any
) -> None:
    old, new = two
    done = merge(old.patient, new.patient)
    kept = record_contact(
        by=lakeside.by, at=AT, episode_id=new.id, client_token=uuid4(), mode="phone",
        time=WorkTime(on=date(2026, 2, 12), seconds=600),
    )  # fmt: skip
    added = CoverageFactory(organization=lakeside.organization, patient=old.patient, rank=9)
    change_patient(by=lakeside.by, at=AT, patient_id=old.patient_id, values={"phone": "312-555-0199"})
    undo(done)
    kept.contact.refresh_from_db()
    added.refresh_from_db()
    assert kept.contact.patient_id == new.patient_id
    assert added.patient_id == old.patient_id
    assert Patient.objects.get(id=old.patient_id).phone == "312-555-0199"


# What is refused


def test_who_was_enrolled_twice_at_once_is_refused(lakeside: Program, merge: Any) -> None:
    one, other = lakeside.patient(), lakeside.patient()
    with pytest.raises(MergeRefused, match="enrolled at the same time"):
        merge(one.patient, other.patient)


@pytest.mark.parametrize(("ended_on", "is_refused"), [(date(2026, 2, 2), False), (date(2026, 2, 3), True)])
def test_leaving_on_the_day_of_the_next_enrolment_is_one_after_the_other(
    lakeside: Program, merge: Any, ended_on: date, is_refused: bool
) -> None:
    old, new = lakeside.patient(enrolled_on=date(2026, 1, 5)), lakeside.patient()
    end_episode(by=lakeside.by, at=AT, episode=old, on=ended_on, reason="withdrew")
    if is_refused:
        with pytest.raises(MergeRefused, match="enrolled at the same time"):
            merge(new.patient, old.patient)
    else:
        assert merge(new.patient, old.patient).kept == new.patient


def test_two_open_referrals_are_refused(lakeside: Program, someone: Callable[..., Patient], merge: Any) -> None:
    one, other = someone(), someone()
    for patient in (one, other):
        ReferralFactory(organization=lakeside.organization, patient=patient)
    with pytest.raises(MergeRefused, match="End one of them as a duplicate first"):
        merge(one, other)


def test_claims_follow_and_two_for_one_month_are_refused(
    lakeside: Program, merge: Any, undo: Any, someone: Callable[..., Patient]
) -> None:
    first = lakeside.billing_patient("Abara")
    end_episode(by=lakeside.by, at=AT, episode=first, on=date(2026, 2, 12), reason="withdrew")
    second = lakeside.billing_patient("Abara", enrolled_on=date(2026, 2, 14))
    lakeside.work(second, 40, on=date(2026, 2, 20))
    make_batch(by=lakeside.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
    claimed = set(Claim.objects.values_list("patient_id", flat=True))
    assert claimed == {first.patient_id, second.patient_id}
    with pytest.raises(MergeRefused, match="a claim for February 2026"):
        merge(first.patient, second.patient)
    blank = someone()
    facts = Claim.objects.get(patient=first.patient).facts
    done = merge(blank, first.patient)
    claim = Claim.objects.get(patient=blank)
    assert claim.facts == facts
    undo(done)
    assert Claim.objects.get(id=claim.id).patient_id == first.patient_id


def test_absent_merged_voided_and_foreign_records_are_not_there(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, other_organization: Any
) -> None:
    one, other, third = someone(), someone(), someone()
    merge(one, other)
    with tenant(other_organization):
        foreign = PatientFactory(organization=other_organization)
    with tenant(lakeside.organization):
        for pair in ((one, one), (one, other), (other, third), (third, foreign), (foreign, third)):
            with pytest.raises(NotFound):
                merge(*pair)


# Undoing


def test_a_draft_that_was_saved_since_is_no_matter(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    draft = DraftFactory(organization=lakeside.organization, patient=merged)
    done = merge(kept, merged)
    assert Draft.objects.get().patient_id == kept.id
    Draft.objects.filter(id=draft.id).delete()
    assert undo(done).undone_by == lakeside.by


def test_of_two_drafts_of_one_writer_the_other_is_there_again_afterwards(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    for patient in (kept, merged):
        DraftFactory(organization=lakeside.organization, patient=patient, membership=lakeside.by)
    undo(merge(kept, merged))
    assert {draft.patient_id for draft in Draft.objects.all()} == {kept.id, merged.id}


def test_it_is_undone_once(someone: Callable[..., Patient], merge: Any, undo: Any) -> None:
    done = merge(someone(), someone())
    undo(done)
    with pytest.raises(MergeStands, match="taken apart before"):
        undo(done)


def test_the_later_merge_is_undone_first(someone: Callable[..., Patient], merge: Any, undo: Any) -> None:
    one, two, three = someone(mrn="1"), someone(mrn="2"), someone(mrn="3")
    before = everything()
    first, second = merge(two, three), merge(one, two)
    three.refresh_from_db()
    assert three.merged_into == one
    with pytest.raises(MergeStands, match="Take that merge apart first"):
        undo(first)
    undo(second)
    undo(first)
    assert everything() == before


def test_what_was_taken_back_since_stands_in_the_way(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    coverage = CoverageFactory(organization=lakeside.organization, patient=merged)
    done = merge(kept, merged)
    coverage.refresh_from_db()
    void_facts([coverage], stamp=Stamp(lakeside.by, AT), reason="Never had it")
    with pytest.raises(MergeStands, match="was taken back since"):
        undo(done)


def test_a_number_that_somebody_else_has_by_now_stands_in_the_way(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(mrn="111"), someone(mrn="222")
    done = merge(kept, merged, HOME)
    void_facts(list(RecordNumber.objects.live()), stamp=Stamp(lakeside.by, AT), reason="Not known")
    someone("Novak", mrn="111")
    with pytest.raises(MergeStands, match="cannot be split"):
        undo(done)


def test_an_unknown_merge_is_not_there(lakeside: Program, someone: Callable[..., Patient]) -> None:
    with pytest.raises(NotFound):
        undo_merge(by=lakeside.by, at=AT, merge_id=uuid4())


# What was written at the same time


def test_what_was_just_being_written_for_the_merged_record_is_gathered(
    lakeside: Program, someone: Callable[..., Patient], merge: Any, undo: Any
) -> None:
    kept, merged = someone(), someone()
    CoverageFactory(organization=lakeside.organization, patient=kept, rank=1)
    done = merge(kept, merged)
    job = Job.objects.get(kind="gather_merged")
    assert (job.arguments, job.run_after) == ({"merge_id": str(done.id)}, AT + timedelta(minutes=2))
    late = CoverageFactory(organization=lakeside.organization, patient=merged, rank=1)
    arguments = {"organization_id": lakeside.organization.id, "at": AT, "merge_id": done.id}
    assert [gather_late(**arguments), gather_late(**arguments)] == [1, 0]
    late.refresh_from_db()
    assert (late.patient_id, late.rank) == (kept.id, 2)
    undo(done)
    CoverageFactory(organization=lakeside.organization, patient=merged, rank=1)
    assert gather_late(**arguments) == 0


def in_thread(organization_id: Any, barrier: Barrier, act: Callable[[], Any]) -> str:
    try:
        barrier.wait(timeout=20)
        with tenant(organization_id):
            act()
    except NotFound:
        return "NotFound"
    finally:
        connection.close()
    return "done"


@pytest.mark.django_db(transaction=True)
def test_of_two_opposite_merges_at_once_one_wins() -> None:
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        one, other = PatientFactory(organization=organization), PatientFactory(organization=organization)
    acts = [
        lambda pair=pair: merge_patients(by=people.by, at=AT, kept_id=pair[0].id, merged_id=pair[1].id)
        for pair in ((one, other), (other, one))
    ]
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        fates = sorted(pool.map(lambda act: in_thread(organization.id, barrier, act), acts))
    with tenant(organization):
        assert (fates, Patient.objects.live().count(), PatientMerge.objects.count()) == (["NotFound", "done"], 1, 1)


# What the page asks


def test_a_comparison_says_what_differs_and_what_would_move(lakeside: Program, someone: Callable[..., Patient]) -> None:
    one, other = someone(), someone("Abarra", phone="312-555-0134", mrn="9")
    CoverageFactory(organization=lakeside.organization, patient=other)
    RecordNumberFactory(organization=lakeside.organization, patient=other, clinic=lakeside.clinic)
    with CaptureQueriesContext(connection) as queries:
        found = comparison(lakeside.organization.id, one.id, other.id)
    assert len(queries) <= 7
    assert found.differing == (HOME, "family_name", "phone")
    assert (found.one.moves_words, found.other.moves_words) == ("nothing yet", "1 insurance, 1 record number")
    assert found.refusal == ""
    for pair in ((one.id, one.id), (one.id, uuid4())):
        with pytest.raises(NotFound):
            comparison(lakeside.organization.id, *pair)
    with pytest.raises(NotFound):
        merge_of(lakeside.organization.id, one.id, uuid4())


def test_merges_are_listed_until_they_are_undone(
    someone: Callable[..., Patient], merge: Any, undo: Any, lakeside: Program
) -> None:
    kept, merged = someone(), someone(mrn="222")
    done = merge(kept, merged)
    assert [(one.id, one.mrn, one.by_id) for one in merges_into(kept.id)] == [(done.id, "222", lakeside.by.id)]
    undo(done)
    assert merges_into(kept.id) == ()


def test_two_people_are_told_apart_once(lakeside: Program, someone: Callable[..., Patient]) -> None:
    one, other = someone(), someone()
    told = tell_apart(by=lakeside.by, at=AT, patient=one, other=other)
    assert tell_apart(by=lakeside.by, at=AT, patient=other, other=one) == told
    with pytest.raises(IntegrityError):
        NotTheSameFactory(organization=lakeside.organization, patient=told.patient, other=told.other)
