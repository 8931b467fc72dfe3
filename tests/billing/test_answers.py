"""Answers find their batch, claim and line, post once or not at all, and leave the rest to a person."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import read
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from billing.models import (
    Acknowledgement,
    Adjustment,
    AnswerFile,
    Denial,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from billing.operations import answers
from billing.operations.answer_matching import (
    MatchedAlready,
    SetAsideWhy,
    match_acknowledgement,
    match_claim,
    set_claim_aside,
)
from billing.operations.answers import (
    KEPT_FOR,
    AnswerUnreadable,
    discard_old_answers,
    read_kept_answer,
    take_answer,
)
from billing.queries.answer_candidates import recent_files
from billing.queries.answers_waiting import unmatched_count
from billing.rules.x12.answers import quietly
from billing.tasks import read_long_answer
from tests.billing.filed import CONTROL, Filed, candidates, filed
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW, OrganizationFactory
from tests.rules.billing.answer_texts import (
    acknowledged_claims,
    acknowledged_file,
    claim_said,
    corrected_claim,
    enveloped,
    paid_claim,
    payment,
    remittance,
    reversed_claim,
)

pytestmark = pytest.mark.django_db
PLAIN = remittance(payment(paid_claim()))


@pytest.fixture
def out(in_tenant: Any) -> Iterator[Filed]:
    return filed(in_tenant)


def take(out: Filed, text: str, *, at: Any = NOW, name: str = "era.835") -> AnswerFile:
    return take_answer(by=system_seat(out.organization), at=at, name=name, content=text.encode())


def rows() -> dict[str, int]:
    kinds = (AnswerFile, StoredFile, Acknowledgement, Remittance, RemittanceClaim, RemittanceLine, Adjustment, Denial)
    return {kind.__name__: kind.objects.count() for kind in kinds}


def posted() -> Decimal:
    return RemittanceClaim.objects.aggregate(sum=Sum("paid"))["sum"] or Decimal(0)


# Posting


def test_a_payment_is_posted_on_its_claim_and_lines(out: Filed) -> None:
    claim = out.claim()
    file = take(out, PLAIN)
    assert (file.state, file.kind, file.summary["claims"], file.summary["paid"]) == ("read", "835", 1, "145.00")
    remit = Remittance.objects.get()
    assert (remit.payer_name, remit.trace_number, remit.total) == ("MEDICARE PART B", "EFT100", Decimal("145.00"))
    row = RemittanceClaim.objects.get()
    assert (row.claim_id, row.charge, row.paid, row.payer_claim_number) == (claim.id, 290, 145, "ICN900")
    lines = RemittanceLine.objects.order_by("position")
    assert [line.claim_line.code if line.claim_line else "" for line in lines] == ["99492", "99494"]
    less = Adjustment.objects.order_by("position").values_list("group", "reason", "amount", "remittance_line_id")
    assert list(less) == [("CO", "45", 25, lines[0].id), ("CO", "97", 120, lines[1].id)]
    denial = Denial.objects.get()
    assert (denial.claim_id, denial.reason, denial.amount) == (claim.id, "97", 120)
    assert read(file.stored_file) == PLAIN.encode()
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == ["answer.read", "denials.opened"]


def test_the_same_bytes_a_second_time_change_nothing(out: Filed) -> None:
    out.claim()
    first = take(out, PLAIN)
    before = rows()
    again = take(out, PLAIN, at=NOW + timedelta(days=1), name="other.835")
    assert (again.id, again.received_at, rows()) == (first.id, NOW, before)


def test_the_same_payment_in_another_envelope_is_not_posted_again(out: Filed) -> None:
    out.claim()
    first = take(out, PLAIN)
    before = rows()
    again = take(out, "\ufeff" + remittance(payment(paid_claim()), number="000000099").replace("~", "~\n"))
    assert again.id != first.id
    assert again.summary["known"] == [{"remittance_id": str(Remittance.objects.get().id), "file_id": str(first.id)}]
    assert rows() == {**before, "AnswerFile": 2, "StoredFile": before["StoredFile"] + 1}


def test_without_a_trace_number_the_same_payment_is_known_by_its_claims(out: Filed) -> None:
    out.claim()
    untraced = remittance(payment(paid_claim(), trace="", paid_on=""))
    take(out, untraced)
    assert take(out, untraced.replace("~", "~\n")).summary["payments"] == 0
    other = remittance(payment(paid_claim(CONTROL + "X"), trace="", paid_on=""))
    assert take(out, other).summary["payments"] == 1
    assert posted() == Decimal("290.00")


NOTHING_PAID = "CLP*{}*4*290*0**MB*ICN900~SVC*HC:99492*170*0**1~CAS*CO*{}*170~SVC*HC:99494*120*0**1~CAS*CO*97*120~"


def test_payments_of_nothing_share_their_trace_number(out: Filed) -> None:
    """Each is posted, and each once: on one day, on several, in whatever envelope."""
    out.claim()
    out.claim("00001-00002-OTHERS")
    first, second, anew = (
        payment(NOTHING_PAID.format(control, reason), total="0", trace="NONPAY")
        for control, reason in ((CONTROL, "16"), ("00001-00002-OTHERS", "16"), (CONTROL, "97"))
    )
    for body in (first, second, anew, first.replace("20260320", "20260321")):
        assert take(out, remittance(body)).summary["payments"] == 1
        assert take(out, remittance(body, number="000000099").replace("~", "~\n")).summary["payments"] == 0
    assert [row.trace_number for row in Remittance.objects.all()] == ["NONPAY"] * 4
    assert Denial.objects.filter(claim__control_number="00001-00002-OTHERS").count() == 2


def test_the_same_money_for_other_reasons_is_not_paid_twice(out: Filed) -> None:
    out.claim()
    take(out, PLAIN)
    again = take(out, PLAIN.replace("CAS*CO*45*25.00", "CAS*PI*45*25.00"))
    assert (again.summary["payments"], len(again.summary["known"]), posted()) == (0, 1, Decimal("145.00"))
    other = take(out, remittance(payment(paid_claim("ELSEWHERE"))))
    assert (other.summary["payments"], posted()) == (1, Decimal("290.00"))


@pytest.mark.parametrize("text", [PLAIN, remittance(payment(NOTHING_PAID.format(CONTROL, "16"), total="0", trace="0"))])
def test_a_payment_that_was_posted_before_contents_were_kept_is_known(
    out: Filed, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.claim()
    with monkeypatch.context() as before:
        before.setattr("billing.operations.answer_posting.content_sha256", lambda payment: "")
        take(out, text)
    assert Remittance.objects.get().content_sha256 == ""
    assert take(out, text.replace("~", "~\n")).summary["payments"] == 0


def test_remarks_of_the_whole_claim_are_kept(out: Filed) -> None:
    out.claim()
    take(out, PLAIN.replace("SVC*HC:99492", "MOA***MA01*N20**MA01~SVC*HC:99492").replace("SE*19*", "SE*20*"))
    assert RemittanceClaim.objects.get().remarks == ["MA01", "N20"]
    inpatient = paid_claim("B").replace("SVC*HC:99492", f"MIA*0****MA18{'*' * 15}M15~SVC*HC:99492", 1)
    take(out, remittance(payment(inpatient, trace="EFT9")))
    assert RemittanceClaim.objects.get(control_number="B").remarks == ["MA18", "M15"]


def test_two_interchanges_of_one_file_are_both_posted_and_a_doubled_one_once(out: Filed) -> None:
    out.claim()
    other = remittance(payment(paid_claim("ELSEWHERE"), trace="EFT101"), number="000000008")
    file = take(out, PLAIN + other + PLAIN)
    assert (file.summary["payments"], len(file.summary["known"]), posted()) == (2, 1, Decimal("290.00"))


def test_reversals_and_corrections_negate_and_denials_follow(out: Filed) -> None:
    out.claim()
    take(out, PLAIN)
    take(out, remittance(payment(reversed_claim(), corrected_claim(), total="55.00", trace="EFT200")))
    assert [row.paid for row in RemittanceClaim.objects.order_by("id")] == [145, -145, 200]
    assert (posted(), Denial.objects.get().state) == (Decimal("200.00"), "paid")


def test_what_does_not_add_up_posts_nothing_and_may_be_tried_again(out: Filed) -> None:
    out.claim()
    wrong = PLAIN + remittance(payment(paid_claim("B"), total="1.00", trace="EFT101"), number="000000008")
    file = take(out, wrong)
    assert file.state == "refused"
    assert file.refusal == (
        "Payment 2 does not add up: its 1 claim was paid $145.00, but its total is $1.00. Nothing was posted. Ask the "
        "payer for a corrected file."
    )
    before = rows()
    assert (before["Remittance"], before["Acknowledgement"], before["Denial"]) == (0, 0, 0)
    assert (take(out, wrong, at=NOW + timedelta(hours=1)).id, rows()) == (file.id, before)
    both = remittance(payment(paid_claim(), total="1.00"), payment(paid_claim("B"), total="2.00", trace="EFT101"))
    assert take(out, both).refusal == (
        "Payment 1 does not add up: its 1 claim was paid $145.00, but its total is $1.00. 1 more does not add up "
        "either. Nothing was posted. Ask the payer for a corrected file."
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\x89PNG\r\n", "The file is a picture"),
        (enveloped("270", "005010X279A1", "BHT*0022~").encode(), "The file holds a 270"),
        (PLAIN[: len(PLAIN) // 2].encode(), "The file is cut off in the middle of segment"),
        (PLAIN[:-300].encode(), "The file is cut off"),
    ],
)
def test_what_cannot_be_read_keeps_nothing(out: Filed, content: bytes, sentence: str) -> None:
    before = rows()
    with pytest.raises(AnswerUnreadable) as caught:
        take_answer(by=system_seat(out.organization), at=NOW, name="x", content=content)
    assert (str(caught.value)[: len(sentence)], rows()) == (sentence, before)


def test_lines_without_a_number_are_found_by_their_code(out: Filed) -> None:
    out.claim()
    text = PLAIN.replace(f"REF*6R*{CONTROL}-1~", "").replace(f"REF*6R*{CONTROL}-2~", "REF*6R*WRONG~")
    take(out, text.replace("SE*19*", "SE*18*"))
    found = RemittanceLine.objects.order_by("position").values_list("claim_line__code", flat=True)
    assert list(found) == ["99492", "99494"]


def test_another_organizations_claims_are_simply_unknown(out: Filed) -> None:
    other = OrganizationFactory()
    with tenant(other):
        filed(other).claim("00001-00009-OTHERS", family_name="Secretperson")
    file = take(out, remittance(payment(paid_claim("00001-00009-OTHERS", name="DOE*JANE"))))
    row = RemittanceClaim.objects.get()
    assert (file.state, row.claim_id, row.names["patient"], unmatched_count(out.organization.id)) == (
        "read",
        None,
        "DOE, JANE",
        1,
    )
    assert candidates(row, words="Secretperson") == []


# Acknowledgements


def test_a_999_finds_its_batch_by_the_interchange(out: Filed) -> None:
    take(out, acknowledged_file("R", faults="IK3*CLM*19**8~IK4*5:1*1331*7*98~"))
    one = Acknowledgement.objects.get()
    assert (one.batch_id, one.is_accepted, one.code) == (out.batch.id, False, "R")
    assert one.detail == [{"code": "7", "segment": "CLM", "position": "19", "element": "5:1"}]


@pytest.mark.parametrize(
    "text",
    [
        acknowledged_file(group="8"),
        acknowledged_file(kind="HS"),
        acknowledged_file().replace("COCMSUB01 ", "SOMEBODY  "),
        acknowledged_file(group="SEVEN"),
        acknowledged_claims(batch="BATCH000009"),
        acknowledged_claims(batch="7"),
    ],
    ids=["number", "kind", "addressee", "no number", "batch", "no batch"],
)
def test_of_anybody_elses_file_it_waits(out: Filed, text: str) -> None:
    take(out, text)
    assert (Acknowledgement.objects.get().batch_id, unmatched_count(out.organization.id)) == (None, 1)


def test_a_file_acknowledgement_without_an_envelope_is_taken_at_its_word(out: Filed) -> None:
    text = acknowledged_file()
    take(out, text[text.index("ST*") : text.index("GE*")])
    assert Acknowledgement.objects.get().batch_id == out.batch.id


def test_a_277ca_finds_batch_and_claims(out: Filed) -> None:
    claim = out.claim()
    take(out, acknowledged_claims(claim_said(CONTROL, "A3:21", number="ICN1"), claim_said("NOBODY", "A2:20")))
    found = Acknowledgement.objects.order_by("position")
    assert [(one.batch_id, one.claim_id, one.is_accepted) for one in found] == [
        (out.batch.id, None, True),
        (None, claim.id, False),
        (None, None, True),
    ]
    assert (found[1].payer_claim_number, unmatched_count(out.organization.id)) == ("ICN1", 1)


# Jobs and time


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few lines count as long."""
    monkeypatch.setattr(answers, "AT_ONCE_BYTES", len(PLAIN))


LONG = remittance(payment(paid_claim(), *[paid_claim(f"X{at}") for at in range(5)], total="870.00"))


def test_a_long_file_is_read_by_a_job(out: Filed, short: None) -> None:
    out.claim()
    file = take(out, LONG)
    assert (file.state, Remittance.objects.count(), Job.objects.get().kind) == ("reading", 0, "read_answer")
    told: list[int] = []
    read_kept_answer(
        by=system_seat(out.organization), at=NOW, file_id=file.id, progress=lambda done, total: told.append(done)
    )
    file.refresh_from_db()
    assert (file.state, file.summary["claims"], told) == ("read", 6, [5, 40, 100])
    before = rows()
    read_kept_answer(by=system_seat(out.organization), at=NOW, file_id=file.id)
    assert rows() == before
    assert take(out, LONG).id == file.id


def test_the_worker_reads_it_with_the_seat_that_chose_it(out: Filed, short: None) -> None:
    file = take(out, LONG)
    job = Job.objects.get()
    read_long_answer(Run(job.id, out.organization.id, job.arguments, job.owner_id, NOW, quietly))
    file.refresh_from_db()
    assert (file.state, file.summary["claims"]) == ("read", 6)


def test_a_long_file_that_is_none_is_refused_by_the_job(out: Filed, short: None) -> None:
    by = system_seat(out.organization)
    file = take(out, LONG[:-200])
    read_kept_answer(by=by, at=NOW, file_id=file.id)
    file.refresh_from_db()
    assert (file.state, file.refusal.startswith("The file is cut off"), posted()) == ("refused", True, 0)
    again = take(out, LONG[:-200])
    assert (again.id, again.state) == (file.id, "reading")
    with pytest.raises(AnswerUnreadable, match="picture"):
        take_answer(by=by, at=NOW, name="x", content=b"\x89PNG" + LONG.encode())


def test_bytes_are_kept_for_their_time_and_what_they_said_for_good(out: Filed) -> None:
    out.claim()
    file = take(out, PLAIN)
    by = system_seat(out.organization)
    assert discard_old_answers(by=by, at=NOW + KEPT_FOR - timedelta(days=1)) == 0
    assert discard_old_answers(by=by, at=NOW + KEPT_FOR) == 1
    assert (StoredFile.objects.get(id=file.stored_file_id).sealed, RemittanceClaim.objects.count()) == (b"", 1)
    assert take(out, PLAIN, at=NOW + KEPT_FOR).id == file.id


# By hand


def unknown_payment(out: Filed) -> RemittanceClaim:
    take(out, remittance(payment(paid_claim("0007-0001"))))
    return RemittanceClaim.objects.get()


def test_a_person_finds_the_claim_and_its_lines_and_denials_follow(out: Filed) -> None:
    claim, by = out.claim(), system_seat(out.organization)
    out.claim("00001-00002-OTHERS", family_name="Zebra")
    row = unknown_payment(out)
    likely = candidates(row)
    assert (len(likely), likely[0].id) == (2, claim.id)
    assert likely[0].shares == ("name", "first name", "day", "codes", "charge")
    match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=claim.id)
    row.refresh_from_db()
    assert (row.claim_id, row.matched_at, row.matched_by_id) == (claim.id, NOW, by.id)
    lines = RemittanceLine.objects.order_by("position").values_list("claim_line__code", flat=True)
    assert (list(lines), Denial.objects.get().claim_id) == (["99492", "99494"], claim.id)
    before = rows()
    match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=claim.id)
    assert (rows(), unmatched_count(out.organization.id)) == (before, 0)
    event = AuditEvent.objects.get(action="answer.matched")
    assert (event.patient_id, event.object_id) == (claim.patient_id, row.id)


def test_it_is_said_once(out: Filed) -> None:
    claim, other, by = out.claim(), out.claim("00001-00002-OTHERS"), system_seat(out.organization)
    row = unknown_payment(out)
    match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=claim.id)
    with pytest.raises(MatchedAlready, match="Nothing was changed"):
        match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=other.id)
    with pytest.raises(MatchedAlready):
        set_claim_aside(by=by, at=NOW, remittance_claim_id=row.id, because="Not ours")


def test_what_is_set_aside_says_why(out: Filed) -> None:
    claim, by = out.claim(), system_seat(out.organization)
    row = unknown_payment(out)
    with pytest.raises(SetAsideWhy, match="in a few words"):
        set_claim_aside(by=by, at=NOW, remittance_claim_id=row.id, because="  ")
    for _ in range(2):
        set_claim_aside(by=by, at=NOW, remittance_claim_id=row.id, because=" Filed elsewhere ")
    row.refresh_from_db()
    assert (row.set_aside_because, row.names, unmatched_count(out.organization.id)) == ("Filed elsewhere", {}, 0)
    assert AuditEvent.objects.filter(action="answer.set_aside").count() == 1
    with pytest.raises(MatchedAlready):
        match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=claim.id)


@pytest.mark.parametrize("which", ["batch", "claim", "neither"])
def test_an_acknowledgement_is_matched_by_hand(out: Filed, which: str) -> None:
    claim, by = out.claim(), system_seat(out.organization)
    take(out, acknowledged_file(group="99"))
    row = Acknowledgement.objects.get()
    assert recent_files(out.organization.id) == [(out.batch.id, "Batch 7, February 2026")]
    none: dict[str, Any] = {"because": "Filed elsewhere"}
    chosen: dict[str, Any] = {"batch": {"batch_id": out.batch.id}, "claim": {"claim_id": claim.id}}.get(which, none)
    for _ in range(2):
        match_acknowledgement(by=by, at=NOW, acknowledgement_id=row.id, **chosen)
    row.refresh_from_db()
    assert (row.batch_id, row.claim_id, row.matched_at) == (chosen.get("batch_id"), chosen.get("claim_id"), NOW)
    assert row.set_aside_because == chosen.get("because", "")
    assert unmatched_count(out.organization.id) == 0
    another: dict[str, UUID] = {"claim_id": claim.id} if which == "batch" else {"batch_id": out.batch.id}
    with pytest.raises(MatchedAlready):
        match_acknowledgement(by=by, at=NOW, acknowledgement_id=row.id, **another)


def test_an_acknowledgement_that_is_set_aside_says_why(out: Filed) -> None:
    take(out, acknowledged_file(group="99"))
    row = Acknowledgement.objects.get()
    with pytest.raises(SetAsideWhy, match="in a few words"):
        match_acknowledgement(by=system_seat(out.organization), at=NOW, acknowledgement_id=row.id, because=" ")
    assert unmatched_count(out.organization.id) == 1


def test_absent_and_foreign_objects_are_not_found(out: Filed) -> None:
    claim, by = out.claim(), system_seat(out.organization)
    row = unknown_payment(out)
    take(out, acknowledged_file(group="99"))
    said = Acknowledgement.objects.get()
    other = OrganizationFactory()
    with tenant(other):
        theirs = filed(other).claim("00001-00009-OTHERS")
        their_batch = theirs.batch_id
    for missing in (uuid4(), theirs.id):
        with pytest.raises(NotFound):
            match_claim(by=by, at=NOW, remittance_claim_id=row.id, claim_id=missing)
        with pytest.raises(NotFound):
            match_acknowledgement(by=by, at=NOW, acknowledgement_id=said.id, claim_id=missing)
    for act in (
        lambda: match_acknowledgement(by=by, at=NOW, acknowledgement_id=said.id, batch_id=their_batch),
        lambda: match_claim(by=by, at=NOW, remittance_claim_id=uuid4(), claim_id=claim.id),
        lambda: match_acknowledgement(by=by, at=NOW, acknowledgement_id=uuid4()),
        lambda: read_kept_answer(by=by, at=NOW, file_id=uuid4()),
    ):
        with pytest.raises(NotFound):
            act()


def test_claims_are_found_by_what_a_person_remembers(out: Filed) -> None:
    out.claim(family_name="Abara")
    row = unknown_payment(out)
    found = {
        words: [one.name for one in candidates(row, words=words)]
        for words in ("aba", "Abara, Jo", "00001-0", "a", " , ", "Nobody")
    }
    assert found == {"aba": [CONTROL], "Abara, Jo": [CONTROL], "00001-0": [CONTROL], "a": [], " , ": [], "Nobody": []}


def test_a_member_number_speaks_for_a_claim(out: Filed) -> None:
    out.claim(
        family_name="Renamed", content={"claim": {"insured": {"member_id": "1EG4TE5MK73"}}}, service_on=NOW.date()
    )
    (one,) = candidates(unknown_payment(out))
    assert one.shares == ("first name", "member number", "codes", "charge")


# Whatever comes


_TRACES = count(1)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 9_000)), min_size=1, max_size=5))
def test_posting_conserves_money(out: Filed, claims: list[tuple[int, int]]) -> None:
    """What was posted grows by the payment's total, to the cent."""
    trace = f"T{next(_TRACES)}"
    bodies = [
        f"CLP*{trace}-{at}*1*{Decimal(one + less) / 100}*{Decimal(one) / 100}~CAS*CO*45*{Decimal(less) / 100}~"
        for at, (one, less) in enumerate(claims)
    ]
    total = Decimal(sum(one for one, _ in claims)) / 100
    before = posted()
    file = take(out, remittance(payment(*bodies, total=str(total), trace=trace)))
    assert (file.state, posted() - before) == ("read", total)
