"""Answers of a patient who is kept from a seat: not there for it, in no list, page or sum."""

from typing import Any

import pytest
from django.test import Client

from bhi.tenancy.context import tenant
from billing.models import Acknowledgement, AnswerFile, Claim, RemittanceClaim
from billing.operations import answers
from billing.operations.answer_matching import match_claim, set_claim_aside
from billing.operations.answers import read_kept_answer
from tests.billing.filed import CONTROL, Filed, filed
from tests.billing.test_answer_pages import LIST, send
from tests.billing.test_answers import NOW
from tests.billing.test_pages import text_of
from tests.factories.claims import BillingProviderFactory
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.registry import PatientFactory, system_seat
from tests.rules.billing.answer_texts import acknowledged_claims, claim_said, paid_claim, payment, remittance

pytestmark = pytest.mark.django_db
OTHER = "00001-00002-GHJKLM"
HERS = ("ABARA", "Abara", "1EG4TE5MK73", CONTROL, "ICN900", "145.00", "290.00")


@pytest.fixture
def out(organization: Any) -> Filed:
    with tenant(organization):
        made = filed(organization)
        made.claim()
        made.claim(OTHER, family_name="Berg")
        return made


@pytest.fixture
def billing(out: Filed, client_for: Any) -> Client:
    made: Client = client_for("billing")
    return made


def hide(out: Filed) -> None:
    """From everybody but who restricts it."""
    claim = RemittanceClaim.objects.exclude(claim=None)[0].claim
    assert claim is not None
    RestrictionFactory(
        organization=out.organization, seats=[], patient=claim.patient, recorded_by=system_seat(out.organization)
    )


def test_what_was_found_by_its_number_is_not_told(billing: Client, out: Filed) -> None:
    page = send(billing, remittance(payment(paid_claim()))).redirect_chain[0][0]
    with tenant(out.organization):
        hide(out)
        row = RemittanceClaim.objects.count(), RemittanceClaim.objects.get().id
    shown = billing.get(page)
    assert [word in shown.content.decode() for word in HERS] == [False] * len(HERS)
    text = text_of(shown)
    assert text.count("1 row of this file is of patients not open to you, and sums that hold them do not show.") == 1
    assert (text.count("To match"), text.count("Claim by claim"), text.count("not shown")) == (0, 0, 1)
    listed = billing.get(LIST)
    assert [word in listed.content.decode() for word in HERS] == [False] * len(HERS)
    assert (text_of(listed).count("not all open to you"), text_of(listed).count("To match (")) == (1, 0)
    here = f"{LIST}claims/{row[1]}/match/"
    answers = [billing.get(here), billing.post(here, {"act": "undo", "because": "x"})]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_what_was_matched_by_hand_is_not_told_nor_taken_back(billing: Client, out: Filed) -> None:
    send(billing, remittance(payment(paid_claim("0007-0001"))))
    with tenant(out.organization):
        row = RemittanceClaim.objects.get()
        claim = Claim.objects.get(control_number=CONTROL)
        match_claim(by=system_seat(out.organization), at=NOW, remittance_claim_id=row.id, claim_id=claim.id)
        hide(out)
    here = f"{LIST}claims/{row.id}/match/"
    for data in ({"act": "undo", "because": "x"}, {"act": "match", "claim": str(claim.id)}, {"act": "aside"}):
        answer = billing.post(here, data)
        assert answer.status_code == 404, data
    with tenant(out.organization):
        row.refresh_from_db()
        assert row.claim_id == claim.id


def test_what_was_said_of_a_claim_is_not_told(billing: Client, out: Filed) -> None:
    text = acknowledged_claims(claim_said(CONTROL, "A7:562", number="ICN900"), claim_said(OTHER, "A7:562"))
    page = send(billing, text).redirect_chain[0][0]
    send(billing, remittance(payment(paid_claim())))
    with tenant(out.organization):
        hide(out)
        row = Acknowledgement.objects.get(reference=CONTROL)
    shown = billing.get(page)
    assert [word in shown.content.decode() for word in HERS[:5]] == [False] * 5
    text = text_of(shown)
    assert (text.count("1 row of this file is of patients not open to you"), text.count("Berg, Jo")) == (1, 1)
    here = f"{LIST}acknowledgements/{row.id}/match/"
    assert [billing.get(here).status_code, billing.post(here, {"act": "undo"}).status_code] == [404, 404]
    with tenant(out.organization):
        file = AnswerFile.objects.get(id=row.file_id)
    assert billing.get(f"{LIST}{file.id}/file/").status_code == 404


STRANGER = payment(paid_claim("ELSEWHERE", name="ROE*SAM"), trace="EFT7")
ANOTHERS = STRANGER.replace("XX*1234567893~", "XX*1992999874~REF*TJ*999999999~")
MINE = payment(paid_claim())


def files(out: Filed) -> dict[str, str]:
    """The address of each file's bytes, by its name."""
    with tenant(out.organization):
        return {one.name: f"{LIST}{one.id}/" for one in AnswerFile.objects.all()}


def test_bytes_that_name_somebody_who_was_not_found_are_not_there_for_who_may_not_see_everybody(
    billing: Client, out: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is kept from the seat: a claim that nobody knows, set aside or not, a payment that was known before, one
    that does not add up, one of another provider, one that is still being read, and one from before it was counted.
    """
    with tenant(out.organization):
        BillingProviderFactory(organization=out.organization, npi="1234567893", tax_id="84-1234567")
    texts = {
        "whole.txt": remittance(MINE),
        "unknown.txt": remittance(STRANGER),
        "aside.txt": remittance(STRANGER.replace("EFT7", "EFT8")),
        "said.txt": acknowledged_claims(claim_said("ELSEWHERE", "A7:562")),
        "known.txt": remittance(MINE, number="000000009"),
        "uneven.txt": remittance(payment(paid_claim("X"), total="9.00", trace="EFT9")),
        "anothers.txt": remittance(payment(paid_claim(OTHER), trace="EFT10"), ANOTHERS),
        "before.txt": remittance(payment(paid_claim(), trace="EFT11")),
    }
    send(billing, *texts.values(), names=tuple(texts))
    with monkeypatch.context() as one, tenant(out.organization):
        one.setattr(answers, "AT_ONCE_BYTES", 10)
        answers.take_answer(
            by=system_seat(out.organization), at=NOW, name="reading.txt", content=remittance(STRANGER + " ").encode()
        )
    with tenant(out.organization):
        row = RemittanceClaim.objects.get(remittance__trace_number="EFT8")
        set_claim_aside(by=system_seat(out.organization), at=NOW, remittance_claim_id=row.id, because="Not ours")
        AnswerFile.objects.filter(name="before.txt").update(summary={"payments": 1})
    urls = files(out)
    assert set(urls) == {*texts, "reading.txt"}
    assert {name for name, url in urls.items() if billing.get(f"{url}file/").status_code == 200} == set(urls)
    with tenant(out.organization):
        other = PatientFactory(organization=out.organization)
        RestrictionFactory(
            organization=out.organization, seats=[], patient=other, recorded_by=system_seat(other.organization)
        )
    assert {name for name, url in urls.items() if billing.get(f"{url}file/").status_code == 200} == {"whole.txt"}
    offered = {name for name, url in urls.items() if "The file as it came" in text_of(billing.get(url))}
    assert offered == {"whole.txt", "anothers.txt", "before.txt"}


def test_a_seat_of_some_clinics_does_not_fetch_the_names_that_its_page_keeps_back(billing: Client, out: Filed) -> None:
    page = send(billing, remittance(STRANGER)).redirect_chain[0][0]
    seat = billing.membership  # type: ignore[attr-defined]
    with tenant(out.organization):
        SeatClinicFactory(organization=out.organization, seat=seat)
    shown = text_of(billing.get(page))
    assert (shown.count("Name not open to you"), "Sam" in shown, "The file as it came" in shown) == (1, False, False)
    assert billing.get(f"{page}file/").status_code == 404


def test_of_a_payment_to_another_provider_that_a_job_refused_no_bytes_are_kept(
    out: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen again once the payee is known to be ours, it is kept and read."""
    with tenant(out.organization):
        by, content = system_seat(out.organization), remittance(ANOTHERS).encode()
        mine = BillingProviderFactory(organization=out.organization, npi="1234567893", tax_id="84-1234567")

        def read() -> AnswerFile:
            with monkeypatch.context() as long:
                long.setattr(answers, "AT_ONCE_BYTES", 10)
                file = answers.take_answer(by=by, at=NOW, name="era", content=content)
            read_kept_answer(by=by, at=NOW, file_id=file.id)
            return AnswerFile.objects.select_related("stored_file").get()

        refused = read()
        assert refused.stored_file is not None
        assert (refused.state, bytes(refused.stored_file.sealed)) == ("refused", b"")
        type(mine).objects.update(npi="1992999874")
        again = read()
        assert again.stored_file is not None
        assert (again.id, again.state, bool(again.stored_file.sealed)) == (refused.id, "read", True)
