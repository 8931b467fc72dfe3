"""A closed month's claims keep what was set of the clinic at the close, unless somebody says otherwise."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from billing.models import Claim, MonthClose
from billing.operations.batches import make_batch
from billing.operations.claim_corrections import correct_claim
from billing.operations.closed_sites import take_site
from billing.operations.closing import ask_to_reopen, close_month, correct_month, reopen_month
from billing.operations.errors import NothingToCorrect, NothingToReplace
from billing.operations.filing import make_filed_batches
from billing.queries.closing import clinic_month
from billing.queries.filing_facts import filing_plan
from registry.models import Diagnosis
from registry.operations.errors import ReasonMissing
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of

THEN = {"address": "7 Oak Ave", "city": "Aurora", "state": "CO", "postal_code": "800101234", "npi": "1003000126"}
NOW = {"address": "9 Elm St", "city": "Denver", "state": "CO", "postal_code": "802021234", "npi": "1093817462"}


def sited(people: Program, **values: str) -> None:
    Clinic.objects.filter(id=people.clinic.id).update(**values)


def filed(people: Program) -> Claim:
    """A claim of February that left, of a clinic that moved to another address and NPI since."""
    set_up(people)
    filed_patient(people)
    sited(people, **THEN, name="Annex")
    closed(people)
    make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    sited(people, **NOW)
    return Claim.objects.get()


def asked_again(people: Program, claim: Claim) -> list[str]:
    """Where the corrected claim says that the patient was seen."""
    made = correct_claim(
        by=people.by, at=AT, claim_id=claim.id, because="Asked", client_token=uuid4(), payer_claim_number="77"
    )
    content = read(made.batch.stored_file).decode()
    lines = content.split("~\n")
    at = next(place for place, line in enumerate(lines) if line.startswith("NM1*77"))
    return lines[at : at + 3]


SAID_THEN = ["NM1*77*2*ANNEX*****XX*1003000126", "N3*7 OAK AVE", "N4*AURORA*CO*800101234"]
SAID_NOW = ["NM1*77*2*ANNEX*****XX*1093817462", "N3*9 ELM ST", "N4*DENVER*CO*802021234"]


def test_a_new_npi_today_changes_no_claim_of_a_closed_month(lakeside: Program) -> None:
    claim = filed(lakeside)
    with pytest.raises(NothingToReplace):
        asked_again(lakeside, claim)


def test_a_correction_for_another_reason_keeps_what_was_set(lakeside: Program) -> None:
    claim = filed(lakeside)
    sited(lakeside, place_of_service="19", setting="hospital_outpatient")
    Diagnosis.objects.filter(episode_id=claim.episode_id).update(code="F33.1")
    close = MonthClose.objects.get()
    row = correct_month(by=lakeside.by, at=AT, close_id=close.id, episode_id=claim.episode_id, because="Diagnosis")
    assert (row.facts["setting"], row.facts["place_of_service"]) == ("office", "11")
    assert asked_again(lakeside, claim) == SAID_THEN


def test_told_so_it_says_what_is_set_by_now(lakeside: Program) -> None:
    claim = filed(lakeside)
    close = MonthClose.objects.get()
    with pytest.raises(ReasonMissing):
        take_site(by=lakeside.by, at=AT, close_id=close.id, because=" ")
    take_site(by=lakeside.by, at=AT, close_id=close.id, because="The NPI was wrong")
    with pytest.raises(NothingToCorrect):
        take_site(by=lakeside.by, at=AT, close_id=close.id, because="Again")
    with pytest.raises(NotFound):
        take_site(by=lakeside.by, at=AT, close_id=uuid4(), because="Nowhere")
    assert asked_again(lakeside, claim) == SAID_NOW
    close.refresh_from_db()
    assert (close.site_at, close.site_by_id, close.site_because) == (AT, lakeside.by.id, "The NPI was wrong")
    told = AuditEvent.objects.get(action="month.site_taken")
    assert (told.object_id, list(told.fields)) == (close.id, ["site"])


def test_closed_anew_it_keeps_what_is_set_then(lakeside: Program) -> None:
    filed(lakeside)
    close = MonthClose.objects.get()
    ask_to_reopen(by=lakeside.by, at=AT, close_id=close.id, because="Wrong clinic")
    reopen_month(by=lakeside.by, at=AT.replace(year=2027), close_id=close.id)
    again = close_month(
        by=lakeside.by, at=AT.replace(year=2027), clinic_id=lakeside.clinic.id, month=FEBRUARY, note="Seen.",
        client_token=uuid4(),
    )  # fmt: skip
    assert again.site | {} == {"name": "Annex", "setting": "office", "place_of_service": "11", **NOW}


def test_a_place_set_later_is_not_a_change_of_the_closed_month(lakeside: Program) -> None:
    filed(lakeside)
    sited(lakeside, place_of_service="19", setting="hospital_outpatient")
    shown = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id)
    assert shown.changed == ()
    assert [(one.words, one.kept, one.now) for one in shown.site_changes] == [
        ("NPI", "1003000126", "1093817462"),
        ("Kind of site", "office", "hospital_outpatient"),
        ("Place of service", "11", "19"),
        ("Street", "7 Oak Ave", "9 Elm St"),
        ("City", "Aurora", "Denver"),
        ("ZIP", "800101234", "802021234"),
    ]
    take_site(by=lakeside.by, at=AT, close_id=MonthClose.objects.get().id, because="It was wrong")
    shown = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id)
    assert (len(shown.changed), shown.site_changes) == (1, ())


def test_closes_of_before_say_what_is_set_by_now(lakeside: Program) -> None:
    claim = filed(lakeside)
    MonthClose.objects.update(site=None)
    assert asked_again(lakeside, claim) == SAID_NOW


def test_tables_of_a_closed_month_keep_it_too(lakeside: Program) -> None:
    filed_patient(lakeside)
    sited(lakeside, **THEN)
    closed(lakeside)
    sited(lakeside, **NOW, place_of_service="19")
    batch = make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4(), has_seen_papers=True)
    rows = read(batch.stored_file).decode()
    assert ("1003000126" in rows, "1093817462" in rows, ",11," in rows) == (True, False, True)


def test_who_bills_says_so_on_the_page_of_the_close(organization: Any, clinic: Clinic, client_for: Any) -> None:
    with tenant(organization):
        people = program(organization, clinic)
        filed(people)
    billing: Client = client_for("billing")
    url = f"/o/lakeside/billing/months/{FEBRUARY}/clinics/{clinic.id}/"
    assert "NPI 1003000126 1093817462" in text_of(billing.get(url))
    refused = billing.post(f"{url}details/", {"because": ""})
    assert (refused.status_code, "Say why, in a few words." in refused.text) == (422, True)
    for _ in range(2):
        assert billing.post(f"{url}details/", {"because": "A digit was wrong"}).headers["Location"] == url
    page = text_of(billing.get(url))
    assert ("The clinic has changed since" in page, "chose later: A digit was wrong" in page) == (False, True)
    with tenant(organization):
        (plan,) = filing_plan(organization.id, FEBRUARY, at=AT, even_claimed=True).payers
        assert [one.claim.facility.npi for one in plan.ready if one.claim.facility] == ["1093817462"]
