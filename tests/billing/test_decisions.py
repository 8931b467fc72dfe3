"""The coder's decisions: kept with their reasons, never above what is supported, one live whoever hurries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import Claim, ClaimLine, CoderDecision, FrozenMonth
from billing.operations.batches import make_batch
from billing.operations.closing import ask_to_reopen, close_month, correct_month, reopen_month
from billing.operations.decisions import REPLACED, Deciding, decide_month, release_months, take_back_decision
from billing.operations.errors import (
    ClaimedBefore,
    DecidedInClosedMonth,
    LookAgainMissing,
    MonthBillsNothing,
    NoDecision,
    NothingHeld,
    NothingToBill,
    NothingToCorrect,
    NotLower,
    WhyDecided,
)
from billing.queries.closing import clinic_month
from billing.queries.month_detail import month_detail
from billing.queries.month_page import month_page
from billing.queries.release_pages import held_months
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from registry.models import Diagnosis, Episode
from tests.billing.people import AT, program
from tests.billing.release_months import FEBRUARY, Months
from tests.factories.registry import TreatingClinicianFactory
from tests.factories.tenancy import MembershipFactory, OrganizationFactory
from tests.races import at_once

LATER = date(2026, 4, 20)


@pytest.fixture
def months(in_tenant: Any, clinic: Any) -> Months:
    return Months(program(in_tenant, clinic, notes=False))


def decide(months: Months, episode: Episode, kind: str, **fields: Any) -> CoderDecision:
    decision = Deciding(kind, **{"because": "As the payer said.", **fields})
    by = months.people.by
    return decide_month(by=by, at=AT, episode_id=episode.id, month=FEBRUARY, decision=decision)


def asked(months: Months, episode: Episode) -> list[tuple[str, int]]:
    return [(line.code, line.units) for line in months.release(episode).asked]


def confirm(months: Months, *episodes: Episode) -> None:
    rivera = TreatingClinicianFactory(organization=months.people.organization)
    Diagnosis.objects.filter(episode__in=episodes).update(confirmed_on=date(2026, 3, 1), confirmed_by=rivera)


def batch(months: Months) -> Any:
    return make_batch(by=months.people.by, at=AT, month=FEBRUARY, client_token=uuid4())


def close(months: Months, note: str = "As agreed.") -> Any:
    given = {"clinic_id": months.people.clinic.id, "month": FEBRUARY, "note": note, "client_token": uuid4()}
    return close_month(by=months.people.by, at=AT, **given)


def test_a_hold_keeps_a_month_until_somebody_decides_again(months: Months):
    episode = months.episode()
    decide(months, episode, "hold", look_again_on=LATER)
    release = months.release(episode)
    assert (release.is_held, release.chip, asked(months, episode)) == (
        True,
        "Held: by the coder until Apr 20, 2026",
        [],
    )
    assert (release.is_overdue(LATER), release.is_overdue(date(2026, 4, 21))) == (False, True)
    decide(months, episode, "release")
    assert (months.release(episode).is_held, asked(months, episode)) == (False, [("99492", 1)])


def test_what_was_claimed_is_not_held_any_more(months: Months):
    episode = months.episode()
    batch(months)
    with pytest.raises(ClaimedBefore, match=r"^February 2026 was claimed in batch 1: a hold keeps nothing back"):
        decide(months, episode, "hold", look_again_on=LATER)
    decide(months, episode, "do_not_bill")
    (row,) = month_page(months.people.organization.id, FEBRUARY).rows
    assert (row.is_changed, row.release is not None and row.release.is_not_billed) == (True, True)


def test_a_release_lets_go_what_it_saw_and_nothing_else(months: Months):
    episode = months.episode(confirmed_on=None)
    decide(months, episode, "release", checks=("diagnosis_unconfirmed",))
    assert asked(months, episode) == [("99492", 1)]
    months.asked(episode, date(2026, 3, 2), is_in_force=False)
    release = months.release(episode)
    assert [(check.word, check.holds) for check in release.checks] == [
        ("diagnosis_unconfirmed", False),
        ("coverage_ended", True),
    ]
    assert (release.why, release.asked) == ("Coverage not in force", ())


def test_what_is_not_to_be_billed_is_not_claimed_and_not_called_held(months: Months):
    episode = months.episode(confirmed_on=None)
    decide(months, episode, "do_not_bill")
    release = months.release(episode)
    assert (release.is_held, release.chip, release.asked) == (False, "Not billed, as decided", ())
    page = month_page(months.people.organization.id, FEBRUARY)
    assert (page.claimable, page.held_back, [row.bills for row in page.rows]) == (0, 0, [False])
    with pytest.raises(NothingToBill):
        batch(months)


@pytest.mark.parametrize(
    ("lines", "amount"),
    [((("99492", 1), ("99494", 2)), "283.24"), ((("99492", 1),), "160.32"), ((("G2214", 1),), "60.79")],
)
def test_billing_lower_asks_for_what_was_decided(months: Months, lines: Any, amount: str):
    episode = months.episode(minutes=146)
    decide(months, episode, "bill_lower", lines=lines, checks=("addon_units_high",))
    batch(months)
    claim = Claim.objects.get()
    kept = ClaimLine.objects.filter(claim=claim).order_by("number")
    assert tuple(kept.values_list("code", "units")) == lines
    assert sum(line.amount for line in kept) == Decimal(amount)
    assert [(line["code"], line["units"]) for line in claim.verdict["lines"]] == [("99492", 1), ("99494", 3)]
    assert month_detail(months.people.organization.id, FEBRUARY, episode.id).is_changed is False


@pytest.mark.parametrize("lines", [(("99494", 1),), (("99492", 2),), (("99493", 1),), (("99492", 1), ("99494", 3)), ()])
def test_nobody_bills_higher_or_otherwise(months: Months, lines: Any):
    episode = months.episode(minutes=146)
    with pytest.raises(NotLower):
        decide(months, episode, "bill_lower", lines=lines)
    assert CoderDecision.objects.count() == 0


def test_a_decision_that_is_not_supported_any_more_asks_for_less(months: Months):
    episode = months.episode(minutes=80)
    more = months.people.work(episode, 66, on=date(2026, 2, 12), at=datetime(2026, 2, 12, 20, tzinfo=UTC))
    decide(months, episode, "bill_lower", lines=(("99492", 1), ("99494", 2)), checks=("addon_units_high",))
    assert asked(months, episode) == [("99492", 1), ("99494", 2)]
    void_time(by=months.people.by, at=AT, entry=more, reason="Logged twice.")
    release = months.release(episode)
    assert asked(months, episode) == [("99492", 1)]
    assert release.remark == "The month supports less by now than was decided, and no more than that is asked."
    with pytest.raises(NotLower):
        decide(months, episode, "bill_lower", lines=(("99492", 1), ("99494", 2)))


def test_the_former_decision_is_kept_with_its_reason(months: Months):
    episode = months.episode()
    first = decide(months, episode, "hold", look_again_on=LATER, because="The plan is looked for.")
    second = decide(months, episode, "do_not_bill", because="The patient asked so.")
    detail = month_detail(months.people.organization.id, FEBRUARY, episode.id)
    assert [(one.kind, one.because, one.ended) for one in detail.history] == [
        ("do_not_bill", "The patient asked so.", ""),
        ("hold", "The plan is looked for.", REPLACED),
    ]
    first.refresh_from_db()
    assert (first.voided_by, second.voided_at) == (months.people.by, None)
    assert AuditEvent.objects.filter(action="decision.made", patient_id=episode.patient_id).count() == 2


def test_the_same_decision_twice_is_one(months: Months):
    episode = months.episode()
    first = decide(months, episode, "hold", look_again_on=LATER)
    assert decide(months, episode, "hold", look_again_on=LATER) == first
    assert CoderDecision.objects.count() == 1


def test_a_decision_taken_back_leaves_the_month_as_it_was(months: Months):
    episode = months.episode()
    decide(months, episode, "do_not_bill")
    given = {"by": months.people.by, "at": AT, "episode_id": episode.id, "month": FEBRUARY}
    with pytest.raises(WhyDecided):
        take_back_decision(**given, because=" ")
    take_back_decision(**given, because="The wrong patient.")
    assert asked(months, episode) == [("99492", 1)]
    assert CoderDecision.objects.get().void_reason == "Taken back: The wrong patient."
    with pytest.raises(NoDecision):
        take_back_decision(**given, because="Again.")


def test_what_a_decision_needs(months: Months):
    episode, none = months.episode(), months.people.patient("Berg")
    with pytest.raises(WhyDecided):
        decide(months, episode, "do_not_bill", because="  ")
    for day in (None, date(2026, 4, 2)):
        with pytest.raises(LookAgainMissing):
            decide(months, episode, "hold", look_again_on=day)
    with pytest.raises(NothingHeld):
        decide(months, episode, "release")
    with pytest.raises(MonthBillsNothing):
        decide(months, none, "do_not_bill")
    given = {"by": months.people.by, "at": AT, "month": FEBRUARY, "decision": Deciding("do_not_bill", "So.")}
    with pytest.raises(NotFound):
        decide_month(**given, episode_id=uuid4())
    assert CoderDecision.objects.count() == 0


def test_several_held_by_one_check_leave_with_one_reason(months: Months):
    alone, both, other = (
        months.episode(confirmed_on=None),
        months.episode("Berg", confirmed_on=None, asked_on=None),
        months.episode("Castro", asked_on=None),
    )
    held = held_months(months.people.organization.id, FEBRUARY, on=date(2026, 4, 3), word="diagnosis_unconfirmed")
    assert [(group.word, group.count) for group in held.groups] == [
        ("diagnosis_unconfirmed", 2),
        ("coverage_unchecked", 2),
    ]
    assert ([row.episode_id for row in held.rows], held.total, held.held) == ([alone.id, both.id], 2, 3)
    given = {"by": months.people.by, "at": AT, "month": FEBRUARY, "because": "Confirmed by telephone."}
    assert release_months(**given, check="diagnosis_unconfirmed", episode_ids=None) == (2, 1)
    assert (asked(months, alone), asked(months, both), asked(months, other)) == ([("99492", 1)], [], [])
    assert release_months(**given, check="coverage_unchecked", episode_ids=[both.id]) == (1, 0)
    assert (asked(months, both), asked(months, other)) == ([("99492", 1)], [])
    live = CoderDecision.objects.live().get(episode=both)
    assert live.checks == ["coverage_unchecked", "diagnosis_unconfirmed"]
    with pytest.raises(NothingHeld):
        release_months(**given, check="diagnosis_unconfirmed", episode_ids=None)
    with pytest.raises(NotFound):
        release_months(**given, check="nothing", episode_ids=None)
    with pytest.raises(WhyDecided):
        release_months(**{**given, "because": ""}, check="coverage_unchecked", episode_ids=None)


def test_what_the_coder_holds_is_not_released_by_the_way(months: Months):
    episode = months.episode(confirmed_on=None)
    decide(months, episode, "hold", look_again_on=LATER)
    with pytest.raises(NothingHeld):
        release_months(
            by=months.people.by, at=AT, month=FEBRUARY, check="diagnosis_unconfirmed", because="So.", episode_ids=None
        )
    held = held_months(months.people.organization.id, FEBRUARY, on=date(2026, 4, 21))
    assert ([group.word for group in held.groups], held.overdue) == (["by_coder"], 1)


def test_overdue_holds_come_first(months: Months):
    months.episode("Abara", confirmed_on=None)
    late = months.episode("Zabel")
    decide(months, late, "hold", look_again_on=LATER)
    held = held_months(months.people.organization.id, FEBRUARY, on=date(2026, 4, 21))
    assert [row.patient_name for row in held.rows] == ["Zabel, Jo", "Abara, Jo"]


def test_a_close_freezes_what_is_asked_after_the_decision(months: Months):
    lower, held, free = months.episode(minutes=146), months.episode("Berg", confirmed_on=None), months.episode("Castro")
    decide(months, lower, "bill_lower", lines=(("99492", 1),), because="The payer pays no more.")
    shown = clinic_month(months.people.organization.id, FEBRUARY, months.people.clinic.id)
    assert [(one.kind, one.who) for one in shown.exceptions if one.kind == "held_back"] == [("held_back", "Berg, Jo")]
    close(months)
    rows = {row.episode_id: row for row in FrozenMonth.objects.all()}
    assert rows[lower.id].lines == [["99492", 1, "160.32"]]
    assert rows[lower.id].supported == [["99492", 1, "160.32"], ["99494", 3, "184.38"]]
    assert rows[lower.id].decision["because"] == "The payer pays no more."
    assert (rows[held.id].lines, rows[held.id].refusal) == ([], "Held: diagnosis not confirmed")
    assert [(word, mode) for word, mode, _ in rows[held.id].release] == [("diagnosis_unconfirmed", "hold")]
    assert (rows[free.id].lines, rows[free.id].decision, rows[free.id].release) == ([["99492", 1, "160.32"]], None, [])
    waiting = held_months(months.people.organization.id, FEBRUARY, on=date(2026, 4, 21))
    assert (waiting.held, waiting.closed, waiting.rows) == (0, 1, ())


def test_a_closed_month_is_not_decided_but_corrected(months: Months):
    episode, free = months.episode(confirmed_on=None), months.episode("Berg")
    made = close(months)
    with pytest.raises(DecidedInClosedMonth, match="February 2026 is closed"):
        decide(months, episode, "release")
    given = {"by": months.people.by, "at": AT, "month": FEBRUARY, "check": "diagnosis_unconfirmed", "because": "So."}
    with pytest.raises(DecidedInClosedMonth):
        release_months(**given, episode_ids=[episode.id])
    with pytest.raises(NothingHeld):
        release_months(**given, episode_ids=None)
    assert held_months(months.people.organization.id, FEBRUARY, on=LATER).held == 0
    shown = clinic_month(months.people.organization.id, FEBRUARY, months.people.clinic.id)
    assert ([one.episode_id for one in shown.held], shown.changed) == ([episode.id], ())
    correction = {"by": months.people.by, "at": AT, "close_id": made.id, "because": "Confirmed since."}
    row = correct_month(**correction, episode_id=episode.id, is_release=True)
    assert (row.lines, row.number, row.decision["kind"]) == ([["99492", 1, "160.32"]], 2, "release")
    months.asked(free, date(2026, 4, 2), is_in_force=False)
    shown = clinic_month(months.people.organization.id, FEBRUARY, months.people.clinic.id)
    assert (shown.held, shown.changed) == ((), ())


def test_what_clears_up_after_the_close_is_listed_and_corrected(months: Months):
    episode = months.episode(confirmed_on=None)
    made = close(months)
    confirm(months, episode)
    shown = clinic_month(months.people.organization.id, FEBRUARY, months.people.clinic.id)
    assert [(one.frozen, [line.code for line in one.now]) for one in shown.changed] == [((), ["99492"])]
    row = correct_month(by=months.people.by, at=AT, close_id=made.id, episode_id=episode.id, because="Confirmed.")
    assert (row.lines, row.release, row.decision) == ([["99492", 1, "160.32"]], [], None)


def test_a_month_that_is_open_again_is_decided_again(months: Months):
    episode = months.episode(confirmed_on=None)
    made = close(months)
    ask_to_reopen(by=months.people.by, at=AT, close_id=made.id, because="To decide.")
    other = MembershipFactory(organization=months.people.organization, roles=["billing"])
    reopen_month(by=other, at=AT, close_id=made.id)
    decide(months, episode, "release", checks=("diagnosis_unconfirmed",))
    assert asked(months, episode) == [("99492", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_coders_at_once_leave_one_decision_and_both_reasons():
    organization = OrganizationFactory()
    with tenant(organization):
        from tests.factories.tenancy import ClinicFactory

        months = Months(program(organization, ClinicFactory(organization=organization), notes=False))
        episode = months.episode()

    def deciding(because: str) -> Any:
        return lambda: decide(months, episode, "do_not_bill", because=because)

    results = at_once(organization, [deciding(f"Reason {number}.") for number in range(4)])
    assert [type(result) for result in results] == [CoderDecision] * 4
    with tenant(organization):
        assert CoderDecision.objects.live().count() == 1
        reasons = sorted(CoderDecision.objects.values_list("because", flat=True))
        assert reasons == [f"Reason {number}." for number in range(4)]
        assert set(CoderDecision.objects.exclude(voided_at=None).values_list("void_reason", flat=True)) == {REPLACED}


def test_a_lower_bill_that_is_held_leaves_lower_after_the_close(months: Months):
    episode = months.episode(minutes=146)
    decide(months, episode, "bill_lower", lines=(("99492", 1),))
    months.asked(episode, date(2026, 3, 2), is_in_force=False)
    made = close(months)
    correction = {"by": months.people.by, "at": AT, "close_id": made.id, "episode_id": episode.id}
    row = correct_month(**correction, because="Another payer said so.", is_release=True)
    assert (row.lines, row.decision["kind"]) == ([["99492", 1, "160.32"]], "bill_lower")
    with pytest.raises(NothingToCorrect):
        correct_month(**correction, because="Once more.", is_release=True)


def test_a_decision_of_what_is_gone_is_listed_as_such(months: Months):
    episode = months.episode(minutes=60)
    more = months.people.work(episode, 10, on=date(2026, 2, 12), at=datetime(2026, 2, 12, 20, tzinfo=UTC))
    decide(months, episode, "bill_lower", lines=(("G2214", 1),))
    assert asked(months, episode) == [("G2214", 1)]
    first = TimeEntry.objects.exclude(id=more.id).get(episode=episode)
    void_time(by=months.people.by, at=AT, entry=first, reason="Another patient's.")
    assert held_months(months.people.organization.id, FEBRUARY, on=LATER).held == 0
    months.people.work(episode, 20, on=date(2026, 2, 14), at=datetime(2026, 2, 14, 20, tzinfo=UTC))
    assert asked(months, episode) == [("G2214", 1)]


def test_a_decision_that_nothing_is_left_of_waits_for_another(months: Months):
    episode = months.episode(minutes=50)
    more = months.people.work(episode, 40, on=date(2026, 2, 12), at=datetime(2026, 2, 12, 20, tzinfo=UTC))
    decide(months, episode, "bill_lower", lines=(("99492", 1),))
    first = TimeEntry.objects.exclude(id=more.id).get(episode=episode)
    months.people.work(episode, 1, on=date(2026, 2, 13), at=datetime(2026, 2, 13, 20, tzinfo=UTC))
    void_time(by=months.people.by, at=AT, entry=more, reason="Logged twice.")
    void_time(by=months.people.by, at=AT, entry=first, reason="Another patient's.")
    months.people.work(episode, 19, on=date(2026, 2, 14), at=datetime(2026, 2, 14, 20, tzinfo=UTC))
    held = held_months(months.people.organization.id, FEBRUARY, on=LATER)
    assert [(group.word, group.title) for group in held.groups] == [("not_supported", "Decide again")]
    decide(months, episode, "release")
    assert months.release(episode).why == "G2214 under 30 minutes"
    decide(months, episode, "release", checks=("g2214_short",))
    assert asked(months, episode) == [("G2214", 1)]
