"""Taking back an import on which claims may rest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from billing.models import Claim
from billing.operations.batches import make_batch
from billing.operations.errors import ImportClaimed, NothingToBill
from billing.operations.imports import undo_unclaimed_import
from caseload.models import EpisodeStanding, ImportRun
from caseload.operations.imports import Upload, confirm_import, start_import
from caseload.queries.imports import episodes_of_import
from registry.models import Diagnosis, Episode
from tests.billing.people import AT, ENROLLED_ON, Program, program
from tests.factories.tenancy import ClinicFactory, OrganizationFactory

FEBRUARY = "2026-02"
HEADER = "MRN,Name,DOB,Clinic,Date Enrolled,"


def imported(people: Program, column: str, cell: str, *episodes: Episode) -> ImportRun:
    """An import that says one thing more of patients on record."""
    rows = [
        f'{one.patient.mrn},"{one.patient.family_name}, Jo",5/17/1980,{people.clinic.name},2/2/2026,{cell}'
        for one in episodes
    ]
    file = Upload("more.csv", "\n".join([HEADER + column, *rows]).encode())
    run = start_import(by=people.by, at=AT, files=[file])
    assert (run.summary["patients"]["changed"], run.summary["problems"]) == (len(episodes), [])
    return confirm_import(by=people.by, at=AT, run_id=run.id, digest=run.summary["digest"])


def without_diagnosis(people: Program, name: str = "Abara") -> Episode:
    return people.billing_patient(name, without=("diagnosis",))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("missing", "column", "cell"),
    [
        ("diagnosis", "Diagnosis", "F32.1"),
        ("consent", "Consent Date", "2/2/2026"),
        ("visit", "Initiating Visit", "1/20/2026"),
        ("review", "Last Psychiatric Review", "2/9/2026"),
    ],
)
def test_what_was_added_to_somebody_on_record_is_known_as_resting_on_the_import(
    lakeside: Program, missing: str, column: str, cell: str
) -> None:
    episode = lakeside.billing_patient(without=(missing,))
    lakeside.billing_patient("Berg")
    run = imported(lakeside, column, cell, episode)
    assert episodes_of_import(lakeside.organization.id, run.id) == {episode.id: ENROLLED_ON}


@pytest.mark.django_db
def test_undoing_what_was_added_works_its_months_and_standing_out_anew(lakeside: Program) -> None:
    episode = without_diagnosis(lakeside)
    run = imported(lakeside, "Diagnosis", "F32.1", episode)
    Job.objects.all().update(state="done")
    EpisodeStanding.objects.filter(episode=episode).update(rebuilt_at="2026-01-01T00:00Z")
    undone = undo_unclaimed_import(by=lakeside.by, at=AT, run_id=run.id)
    assert (undone.state, Diagnosis.objects.live().count()) == ("undone", 0)
    assert EpisodeStanding.objects.get(episode=episode).rebuilt_at == AT
    assert [(job.kind, job.key) for job in Job.objects.filter(state="queued")] == [
        ("refresh_service_month", str(episode.id))
    ]


@pytest.mark.django_db
def test_what_a_claim_rests_on_stays(lakeside: Program) -> None:
    run = imported(lakeside, "Diagnosis", "F32.1", without_diagnosis(lakeside))
    make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    with pytest.raises(ImportClaimed) as refused:
        undo_unclaimed_import(by=lakeside.by, at=AT, run_id=run.id)
    assert str(refused.value) == "Claims were made for patients of this import, so it cannot be undone."
    assert [one.code for one in Diagnosis.objects.live()] == ["F32.1"]


@pytest.mark.django_db
def test_a_claim_that_was_superseded_holds_nothing(lakeside: Program) -> None:
    run = imported(lakeside, "Diagnosis", "F32.1", without_diagnosis(lakeside))
    make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    Claim.objects.all().update(is_superseded=True)
    assert undo_unclaimed_import(by=lakeside.by, at=AT, run_id=run.id).state == "undone"


def in_thread(organization_id: UUID, barrier: Barrier, act: Callable[[], Any]) -> str:
    try:
        barrier.wait(timeout=20)
        with tenant(organization_id):
            act()
    except (ImportClaimed, NothingToBill) as refusal:
        return type(refusal).__name__
    finally:
        connection.close()
    return "done"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_of_a_batch_and_an_undo_at_once_one_wins(attempt: int) -> None:
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        run = imported(people, "Diagnosis", "F32.1", *(without_diagnosis(people, name) for name in ("Abara", "Berg")))
    acts: list[Callable[[], Any]] = [
        lambda: make_batch(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True),
        lambda: undo_unclaimed_import(by=people.by, at=AT, run_id=run.id),
    ]
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        batch, undo = pool.map(lambda act: in_thread(organization.id, barrier, act), acts)
    with tenant(organization):
        counts = Claim.objects.count(), Diagnosis.objects.live().count()
    assert ((batch, undo), counts) in [
        (("done", "ImportClaimed"), (2, 2)),
        (("NothingToBill", "done"), (0, 0)),
    ]
