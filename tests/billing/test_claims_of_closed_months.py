"""Claims of a closed month ask what was frozen, whatever changed since; what was claimed otherwise says so."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.models import Batch, Claim, ClaimLine, FrozenMonth, MonthClose
from billing.operations.batches import make_batch
from billing.operations.closing import close_month, correct_month
from billing.operations.errors import CorrectFirst
from billing.operations.late import write_late
from billing.queries.claimable import claimable
from billing.queries.month_detail import month_detail
from billing.queries.month_page import month_rows
from billing.rules.facts import from_json
from caseload.operations.timekeeping import Work, record_time
from caseload.rules.worktime import WorkTime
from registry.models import Coverage, Episode
from registry.operations.people import add_coverage
from registry.operations.recording import Stamp, void_facts
from tests.billing.people import AT, Program
from tests.factories.tenancy import ClinicFactory

FEBRUARY = "2026-02"
LATER = AT + timedelta(hours=1)


def closed(people: Program) -> MonthClose:
    return close_month(
        by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4()
    )


def late_work(people: Program, episode: Episode, minutes: int) -> None:
    starts = datetime(2026, 2, 20, 16, tzinfo=UTC)
    write_late(
        by=people.by,
        at=LATER,
        because="Found on paper.",
        write=lambda: record_time(
            by=people.by,
            at=LATER,
            episode_id=episode.id,
            time=WorkTime(span=(starts, starts + timedelta(minutes=minutes))),
            client_token=uuid4(),
            work=Work(role="care_manager"),
            worked_by=people.worker,
        ),
    )


def batch(people: Program) -> Batch:
    return make_batch(by=people.by, at=LATER, month=FEBRUARY, client_token=uuid4())


def asked(claim: Claim) -> list[tuple[str, int]]:
    return list(ClaimLine.objects.filter(claim=claim).order_by("number").values_list("code", "units"))


def test_a_claim_asks_what_was_frozen_and_keeps_the_frozen_facts(lakeside: Program):
    episode = lakeside.billing_patient()
    closed(lakeside)
    late_work(lakeside, episode, 46)
    row = FrozenMonth.objects.get()
    (shown,) = month_rows(lakeside.organization.id, FEBRUARY)
    assert (shown.lines, shown.is_claimable, shown.is_closed_otherwise) == ((("99492", 1),), True, True)
    batch(lakeside)
    claim = Claim.objects.get()
    assert (asked(claim), claim.frozen, claim.facts_sha256, claim.verdict) == (
        [("99492", 1)],
        row,
        row.facts_sha256,
        row.verdict,
    )


def test_it_asks_for_the_sum_of_all_rows_once_corrected(lakeside: Program):
    episode = lakeside.billing_patient()
    made = closed(lakeside)
    late_work(lakeside, episode, 46)
    correction = correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Late")
    batch(lakeside)
    claim = Claim.objects.get()
    assert (asked(claim), claim.frozen) == ([("99492", 1), ("99494", 1)], correction)
    units: dict[str, int] = {}
    for row in FrozenMonth.objects.all():
        for code, count, _ in row.lines:
            units[code] = units.get(code, 0) + count
    assert units == {"99492": 1, "99494": 1}


def test_a_month_corrected_after_it_was_claimed_needs_a_corrected_claim(lakeside: Program):
    episode = lakeside.billing_patient()
    made = closed(lakeside)
    batch(lakeside)
    late_work(lakeside, episode, 46)
    (before,) = month_rows(lakeside.organization.id, FEBRUARY)
    assert (before.is_changed, before.is_closed_otherwise) == (False, True)
    correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Late")
    (after,) = month_rows(lakeside.organization.id, FEBRUARY)
    assert (after.is_changed, after.is_closed_otherwise) == (True, False)
    assert after.changed_words == "Claimed otherwise: corrected claim needed"
    assert claimable(lakeside.organization.id, FEBRUARY).billable == ()


def test_what_came_after_the_close_is_claimed_once_it_is_corrected(lakeside: Program):
    made = closed(lakeside)
    episode = lakeside.patient()
    late_work(lakeside, episode, 40)
    assert claimable(lakeside.organization.id, FEBRUARY).billable == ()
    (row,) = month_rows(lakeside.organization.id, FEBRUARY)
    assert (row.is_claimable, row.is_closed_otherwise) == (False, True)
    correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Late")
    batch(lakeside)
    assert asked(Claim.objects.get()) == [("99492", 1)]


def test_a_clinic_that_is_open_is_read_as_it_stands(lakeside: Program):
    there = lakeside.billing_patient("Berg", clinic=ClinicFactory(organization=lakeside.organization, name="Zion"))
    lakeside.billing_patient("Abara")
    closed(lakeside)
    batch(lakeside)
    assert [(claim.episode_id == there.id, claim.frozen_id is None) for claim in Claim.objects.order_by("number")] == [
        (False, False),
        (True, True),
    ]


def gone(people: Program, episode: Episode) -> None:
    Episode.objects.filter(id=episode.id).update(voided_at=LATER, voided_by=people.by, void_reason="In error")


def other_payer(people: Program, episode: Episode) -> None:
    void_facts(list(Coverage.objects.all()), stamp=Stamp(people.by, LATER), reason="Recorded in error")
    payer = people.payer("Medicare Part B of Ohio", payer_code="MCR02")
    add_coverage(by=people.by, at=LATER, patient=episode.patient, payer=payer, member_id="2")


@pytest.mark.parametrize("change", [gone, other_payer])
def test_what_would_ask_another_or_nobody_is_corrected_first(lakeside: Program, change: Any):
    episode = lakeside.billing_patient()
    closed(lakeside)
    change(lakeside, episode)
    found = claimable(lakeside.organization.id, FEBRUARY)
    assert (found.billable, found.to_correct) == ((), 1)
    with pytest.raises(CorrectFirst, match="1 closed month of February 2026 would ask another payer"):
        batch(lakeside)
    assert Claim.objects.count() == 0


def test_a_member_id_that_was_mended_goes_out_mended(lakeside: Program):
    episode = lakeside.billing_patient()
    closed(lakeside)
    void_facts(list(Coverage.objects.all()), stamp=Stamp(lakeside.by, LATER), reason="Mistyped")
    payer = lakeside.payer("Medicare Part B", payer_code="MCR01")
    add_coverage(by=lakeside.by, at=LATER, patient=episode.patient, payer=payer, member_id="2EG4TE5MK73")
    (one,) = claimable(lakeside.organization.id, FEBRUARY).billable
    assert (one.member_id, from_json(json.dumps(one.basis.facts)).month) == ("2EG4TE5MK73", FEBRUARY)


def test_what_is_asked_of_some_episodes_is_narrowed_the_same_way(lakeside: Program):
    one, other = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    closed(lakeside)
    found = claimable(lakeside.organization.id, FEBRUARY, episode_ids=[other.id]).billable
    assert [billable.episode.id for billable in found] == [other.id]
    assert one.id != other.id


def test_the_patients_page_says_the_same(lakeside: Program):
    episode = lakeside.billing_patient()
    made = closed(lakeside)
    batch(lakeside)
    assert month_detail(lakeside.organization.id, FEBRUARY, episode.id).closed_otherwise == ""
    late_work(lakeside, episode, 46)
    before = month_detail(lakeside.organization.id, FEBRUARY, episode.id)
    assert (before.is_changed, before.claimed_time) == (False, "")
    assert before.closed_otherwise == (
        "Closed with 99492; comes to 99492 + 99494 now. Correct the month if it should ask that."
    )
    correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Late")
    after = month_detail(lakeside.organization.id, FEBRUARY, episode.id)
    assert (after.is_changed, after.closed_otherwise, after.changed_title) == (
        True,
        "",
        "Claimed otherwise: corrected claim needed",
    )
    assert after.changed_since == "Claimed as 99492 in batch 1; the closed month asks 99492 + 99494."
