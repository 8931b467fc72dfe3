"""A file that its receiver refused as a whole goes out anew as one batch; each claim still leaves once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import Batch, BillingProvider, Claim, ClaimLine, PayerRoute
from billing.operations.claim_corrections import correct_claim
from billing.operations.claim_resending import resend_batch
from billing.operations.errors import FilesAreTests, NothingReady, NotToResend
from billing.operations.filing import make_filed_batches, mark_sent
from billing.queries.batch_files import batch_bytes
from billing.queries.claims import batch_with_file
from registry.models import Patient
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.claims import AcknowledgementFactory, RemittanceClaimFactory
from tests.factories.tenancy import ClinicFactory, OrganizationFactory

LATER = AT + timedelta(hours=2)
NAMES = ("Abara", "Berg", "Castro")


def refused(people: Program, batch: Batch) -> None:
    AcknowledgementFactory(
        organization=people.organization, kind="999", claim=None, batch=batch, is_accepted=False, code="R"
    )


def left(people: Program, *names: str, filing_code: str = "16") -> Batch:
    """A file of these patients' February, handed over."""
    set_up(people)
    PayerRoute.objects.update(filing_code=filing_code)
    for name in names or NAMES:
        filed_patient(people, name)
    closed(people)
    (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    return mark_sent(by=people.by, at=AT, batch_id=batch.id)


def resend(people: Program, batch: Batch, **fields: Any) -> Batch:
    given = {"by": people.by, "at": LATER, "batch_id": batch.id, "client_token": uuid4()}
    return resend_batch(**(given | fields))


def standing(batch: Batch) -> list[str]:
    rows = Claim.objects.filter(batch=batch, is_superseded=False).order_by("number")
    return list(rows.values_list("patient__family_name", flat=True))


def test_a_refused_file_goes_out_anew_under_new_numbers(lakeside: Program):
    batch = left(lakeside)
    refused(lakeside, batch)
    token = uuid4()
    made = resend(lakeside, batch, client_token=token)
    assert resend(lakeside, batch, client_token=token) == made
    assert (made.number, made.interchange_number, made.claim_count, standing(made), standing(batch)) == (
        2,
        2,
        3,
        list(NAMES),
        [],
    )
    claims = list(Claim.objects.filter(batch=made))
    assert {(one.frequency, one.replaces, one.payer_claim_number) for one in claims} == {("1", None, "")}
    numbers = set(Claim.objects.values_list("control_number", flat=True))
    assert len(numbers) == 6
    text = (batch_bytes(batch_with_file(made.organization_id, made.id)) or b"").decode()
    assert {line.split("*")[1] for line in text.split("~\n") if line.startswith("CLM")} == {
        one.control_number for one in claims
    }
    units: dict[str, int] = {}
    for line in ClaimLine.objects.all():
        units[line.code] = units.get(line.code, 0) + line.units
    assert units == {"99492": 3, "99494": 6}
    with pytest.raises(NotToResend):
        resend(lakeside, batch)


def test_what_is_not_ready_stays_to_be_mended(lakeside: Program):
    batch = left(lakeside)
    refused(lakeside, batch)
    Patient.objects.filter(family_name="Berg").update(address="")
    made = resend(lakeside, batch)
    assert (standing(made), standing(batch)) == (["Abara", "Castro"], ["Berg"])
    with pytest.raises(NothingReady):
        resend(lakeside, batch)
    Patient.objects.filter(family_name="Berg").update(address="5 Oak St")
    assert standing(resend(lakeside, batch)) == ["Berg"]


def test_a_claim_that_the_payer_took_on_all_the_same_is_left_alone(lakeside: Program):
    batch = left(lakeside)
    refused(lakeside, batch)
    paid, taken = Claim.objects.order_by("number")[:2]
    RemittanceClaimFactory(organization=lakeside.organization, claim=paid)
    AcknowledgementFactory(organization=lakeside.organization, claim=taken, batch=batch)
    assert standing(resend(lakeside, batch)) == ["Castro"]


def test_a_refused_replacement_goes_out_as_one_again(lakeside: Program):
    left(lakeside, "Abara")
    first = Claim.objects.get()
    RemittanceClaimFactory(organization=lakeside.organization, claim=first, payer_claim_number="ICN7")
    Patient.objects.update(address="7 Ash St")
    second = correct_claim(by=lakeside.by, at=LATER, claim_id=first.id, because="Moved house", client_token=uuid4())
    refused(lakeside, second.batch)
    made = resend(lakeside, second.batch)
    (third,) = Claim.objects.filter(batch=made)
    assert (third.frequency, third.replaces, third.payer_claim_number) == ("7", second, "ICN7")


def test_what_nobody_may_hand_over_goes_out_without_what_was_taken_back(lakeside: Program):
    batch = left(lakeside)
    Batch.objects.update(sent_at=None, sent_by=None)
    Claim.objects.filter(patient__family_name="Berg").update(is_superseded=True)
    assert standing(resend(lakeside, batch)) == ["Abara", "Castro"]


@pytest.mark.parametrize("why", ["taken", "test", "unanswered"])
def test_what_was_not_refused_is_not_sent_anew(lakeside: Program, why: str):
    batch = left(lakeside, "Abara")
    if why == "taken":
        AcknowledgementFactory(organization=lakeside.organization, kind="999", claim=None, batch=batch)
    if why == "test":
        refused(lakeside, batch)
        BillingProvider.objects.update(is_test=True)
    with pytest.raises(FilesAreTests if why == "test" else NotToResend):
        resend(lakeside, batch)
    assert Batch.objects.count() == 1


def test_another_organizations_batch_is_not_there(lakeside: Program):
    with pytest.raises(NotFound):
        resend(lakeside, left(lakeside, "Abara"), batch_id=uuid4())


def in_thread(organization_id: Any, barrier: Barrier, by: Any, batch_id: Any) -> str:
    barrier.wait(timeout=20)
    try:
        with tenant(organization_id):
            made = resend_batch(by=by, at=LATER, batch_id=batch_id, client_token=uuid4())
            return str(made.claim_count)
    except NotToResend:
        return "nothing"
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_four_who_send_it_anew_at_once_send_each_claim_once():
    organization = OrganizationFactory()
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        batch = left(people)
        refused(people, batch)
    barrier = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(in_thread, organization.id, barrier, people.by, batch.id) for _ in range(4)]
        answers = sorted(future.result() for future in futures)
    assert answers == ["3", "nothing", "nothing", "nothing"]
    with tenant(organization):
        assert (Batch.objects.count(), Claim.objects.filter(is_superseded=False).count()) == (2, 3)
