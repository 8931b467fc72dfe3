"""What is still at stake in the months of live rows, and how the month page shows it."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from billing.operations.batches import make_batch
from billing.operations.closing import close_month
from billing.operations.decisions import Deciding, decide_month
from billing.queries.claims import Expected
from billing.queries.month_page import MonthPage, Order, Show, month_page
from billing.queries.month_row import MonthRow
from billing.queries.stakes import Moment
from registry.models import Episode
from registry.operations.episodes import end_episode
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.tenancy import MembershipFactory
from tests.statements import own

FEBRUARY = "2026-02"
RUNNING = Moment(is_over=False, on=date(2026, 2, 12))
OVER = Moment(is_over=True, on=date(2026, 4, 3))


def page_of(lakeside: Program, moment: Moment | None = RUNNING, **asked: Any) -> MonthPage:
    return month_page(lakeside.organization.id, FEBRUARY, moment=moment, **asked)


def row_of(lakeside: Program, episode: Episode, moment: Moment = RUNNING) -> MonthRow:
    return next(row for row in page_of(lakeside, moment).rows if row.episode_id == episode.id)


def said(row: MonthRow) -> tuple[list[str], str, Decimal | None]:
    step = row.stakes.step
    return [way.word for way in row.stakes.ways], f"{step.code} in {step.minutes}" if step else "", row.stakes.more


def test_a_running_month_names_papers_and_minutes(lakeside: Program):
    short = lakeside.billing_patient("Abara", 30, without=("visit", "score"))
    lakeside.billing_patient("Berg", 40)
    assert said(row_of(lakeside, short)) == (
        ["initiating_visit_missing", "rating_scale_missing"],
        "99492 in 6",
        Decimal("160.32"),
    )


def test_an_ended_month_names_only_papers_from_before(lakeside: Program):
    short = lakeside.billing_patient("Abara", 40, without=("visit",))
    hopeless = lakeside.billing_patient("Berg", 40, without=("visit", "score"))
    assert said(row_of(lakeside, short, OVER)) == (["initiating_visit_missing"], "", Decimal("160.32"))
    assert said(row_of(lakeside, hopeless, OVER)) == ([], "", Decimal(0))


def test_after_the_program_there_are_no_more_minutes(lakeside: Program):
    episode = lakeside.billing_patient("Abara", 30)
    assert said(row_of(lakeside, episode))[1] == "99492 in 6"
    end_episode(by=lakeside.by, at=AT, episode=episode, on=date(2026, 2, 11), reason="graduated")
    assert said(row_of(lakeside, episode)) == ([], "", Decimal(0))


@pytest.mark.parametrize("cover", ["nobody", "self"])
def test_nothing_is_at_stake_where_nobody_is_asked_to_pay(lakeside: Program, cover: str):
    payer = lakeside.payer("Self pay", is_self_pay=True) if cover == "self" else None
    without = ("visit", "coverage") if cover == "nobody" else ("visit",)
    episode = lakeside.billing_patient("Abara", 40, payer=payer, without=without)
    assert row_of(lakeside, episode).stakes.is_any is False


def test_nothing_is_at_stake_in_what_is_claimed_or_closed(lakeside: Program):
    episode = lakeside.billing_patient("Abara", 40)
    assert row_of(lakeside, episode).stakes.is_any is True
    make_batch(by=lakeside.by, at=AT, month=FEBRUARY, client_token=uuid4())
    assert row_of(lakeside, episode).stakes.is_any is False


@pytest.mark.parametrize(("kind", "is_any"), [("hold", True), ("do_not_bill", False)])
def test_nothing_is_at_stake_where_the_coder_asks_for_less(lakeside: Program, kind: str, is_any: bool):
    episode = lakeside.billing_patient("Abara", 40)
    look_again_on = date(2026, 4, 10) if kind == "hold" else None
    decision = Deciding(kind=kind, because="Known.", look_again_on=look_again_on)
    decide_month(by=lakeside.by, at=AT, episode_id=episode.id, month=FEBRUARY, decision=decision)
    assert row_of(lakeside, episode).stakes.is_any is is_any


def test_a_closed_clinic_has_nothing_at_stake(lakeside: Program):
    lakeside.billing_patient("Abara", 40, without=("visit",))
    close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month=FEBRUARY, client_token=uuid4(), note="Known."
    )
    assert page_of(lakeside, OVER).reachable.patients == 0


def test_without_a_moment_nothing_is_worked_out(lakeside: Program):
    lakeside.billing_patient("Abara", 40, without=("visit",))
    page = page_of(lakeside, None)
    assert (page.reachable.patients, page.reachable.totals) == (0, ())


def test_the_page_adds_up_what_is_reachable(lakeside: Program):
    lakeside.billing_patient("Abara", 30, without=("visit",))
    lakeside.billing_patient("Berg", 40, without=("visit", "diagnosis"))
    lakeside.billing_patient("Castro", 5, payer=lakeside.payer("Aetna PPO"))
    found = page_of(lakeside).reachable
    assert (found.patients, found.expected) == (3, Expected(Decimal("382.10"), 1))
    assert [(total.word, total.patients, total.expected) for total in found.totals] == [
        ("initiating_visit_missing", 2, Expected(Decimal("221.11"), 0)),
        ("diagnosis_missing", 1, Expected(Decimal("160.32"), 0)),
        ("near", 1, Expected(Decimal("99.53"), 0)),
        ("further", 2, Expected(Decimal("61.46"), 1)),
    ]


def test_the_page_is_ordered_and_narrowed_by_what_is_at_stake(lakeside: Program):
    lakeside.billing_patient("Abara", 40)
    lakeside.billing_patient("Berg", 34, without=("visit",))
    lakeside.billing_patient("Castro", 5, payer=lakeside.payer("Aetna PPO"))
    lakeside.billing_patient("Dogan", 90, payer=lakeside.payer("Self pay", is_self_pay=True))

    def names(**asked: Any) -> list[str]:
        return [row.patient_name.split(",")[0] for row in page_of(lakeside, **asked).rows]

    assert names() == ["Abara", "Berg", "Castro", "Dogan"]
    assert names(order=Order.STAKES) == ["Berg", "Abara", "Castro", "Dogan"]
    assert names(order=Order.MINUTES) == ["Berg", "Castro", "Abara", "Dogan"]
    assert names(show=Show.REACHABLE) == ["Abara", "Berg", "Castro"]
    assert names(show=Show.NEAR) == ["Berg"]
    assert names(show=Show.PAPERS) == ["Berg"]
    payer = next(row.payer_id for row in page_of(lakeside).rows if row.payer == "Aetna PPO")
    assert names(payer_id=payer) == ["Castro"]


def test_the_page_is_narrowed_to_one_care_manager(lakeside: Program):
    episode = lakeside.billing_patient("Abara", 40)
    lakeside.billing_patient("Berg", 40)
    manager = MembershipFactory(organization=lakeside.organization)
    Episode.objects.filter(id=episode.id).update(care_manager=manager)
    assert [row.episode_id for row in page_of(lakeside, care_manager_id=manager.id).rows] == [episode.id]


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def february_runs(monkeypatch: Any) -> None:
    monkeypatch.setattr("billing.views.months.timezone.now", lambda: datetime(2026, 2, 12, 18, tzinfo=UTC))


@pytest.mark.usefixtures("february_runs")
def test_billing_sees_what_each_gap_costs(people: Program, client_for: Any):
    with tenant(people.organization):
        people.billing_patient("Abara", 30, without=("visit",))
        people.billing_patient("Berg", 10, without=("score",))
    page = text_of(client_for("billing").get("/o/lakeside/billing/months/2026-02/?order=stakes"))
    assert "30 Nothing 99492 in 6 min $160.32 more Initiating visit missing costs $60.79" in page
    assert "10 Nothing G2214 in 6 min with a rating scale $60.79 more Too few minutes" in page
    assert "Still reachable 2 $221.11 more, estimate" in page
    assert (
        "Still reachable this month What would still help, for how many patients What Patients Worth"
        " Initiating visit missing 1 $60.79 Next code within 10 minutes 2 $160.32 All of it 2 $221.11" in page
    )


@pytest.mark.usefixtures("february_runs")
def test_the_page_costs_no_more_for_what_is_at_stake(people: Program, client_for: Any):
    client: Client = client_for("billing")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/o/lakeside/billing/months/2026-02/?order=stakes")
        return len(own(captured.captured_queries))

    with tenant(people.organization):
        people.billing_patient("Abara", 30, without=("visit",))
    statements()
    one = statements()
    with tenant(people.organization):
        for number in range(4):
            people.billing_patient(f"Family{number}", 20, without=("visit", "score"))
    assert statements() == one <= 14


@pytest.mark.usefixtures("february_runs")
def test_the_next_page_keeps_the_order(people: Program, client_for: Any, monkeypatch: Any):
    with tenant(people.organization):
        for minutes in (30, 32, 34):
            people.billing_patient(f"Family{minutes}", minutes)
    monkeypatch.setattr(
        "billing.views.months.month_page", lambda *asked, **filters: month_page(*asked, **filters, limit=2)
    )
    client: Client = client_for("billing")
    first = client.get("/o/lakeside/billing/months/2026-02/?order=minutes&show=near")
    (following,) = re.findall(r'rel="next" href="(\?[^"]+)"', first.content.decode())
    second = text_of(client.get("/o/lakeside/billing/months/2026-02/" + following.replace("&amp;", "&")))
    assert ["Family34" in text_of(first), "Family30" in second, "Family32" in second] == [True, True, False]
