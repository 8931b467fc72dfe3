"""What a packet says of a month: as it was frozen, or as it stands; and that it says nothing it need not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from bhi.errors import NotFound
from bhi.web.pdf import Picture, pdf_of
from billing.models import BillingProvider, Claim
from billing.operations.closing import correct_month
from billing.operations.filing import make_filed_batches
from billing.operations.logos import set_logo
from billing.queries.packet_month import packet_month
from billing.rules.logos import read_logo
from billing.rules.packet import EntryOn, Excluded, PacketContent, PacketMonth, fingerprint, mark_of
from billing.tasks import packet_paper
from caseload.operations.timekeeping import void_time
from registry.models import Coverage
from registry.operations.coverages import void_coverage
from registry.operations.recording import Stamp, void_facts
from tests.billing.filing import closed, filed_patient, set_up
from tests.billing.people import AT, Program
from tests.billing.release_months import Months
from tests.billing.test_claims_of_closed_months import late_work
from tests.billing.test_filed_as_it_was import hand_over
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.claims import AcknowledgementFactory, AdjustmentFactory, RemittanceClaimFactory
from tests.factories.registry import DiagnosisFactory
from tests.rules.billing.test_logos import png

FEBRUARY = "2026-02"
LATER = AT + timedelta(hours=2)
# What a clinician wrote or a patient answered: never in a packet.
WORDS = ("Cried all morning", "Is it bipolar", "Raise sertraline", "suicidal")


def month_of(people: Program, episode: Any) -> PacketMonth:
    return packet_month(people.organization.id, FEBRUARY, episode.id)


def printed(people: Program, *months: PacketMonth, at: datetime = AT, **of: Any) -> bytes:
    return packet_paper(people.organization.id, PacketContent(months, **of), made_by="Ken Abara", at=at)


def words_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def counted(entries: Iterable[EntryOn]) -> list[tuple[int, int]]:
    return [(entry.seconds, entry.counted_seconds) for entry in entries]


def test_an_open_month_is_told_as_it_stands(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    made = month_of(lakeside, episode)
    assert (made.close, made.asks, made.minutes.minutes) == (None, (("99492", 1),), 40)
    assert [(one.form, one.is_time_known) for one in made.consents] == [("Verbal", True)]
    assert [(one.on, one.code, one.with_whom) for one in made.visits] == [
        (date(2026, 1, 19), "99214", "The billing practitioner")
    ]
    assert [(one.scale, one.on, one.total) for one in made.scores] == [("PHQ-9", date(2026, 2, 2), 16)]
    assert [(one.on, [two.kind for two in one.advice]) for one in made.reviews] == [(date(2026, 2, 2), ["Continue"])]
    assert [one.on for one in made.plans] == [date(2026, 2, 2)]
    assert [(one.who, one.credential, one.role) for one in made.entries] == [("Ken Abara", "RN", "Care manager")]
    words = words_of(printed(lakeside, made))
    assert "Not closed. What follows is as it was on record on Apr 3, 2026" in words
    assert "No claim was made for this month." in words


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_month_that_asks_nothing_of_a_payer_does_not_say_that_it_passed_its_checks(
    lakeside: Program, is_closed: bool
) -> None:
    set_up(lakeside)
    episode, passed = Months(lakeside).episode(), "Every release check passed."
    assert passed in words_of(printed(lakeside, month_of(lakeside, episode)))
    coverage = Coverage.objects.get(patient=episode.patient)
    void_coverage(by=lakeside.by, at=AT, coverage_id=coverage.id, reason="Never had it")
    if is_closed:
        closed(lakeside)
    made = month_of(lakeside, episode)
    assert (made.asks, made.refusal, made.close is not None) == ((), "No coverage on record", is_closed)
    words = words_of(printed(lakeside, made))
    assert (passed in words, "Nothing is asked of a payer here, so nothing was checked." in words) == (False, True)


@pytest.mark.parametrize("is_closed", [False, True])
def test_it_names_who_treated_in_the_month_not_who_treats_today(lakeside: Program, is_closed: bool) -> None:
    episode = filed_patient(lakeside)
    if is_closed:
        closed(lakeside)
    hand_over(lakeside, episode)
    assert month_of(lakeside, episode).heading.clinician == "Ana Rivera, MD"


def test_a_closed_month_is_told_as_it_was_frozen_and_what_came_later_beside_it(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    close = closed(lakeside)
    before = month_of(lakeside, episode)
    late_work(lakeside, episode, 60)
    after = month_of(lakeside, episode)
    assert after.entries == before.entries
    assert (after.asks, after.minutes) == (before.asks, before.minutes)
    assert after.close is not None
    assert [(one.kind, one.because) for one in after.close.late] != []
    correct_month(by=lakeside.by, at=LATER, close_id=close.id, episode_id=episode.id, because="Found on paper")
    corrected = month_of(lakeside, episode)
    assert corrected.minutes.minutes == 100
    assert corrected.minutes.remark == ""
    assert corrected.close is not None
    assert [(one.number, one.because) for one in corrected.close.rows] == [(1, ""), (2, "Found on paper")]
    words = words_of(printed(lakeside, corrected))
    assert "corrected for the last time on Apr 3, 2026" in words
    assert "Correction 2" in words


def test_an_entry_taken_back_before_the_close_is_told_with_its_reason(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    entry = lakeside.work(episode, 15, hour=20)
    void_time(by=lakeside.by, at=AT - timedelta(minutes=1), entry=entry, reason="Logged twice")
    made = packet_month(lakeside.organization.id, FEBRUARY, episode.id, tells_reasons=True)
    assert counted(made.entries) == [(2400, 2400)]
    assert [(one.seconds, one.because) for one in made.taken_back] == [(900, "Logged twice")]


def test_seconds_that_do_not_count_are_added_up_and_cut_at_the_month_s_end(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    lakeside.work(episode, 20, on=date(2026, 2, 1))  # before consent and enrolment
    lakeside.work(episode, 30, on=date(2026, 3, 1), hour=5)  # 11 pm of February 28 in Chicago
    lakeside.work(episode, 60, on=date(2026, 2, 20), hour=17, role="care_manager", activity="scheduling")
    straddling = lakeside.work(episode, 90, on=date(2026, 3, 1), hour=5)
    made = month_of(lakeside, episode)
    assert straddling.span.upper == datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
    assert counted(made.entries) == [(1200, 0), (2400, 2400), (3600, 0), (1800, 1800), (3600, 1800)]
    assert made.excluded == (
        Excluded("Scheduling", 3600),
        Excluded("The same minutes as another entry", 1800),
        Excluded("Before the program began", 1200),
    )
    assert made.minutes.logged_seconds == made.minutes.counted_seconds + sum(one.seconds for one in made.excluded)
    assert (made.minutes.minutes, made.minutes.remark) == (100, "")


def test_it_says_where_entries_and_the_frozen_month_disagree(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    closed(lakeside)
    from billing.models import FrozenMonth
    from billing.queries.packet_month import _of_frozen, _packet_month

    row = FrozenMonth.objects.select_related("close", "payer").get()
    basis = _of_frozen(row, episode, _people(lakeside))
    other = replace(basis, facts=replace(basis.facts, time=type(basis.facts.time)()))
    made = _packet_month(episode, FEBRUARY, other, _people(lakeside))
    assert made.minutes.remark == "The entries as they are on record come to 2400 seconds; what was frozen rests on 0."
    assert "Look at this. The entries as they are on record" in words_of(printed(lakeside, made))


def _people(people: Program) -> Any:
    from bhi.accounts.queries import people_of

    return people_of(people.organization.id)


def test_claims_and_answers_are_told_with_their_money(lakeside: Program) -> None:
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    make_filed_batches(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    claim = Claim.objects.get()
    of = {"organization": lakeside.organization}
    AcknowledgementFactory(**of, claim=None, batch=claim.batch, kind="999", code="A", said_on=date(2026, 4, 4))
    AcknowledgementFactory(**of, claim=claim, code="A1:19", said_on=date(2026, 4, 5))
    paid = RemittanceClaimFactory(**of, claim=claim, patient_owes=Decimal("20.00"))
    AdjustmentFactory(**of, remittance_claim=paid)
    RemittanceClaimFactory(**of, claim=claim, is_reversal=True, paid=Decimal("-125.65"), remittance__trace_number="")
    (told,) = month_of(lakeside, episode).claims
    assert (told.lines, told.charge) == ((("99492", 1), ("99494", 2)), Decimal("290.50"))
    assert [(one.kind, one.said, one.paid, one.adjustments) for one in told.answers] == [
        ("999", "Accepted (A)", None, ()),
        ("277CA", "Accepted (A1:19)", None, ()),
        ("835", f"Answered, payment {paid.remittance.trace_number}", Decimal("125.65"), (("CO-45", Decimal("44.35")),)),
        ("835", "Payment taken back", Decimal("-125.65"), ()),
    ]
    words = words_of(printed(lakeside, month_of(lakeside, episode)))
    assert all(one in words for one in ("control number", "$290.50", "CO-45 $44.35", "Payment taken back"))


def test_a_claim_in_a_test_file_is_none_and_the_one_in_earnest_is_told(lakeside: Program) -> None:
    set_up(lakeside)
    episode = filed_patient(lakeside)
    closed(lakeside)
    of: dict[str, Any] = {"by": lakeside.by, "at": AT, "month": FEBRUARY}
    BillingProvider.objects.update(is_test=True)
    make_filed_batches(**of, client_token=uuid4())
    assert month_of(lakeside, episode).claims == ()
    BillingProvider.objects.update(is_test=False)
    make_filed_batches(**of, client_token=uuid4())
    assert [one.batch for one in month_of(lakeside, episode).claims] == [2]


def test_nothing_that_somebody_wrote_or_answered_is_in_it(lakeside: Program) -> None:
    episode = filed_patient(lakeside)
    person = {"organization": lakeside.organization, "patient": episode.patient, "episode": episode}
    ContactFactory(**person, on=date(2026, 2, 12), note=WORDS[0], question=WORDS[1])
    review = CaseReviewFactory(**person, on=date(2026, 2, 17), summary=WORDS[3], impression=WORDS[3], question=WORDS[1])
    RecommendationFactory(organization=lakeside.organization, review=review, kind="medication", text=WORDS[2])
    words = words_of(printed(lakeside, month_of(lakeside, episode)))
    assert [one for one in WORDS if one in words] == []


def test_who_confirmed_a_diagnosis_is_told(lakeside: Program) -> None:
    episode = filed_patient(lakeside)
    DiagnosisFactory(
        organization=lakeside.organization,
        episode=episode,
        code="F41.1",
        rank=2,
        from_on=date(2026, 3, 1),
    )
    DiagnosisFactory(
        organization=lakeside.organization,
        episode=episode,
        code="F43.10",
        rank=3,
        confirmed_on=date(2026, 2, 9),
        confirmed_by=episode.treating_clinician,
        confirmed_how="Verbally",
    )
    made = packet_month(lakeside.organization.id, FEBRUARY, episode.id, tells_reasons=True)
    assert [(one.code, one.confirmed_by, one.confirmed_how) for one in made.diagnoses] == [
        ("F32.1", "", ""),
        ("F43.10", "Ana Rivera, MD", "Verbally"),
    ]


def test_an_enrolment_taken_back_is_told_as_it_was_until_then(lakeside: Program) -> None:
    episode = filed_patient(lakeside, minutes=40)
    close = closed(lakeside)
    void_facts([episode], stamp=Stamp(lakeside.by, LATER), reason="Never enrolled")
    correct_month(
        by=lakeside.by, at=LATER + timedelta(minutes=1), close_id=close.id, episode_id=episode.id, because="Not ours"
    )
    made = month_of(lakeside, episode)
    assert (made.asks, made.refusal, made.verdict) == ((), "The enrolment was taken back", None)
    assert counted(made.entries) == [(2400, 2400)]


def test_a_month_without_anything_says_so(lakeside: Program) -> None:
    nothing = ("coverage", "consent", "visit", "diagnosis", "care_plan", "score", "review")
    episode = lakeside.patient("Quiet", without=nothing)
    words = words_of(printed(lakeside, month_of(lakeside, episode)))
    assert words.count("None on record.") == 6
    assert "No minutes were logged." in words
    with pytest.raises(NotFound):
        packet_month(lakeside.organization.id, FEBRUARY, uuid4())


def test_the_same_facts_have_the_same_hash_and_others_another(lakeside: Program) -> None:
    episode = filed_patient(lakeside)
    first, again = (fingerprint(PacketContent((month_of(lakeside, episode),))) for _ in range(2))
    assert first == again
    lakeside.work(episode, 1, hour=3)
    assert fingerprint(PacketContent((month_of(lakeside, episode),))) != first


def test_each_page_is_headed_numbered_and_bears_the_hash(lakeside: Program) -> None:
    episode = filed_patient(lakeside)
    for hour in range(20):
        lakeside.work(episode, 10, on=date(2026, 2, 11 + hour // 2), hour=14 + 3 * (hour % 2))
    made = month_of(lakeside, episode)
    pdf = printed(lakeside, made)
    reader = PdfReader(BytesIO(pdf))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) == 2
    digest = fingerprint(PacketContent((made,)))
    for number, page in enumerate(pages, 1):
        assert "Lakeside Family Medicine Abara, Jo, February 2026" in page
        assert f"SHA-256: {digest}" in page
        assert page.endswith(f"Page {number} of 2")


def test_its_structure_can_be_read_aloud(lakeside: Program) -> None:
    lakeside_episode = filed_patient(lakeside)
    pdf = printed(lakeside, month_of(lakeside, lakeside_episode))
    reader = PdfReader(BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Evidence packet"  # names nobody
    kinds: dict[str, int] = {}
    _count(root["/StructTreeRoot"]["/K"], kinds)
    assert kinds["/H1"] == 1
    assert kinds["/H2"] == 10
    assert kinds["/TH"] > kinds["/Table"] > 6
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert mark_of(pdf) == fingerprint(PacketContent((month_of(lakeside, lakeside_episode),)))


def _count(node: Any, kinds: dict[str, int]) -> None:
    """How many elements of each kind a structure tree has."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            _count(one, kinds)
    elif isinstance(node, dict) and "/S" in node:
        kinds[node["/S"]] = kinds.get(node["/S"], 0) + 1
        _count(node.get("/K"), kinds)


def test_a_batch_has_a_list_in_each_part_and_a_logo(lakeside: Program) -> None:
    set_up(lakeside)
    set_logo(by=lakeside.by, at=AT, logo=read_logo(png()))
    abara, brook, cole = (month_of(lakeside, filed_patient(lakeside, name)) for name in ("Abara", "Brook", "Cole"))
    first = words_of(printed(lakeside, abara, brook, batch=7, part=1, parts=2))
    pdf = printed(lakeside, cole, batch=7, part=2, parts=2)
    second = words_of(pdf)
    assert "Lakeside Family Medicine Batch 7" in first
    assert "2 patients’ months, in the order of the batch; this is part 1 of 2." in first
    assert "1 patient’s month, in the order of the batch; this is part 2 of 2." in second
    assert ("Cole, Jo, February 2026" in first, "Cole, Jo, February 2026" in second) == (False, True)
    assert "Part 2 of 2" in second
    pages = PdfReader(BytesIO(pdf)).pages
    assert [len(page.images) for page in pages] == [1] * len(pages)


def test_reasons_as_written_are_for_those_who_may_see_the_chart(lakeside: Program) -> None:
    """Billing sees that there is a reason; what somebody wrote may be about the patient."""
    episode = filed_patient(lakeside, minutes=40)
    entry = lakeside.work(episode, 15, hour=20)
    void_time(by=lakeside.by, at=AT - timedelta(minutes=1), entry=entry, reason="Cried all morning, was another call")
    DiagnosisFactory(
        organization=lakeside.organization,
        episode=episode,
        code="F41.1",
        rank=2,
        confirmed_on=date(2026, 2, 9),
        confirmed_by=episode.treating_clinician,
        confirmed_how="Cried all morning",
    )
    plain = month_of(lakeside, episode)
    told = packet_month(lakeside.organization.id, FEBRUARY, episode.id, tells_reasons=True)
    assert [one.because for one in plain.taken_back] == ["Reason on record."]
    assert [one.because for one in told.taken_back] == ["Cried all morning, was another call"]
    assert [one.confirmed_how for one in plain.diagnoses] == ["", "how is on record"]
    assert [one.confirmed_how for one in told.diagnoses] == ["", "Cried all morning"]
    assert "Cried" not in words_of(printed(lakeside, plain))
    pages = words_of(printed(lakeside, told, tells_reasons=True))
    assert (pages.count("Cried all morning"), "With reasons as written" in pages) == (2, True)
    assert fingerprint(PacketContent((plain,))) != fingerprint(PacketContent((told,), tells_reasons=True))


def test_a_picture_that_was_not_given_is_not_fetched() -> None:
    context = {"content": PacketContent(())}
    assert pdf_of("pdf/packet.html", context, pictures={"logo": Picture("image/png", png())}).startswith(b"%PDF")
