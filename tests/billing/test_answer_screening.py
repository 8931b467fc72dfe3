"""Which payments of an answer are posted: those to us, once each, on days that can be."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from billing.models import Acknowledgement, AnswerFile, Remittance, RemittanceClaim, RemittanceLine
from billing.operations import answer_posting, answers
from billing.operations.answers import AnswerUnreadable, Chosen, read_kept_answer, take_answer, take_answers
from billing.rules.x12.identity import content_with_status
from tests.billing.filed import CONTROL, Filed, filed
from tests.factories.claims import BillingProviderFactory
from tests.factories.registry import TreatingClinicianFactory, system_seat
from tests.factories.tenancy import NOW, ClinicFactory, OrganizationFactory
from tests.races import at_once
from tests.rules.billing.answer_texts import acknowledged_claims, claim_said, paid_claim, payment, remittance

pytestmark = pytest.mark.django_db
PLAIN = remittance(payment(paid_claim()))
OURS, CLINICS, CLINICIANS, STRANGERS = "1234567893", "1245319599", "1679576722", "1992999874"


@pytest.fixture
def out(in_tenant: Any) -> Iterator[Filed]:
    made = filed(in_tenant)
    made.claim()
    return made


def take(out: Filed, text: str, *, at: datetime = NOW) -> AnswerFile:
    return take_answer(by=system_seat(out.organization), at=at, name="era.835", content=text.encode())


def posted() -> Decimal:
    return RemittanceClaim.objects.aggregate(sum=Sum("paid"))["sum"] or Decimal(0)


# Once


def test_the_same_payment_resent_with_another_status_is_posted_once(out: Filed) -> None:
    take(out, PLAIN)
    again = take(out, remittance(payment(paid_claim(status="19"))))
    assert (again.summary["payments"], len(again.summary["known"]), posted()) == (0, 1, Decimal("145.00"))


def test_a_payment_hashed_with_its_status_is_known_under_another_one(
    out: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(answer_posting, "content_sha256", content_with_status)
        take(out, PLAIN)
        nothing = "CLP*ELSE*4*290*0~CAS*CO*16*290~"
        take(out, remittance(payment(nothing, total="0", trace="NONPAY")))
    assert take(out, remittance(payment(paid_claim(status="19")))).summary["payments"] == 0
    assert (
        take(out, remittance(payment(nothing, total="0", trace="NONPAY"), number="000000009")).summary["payments"] == 0
    )
    other = payment(paid_claim(), total="95.00", after="PLB*1234567893*20261231*WO:X*50.00~")
    assert take(out, remittance(other)).summary["payments"] == 1
    assert take(out, remittance(payment(paid_claim("ELSEWHERE")))).summary["payments"] == 1
    assert posted() == Decimal("435.00")


def made_on(day: str, trace: str = "EFT100", sent_on: str = "") -> str:
    """An 835 that says when its file was made, and perhaps not when it paid."""
    body = payment(paid_claim(), paid_on=sent_on, trace=trace)
    return remittance(body.replace("N1*PR", f"DTM*405*{day}~N1*PR"))


def test_a_payment_made_into_a_file_again_a_week_later_is_posted_once(out: Filed) -> None:
    assert take(out, made_on("20260320")).summary["payments"] == 1
    assert take(out, made_on("20260327")).summary["payments"] == 0
    assert take(out, remittance(payment(paid_claim(), paid_on=""))).summary["payments"] == 0
    assert list(Remittance.objects.values_list("paid_on", flat=True)) == [date(2026, 3, 20)]


def test_a_payment_that_says_when_it_was_made_and_then_when_it_paid_is_posted_once(out: Filed) -> None:
    """Also the other way round, and where two of its files say two days."""
    for trace, first in (("A", ""), ("B", "20260322")):
        assert take(out, made_on("20260320", trace=trace, sent_on=first)).summary["payments"] == 1
        for later in ("20260322", "20260323", ""):
            assert take(out, made_on("20260321", trace=trace, sent_on=later)).summary["payments"] == 0
    assert posted() == Decimal("290.00")
    other = made_on("20260320", trace="A", sent_on="20260322").replace(CONTROL, "ELSEWHERE")
    assert take(out, other).summary["payments"] == 1


def test_payments_of_nothing_and_those_without_a_trace_number_are_told_apart_by_their_day_of_payment(
    out: Filed,
) -> None:
    """Not by the day on which their file was made: a denial made into a file again is the same one."""
    nothing = payment("CLP*ELSE*4*290*0~CAS*CO*16*290~", total="0", trace="NONPAY", paid_on="")

    def denied(made: str, sent_on: str = "") -> str:
        of_day = nothing.replace("CHK~", f"ACH************{sent_on}~") if sent_on else nothing
        return remittance(of_day.replace("N1*PR", f"DTM*405*{made}~N1*PR"))

    for first, again, anew in (
        (denied("20260320"), denied("20260327"), denied("20260327", "20260401")),
        (made_on("20260320", trace=""), made_on("20260327", trace=""), made_on("20260320", "", "20260321")),
    ):
        assert [take(out, text).summary["payments"] for text in (first, again, anew)] == [1, 0, 1]
    assert posted() == Decimal("290.00")


def test_claims_of_several_payments_are_looked_for_at_once(out: Filed) -> None:
    BillingProviderFactory(organization=out.organization, npi=OURS, tax_id="84-1234567")

    def looked(*traces: str) -> list[int]:
        bodies = [to(STRANGERS, control=CONTROL.replace("-", ""), trace=trace) for trace in traces]
        with CaptureQueriesContext(connection) as ran:
            assert take(out, remittance(*bodies)).summary["payments"] == len(traces)
        asked = [one["sql"] for one in ran.captured_queries if 'FROM "billing_claim' in one["sql"]]
        return [len([sql for sql in asked if word in sql]) for word in ('"control_number" IN', '"billing_claimline"')]

    assert looked("T1", "T2", "T3") == looked("T4")
    assert set(RemittanceClaim.objects.values_list("claim__control_number", flat=True)) == {CONTROL}


def test_a_day_far_ahead_is_not_known_and_noted(out: Filed) -> None:
    """In an answer that is corrected later the payment is still the same."""
    file = take(out, remittance(payment(paid_claim(), paid_on="20991231")))
    note = "Payment 1 says that it was paid on December 31, 2099, more than a month ahead: its day counts as not known."
    assert (Remittance.objects.get().paid_on, file.summary["notes"]) == (None, [note])
    assert take(out, PLAIN).summary["payments"] == 0
    ahead = f"{NOW + timedelta(days=31):%Y%m%d}"
    take(out, remittance(payment(paid_claim("B"), paid_on=ahead, trace="EFT2")))
    assert Remittance.objects.get(trace_number="EFT2").paid_on == (NOW + timedelta(days=31)).date()


def test_an_acknowledgement_far_ahead_does_not_count_for_ever(out: Filed) -> None:
    file = take(out, acknowledged_claims(claim_said(CONTROL, "A3:21").replace("20260303", "20990303")))
    one = Acknowledgement.objects.get(reference=CONTROL)
    note = "An acknowledgement says March 3, 2099 as its day, more than a month ahead: its day counts as not known."
    assert (one.said_on, file.summary["notes"]) == (None, [note])


# Whom it is to


def to(npi: str, tax: str = "", *, control: str = "NOBODYS", trace: str = "EFT100") -> str:
    """The body of a payment to a payee of these numbers."""
    said = f"XX*{npi}~" + (f"REF*TJ*{tax}~" if tax else "")
    return payment(paid_claim(control), trace=trace).replace("XX*1234567893~", said)


@pytest.fixture
def known(out: Filed) -> Filed:
    """An organization that said who files."""
    BillingProviderFactory(organization=out.organization, npi=OURS, tax_id="84-1234567")
    ClinicFactory(organization=out.organization, npi=CLINICS)
    TreatingClinicianFactory(organization=out.organization, npi=CLINICIANS)
    return out


def test_a_payment_to_another_provider_is_refused_and_nothing_of_it_kept(known: Filed) -> None:
    with pytest.raises(AnswerUnreadable) as caught:
        take(known, remittance(to(STRANGERS, "999999999")))
    assert str(caught.value) == (
        f"This payment is to another provider, MAPLE GROVE (NPI {STRANGERS}): none of its numbers is yours, and none of"
        " its claims left from here. Nothing was taken over. If this payee is you, record its NPI at its clinic or"
        " under Filing first."
    )
    assert (AnswerFile.objects.count(), RemittanceClaim.objects.count()) == (0, 0)


def test_what_is_to_us_by_any_of_our_numbers_is_read(known: Filed) -> None:
    for place, (npi, tax) in enumerate(
        [(OURS, ""), (CLINICS, "999999999"), (CLINICIANS, "999999999"), (STRANGERS, "841234567")]
    ):
        file = take(known, remittance(to(npi, tax, trace=f"T{place}")))
        assert (file.state, file.summary["payments"], file.summary["notes"]) == ("read", 1, [])
    assert list(Remittance.objects.order_by("id").values_list("payee_name", "payee_npi")) == [
        ("MAPLE GROVE", npi) for npi in (OURS, CLINICS, CLINICIANS, STRANGERS)
    ]


def test_of_several_payments_those_to_others_are_left_out_and_noted(known: Filed) -> None:
    file = take(
        known,
        remittance(
            to(STRANGERS, "999999999", trace="T1"),
            to(STRANGERS, "999999999", control=CONTROL, trace="T2"),
            to(STRANGERS, trace="T3"),
        ),
    )
    name, left_out = f"MAPLE GROVE (NPI {STRANGERS})", "nothing of it was taken over"
    assert (file.summary["payments"], file.summary["notes"]) == (
        2,
        [
            f"Payment 1 is to another provider, {name}, and none of its claims left from here: {left_out}.",
            f"Payment 2 is to {name}, whose numbers are not among yours; 1 of its claims is yours.",
            f"Payment 3 is to {name}, whose numbers are not among yours; it may be yours all the same.",
        ],
    )
    assert list(Remittance.objects.order_by("position").values_list("trace_number", flat=True)) == ["T2", "T3"]


def test_who_said_nothing_of_filing_cannot_tell_and_another_organizations_claims_are_nobodys(out: Filed) -> None:
    assert take(out, remittance(to(STRANGERS, "999999999"))).summary["payments"] == 1
    other = OrganizationFactory()
    with tenant(other):
        filed(other).claim("00001-00009-OTHERS")
    BillingProviderFactory(organization=out.organization, npi=OURS)
    with pytest.raises(AnswerUnreadable, match="to another provider"):
        take(out, remittance(to(STRANGERS, "999999999", control="00001-00009-OTHERS")))


def test_a_long_payment_to_another_provider_is_refused_by_the_job(
    known: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "AT_ONCE_BYTES", 10)
    file = take(known, remittance(to(STRANGERS, "999999999")))
    read_kept_answer(by=system_seat(known.organization), at=NOW, file_id=file.id)
    file.refresh_from_db()
    assert (file.state, file.refusal[:38], Remittance.objects.count()) == (
        "refused",
        "This payment is to another provider, M",
        0,
    )


# What is kept to find claims and lines


def test_of_a_claim_that_is_not_known_what_finds_it_is_kept(out: Filed) -> None:
    text = acknowledged_claims(
        claim_said("ALTERED", "A3:21", lines="DTP*472*D8*20260228~"), claim_said(CONTROL, "A3:21")
    )
    take(out, text)
    found = Acknowledgement.objects.order_by("position")
    names = {"patient": "ABARA, JO", "patient_number": "1EG4TE5MK73"}
    assert [(one.is_of_claim, one.names, one.service_on, one.charge) for one in found] == [
        (False, {}, None, None),
        (True, names, date(2026, 2, 28), Decimal("290.00")),
        (True, {}, None, Decimal("290.00")),
    ]


def test_a_line_of_which_the_payer_made_another_procedure_is_found_by_what_was_asked(out: Filed) -> None:
    """Also where the other procedure is one that the claim has beside it."""
    lines = (
        "SVC*HC:99494*170*145**1*HC:99492~CAS*CO*45*25~SVC*HC:99493*120*0**1*HC:99494~CAS*CO*97*120~"
        "SVC*HC:99494*0*0**1*HC:99490~"
    )
    take(out, remittance(payment(f"CLP*{CONTROL}*1*290*145~{lines}")))
    rows = RemittanceLine.objects.order_by("position").values_list("code", "claim_line__code")
    assert list(rows) == [("99494", "99492"), ("99493", "99494"), ("99494", "99494")]


# Jobs and races


def test_a_file_whose_job_is_gone_is_queued_again(out: Filed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "AT_ONCE_BYTES", 10)
    file = take(out, PLAIN)
    take(out, PLAIN)
    assert Job.objects.count() == 1
    Job.objects.update(state="dead", attempts=5)
    again = take(out, PLAIN, at=NOW + timedelta(days=1))
    queued = Job.objects.get(state="queued")
    assert (again.id, again.state, again.job_id, Job.objects.count()) == (file.id, "reading", queued.id, 2)
    Job.objects.all().delete()
    take(out, PLAIN)
    assert Job.objects.count() == 1


def _chosen(*texts: str) -> list[Chosen]:
    return [Chosen(f"{place}.835", text.encode) for place, text in enumerate(texts)]


OTHER = remittance(payment(paid_claim("ELSEWHERE"), trace="EFT101"), number="000000008")


def test_files_chosen_together_are_locked_in_one_order(out: Filed) -> None:
    """Two who choose the same files in opposite orders would wait for each other for ever."""
    by, seen = system_seat(out.organization), []
    for texts in ((PLAIN, OTHER), (OTHER, PLAIN)):
        with CaptureQueriesContext(connection) as ran:
            taken = take_answers(by=by, at=NOW, chosen=_chosen(*texts))
        seen.append([one["sql"] for one in ran.captured_queries if "_xact_lock" in one["sql"]][:2])
        assert [one.state for one in taken] == ["read", "read"]
    assert seen[0] == seen[1]
    assert len({*seen[0]}) == 2
    assert [one.known_at for one in taken] == [NOW, NOW]


@pytest.mark.django_db(transaction=True)
def test_many_choose_the_same_files_in_opposite_orders(organization: Any) -> None:
    with tenant(organization):
        filed(organization).claim()
    orders = [(PLAIN, OTHER), (OTHER, PLAIN)] * 3

    def chooser(texts: tuple[str, ...]) -> Any:
        return lambda: take_answers(by=system_seat(organization), at=NOW, chosen=_chosen(*texts))

    for taken in at_once(organization, [chooser(texts) for texts in orders]):
        assert [one.fault for one in taken] == ["", ""]
    with tenant(organization):
        assert (AnswerFile.objects.count(), posted()) == (2, Decimal("290.00"))
