"""What months came to: minutes and why they do not count, what was missed, what is expected, where it is going."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.forms.analysis import AnalysisFilter
from billing.operations.closing import ask_to_reopen, close_month, reopen_month
from billing.operations.decisions import Deciding, decide_month
from billing.queries.analysis import Analysis, Asked, analysis, span_ending
from billing.queries.claims import Expected
from billing.queries.month_page import Show, month_page
from billing.queries.stakes import Moment
from registry.models import Episode
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.tenancy import ClinicFactory, MembershipFactory

FEBRUARY, MARCH, APRIL = "2026-02", "2026-03", "2026-04"
MINUTE = 60


def of(lakeside: Program, first: str = FEBRUARY, last: str = FEBRUARY, **said: Any) -> Analysis:
    said = {"on": date(2026, 4, 3), "names": {}, "open_month": APRIL} | said
    return analysis(lakeside.organization.id, first, last, **said)


def running(lakeside: Program, on: date) -> Analysis:
    return of(lakeside, on=on, open_month=FEBRUARY)


def money(amount: str, unknown: int = 0) -> Expected:
    return Expected(Decimal(amount), unknown)


def test_minutes_are_told_with_why_they_do_not_count(lakeside: Program):
    episode = lakeside.billing_patient("Abara", 40)
    lakeside.work(episode, 15, hour=18, role="care_manager", activity="scheduling")
    lakeside.work(episode, 10, hour=19, role="clerical")
    lakeside.work(episode, 12, hour=20, role="psychiatric_consultant")
    lakeside.work(episode, 20, hour=16, on=date(2026, 2, 10))
    lakeside.billing_patient("Berg", 30, without=("consent",))
    found = of(lakeside)
    assert (found.all.logged_seconds, found.all.counted_seconds) == (127 * MINUTE, 40 * MINUTE)
    assert found.all.counted_share == 31
    assert found.lost == (
        ("no_consent", 30 * MINUTE),
        ("overlaps_same_patient", 20 * MINUTE),
        ("scheduling", 15 * MINUTE),
        ("consultant", 12 * MINUTE),
        ("clerical", 10 * MINUTE),
    )
    assert sum(seconds for _, seconds in found.lost) == found.all.logged_seconds - found.all.counted_seconds


def test_time_over_a_months_end_is_told_in_each(lakeside: Program):
    episode = lakeside.patient()
    lakeside.work(episode, 60, on=date(2026, 3, 1), hour=5, role="care_manager", activity="scheduling")
    assert [of(lakeside, month, month).lost for month in (FEBRUARY, MARCH)] == [(("scheduling", 3600),), ()]
    lakeside.work(episode, 60, on=date(2026, 4, 1), hour=4, role="clerical")
    assert of(lakeside, MARCH, APRIL).lost == (("clerical", 3600),)


def test_what_was_missed_is_what_one_thing_more_would_have_brought(lakeside: Program):
    lakeside.billing_patient("Abara", 30)
    lakeside.billing_patient("Berg", 40, without=("visit",))
    lakeside.billing_patient("Castro", 40, without=("visit", "score"))
    lakeside.billing_patient("Dogan", 12, payer=lakeside.payer("Aetna PPO"))
    lakeside.billing_patient("Evans", 12, payer=lakeside.payer("Self pay", is_self_pay=True))
    lakeside.billing_patient("Faro", 10, without=("score",))
    sums = of(lakeside).all
    assert (sums.near_count, sums.near) == (2, money("99.53", 1))
    assert (sums.papers_count, sums.papers) == (1, money("160.32"))
    assert sums.missed == money("259.85", 1)
    assert (sums.months, sums.billing, sums.expected, sums.range) == (6, 1, money("60.79"), None)


def test_the_months_behind_what_was_missed_can_be_shown(lakeside: Program):
    short = lakeside.billing_patient("Abara", 30)
    paper = lakeside.billing_patient("Berg", 40, without=("visit",))
    moment = Moment(is_over=True, on=date(2026, 4, 3), looks_back=True)

    def shown(show: Show) -> list[Any]:
        page = month_page(lakeside.organization.id, FEBRUARY, show=show, moment=moment)
        return [row.episode_id for row in page.rows]

    assert (shown(Show.ALMOST), shown(Show.ONE_PAPER)) == ([short.id], [paper.id])


def test_an_open_month_is_a_range_and_nothing_of_it_is_missed(lakeside: Program):
    """On Feb 10 seven business days are done since enrolment, and twelve are left: 14 minutes become 38."""
    lakeside.billing_patient("Abara", 14)
    lakeside.billing_patient("Berg", 14, without=("score",))
    lakeside.billing_patient("Castro", 40, payer=lakeside.payer("Aetna PPO"))
    lakeside.billing_patient("Dogan", 40, payer=lakeside.payer("Self pay", is_self_pay=True))
    found = running(lakeside, date(2026, 2, 10))
    assert (found.open_month, found.all.near_count, found.all.papers_count) == (FEBRUARY, 0, 0)
    assert found.all.range is not None
    assert found.all.range.least == money("0", 1)
    assert found.all.range.at_pace == money("160.32", 1)
    assert found.all.range.most == money("320.64", 1)
    assert found.all.expected == money("0", 1)


def test_what_a_coder_decided_counts_as_on_the_month_page(lakeside: Program):
    """Billed lower it comes to the lower code, not billed to nothing, in the range of the open month too."""
    lower, held, never = (lakeside.billing_patient(name, 40) for name in ("Abara", "Berg", "Castro"))
    lakeside.billing_patient("Dogan", 40, payer=lakeside.payer("Aetna PPO"))
    for episode, decision in (
        (lower, Deciding("bill_lower", "Half of it is not shown.", lines=(("G2214", 1),))),
        (held, Deciding("hold", "Ask first.", look_again_on=AT.date() + timedelta(days=7))),
        (never, Deciding("do_not_bill", "Agreed with the family.")),
    ):
        decide_month(by=lakeside.by, at=AT, episode_id=episode.id, month=FEBRUARY, decision=decision)
    found = of(lakeside).all
    assert (found.months, found.billing, found.expected) == (4, 3, money("221.11", 1))
    page = month_page(lakeside.organization.id, FEBRUARY)
    assert (sum(row.bills for row in page.rows), page.by_clinic[0].expected) == (3, found.expected)
    going = running(lakeside, date(2026, 2, 27)).all.range
    assert going is not None
    assert (going.least, going.most) == (money("221.11", 1), money("221.11", 1))


def test_every_number_is_told_by_clinic_payer_and_care_manager(lakeside: Program):
    ridge = ClinicFactory(organization=lakeside.organization, name="Ridge")
    first = lakeside.billing_patient("Abara", 40)
    lakeside.billing_patient("Berg", 20, clinic=ridge, payer=lakeside.payer("Aetna PPO"))
    lakeside.billing_patient("Castro", 40, without=("coverage",))
    manager = MembershipFactory(organization=lakeside.organization, name="Ada Lind")
    Episode.objects.filter(id=first.id).update(care_manager=manager)
    found = of(lakeside, names={manager.id: manager.name})

    def told(parts: Any) -> list[tuple[str, int, Expected]]:
        return [(part.name, part.sums.months, part.sums.expected) for part in parts]

    assert told(found.by_clinic) == [
        (lakeside.clinic.name, 2, money("160.32")),
        ("Ridge", 1, money("0", 1)),
    ]
    assert told(found.by_payer) == [
        ("Aetna PPO", 1, money("0", 1)),
        ("Medicare Part B", 1, money("160.32")),
        ("No coverage", 1, money("0")),
    ]
    assert told(found.by_care_manager) == [("Ada Lind", 1, money("160.32")), ("Nobody yet", 2, money("0", 1))]


def test_month_by_month_tells_live_and_frozen(lakeside: Program):
    episode = lakeside.billing_patient("Abara", 40)
    lakeside.work(episode, 40, on=date(2026, 3, 10))
    lakeside.score(episode, date(2026, 3, 10))
    lakeside.billing_patient("Berg", 40, payer=lakeside.payer("Aetna PPO"))
    lakeside.billing_patient("Castro", 5)
    closed = close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month=FEBRUARY, client_token=uuid4(), note="Known."
    )
    march = of(lakeside, MARCH, MARCH)
    assert [(one.month, one.sums is None, one.asked) for one in march.by_month] == [
        (FEBRUARY, True, Asked(1, 2, money("160.32", 1))),
        (MARCH, False, None),
    ]
    assert (march.most_known, march.by_month[0].known) == (Decimal("160.32"), Decimal("160.32"))
    both = of(lakeside, FEBRUARY, MARCH)
    assert [one.sums.expected for one in both.by_month if one.sums] == [money("160.32", 1), money("144.96")]
    ask_to_reopen(by=lakeside.by, at=AT, close_id=closed.id, because="A visit was found.")
    reopen_month(by=lakeside.by, at=AT + timedelta(days=2), close_id=closed.id)
    assert [one.asked for one in of(lakeside, FEBRUARY, MARCH).by_month] == [None, None]


def test_nothing_is_nothing(lakeside: Program):
    found = of(lakeside)
    assert (found.all.months, found.all.counted_share, found.lost, found.most_known) == (0, None, (), Decimal(0))
    assert (found.all.expected, found.by_clinic) == (money("0"), ())


def test_statements_are_constant(lakeside: Program):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            of(lakeside, FEBRUARY, APRIL)
        return len(captured)

    def patients(count: int) -> None:
        for number in range(count):
            episode = lakeside.billing_patient(f"Family{number}", 40)
            lakeside.work(episode, 10, hour=20, role="clerical")

    patients(1)
    of(lakeside)
    one = statements()
    patients(4)
    assert statements() == one <= 9


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (MARCH, MARCH)),
        ({"month": "2026-01", "months": "3"}, ("2025-11", "2026-01")),
        ({"month": "2026-09"}, (MARCH, MARCH)),
        ({"month": "nonsense", "months": "7"}, (MARCH, MARCH)),
        ({"months": "12"}, ("2025-04", MARCH)),
    ],
)
def test_a_span_that_makes_no_sense_is_the_present_month(asked, expected):
    assert AnalysisFilter(asked).span(present=MARCH) == expected


@pytest.mark.parametrize(("months", "first"), [(0, MARCH), (1, MARCH), (12, "2025-04"), (99, "2025-04")])
def test_a_span_is_a_year_at_most(months: int, first: str):
    assert span_ending(MARCH, months) == first


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def april_third(monkeypatch: Any) -> None:
    monkeypatch.setattr("billing.views.analysis.timezone.now", lambda: datetime(2026, 4, 3, 18, tzinfo=UTC))


PAGE = "/o/lakeside/billing/analysis/"


@pytest.mark.usefixtures("april_third")
def test_the_page_tells_a_month_with_its_rules(people: Program, client_for: Any):
    with tenant(people.organization):
        people.billing_patient("Abara", 40, without=("visit",))
        people.billing_patient("Berg", 30)
    response = client_for("billing").get(PAGE, {"month": FEBRUARY})
    page = text_of(response)
    assert "Minutes that count 100% 1 h 10 min of 1 h 10 min logged Months that bill 1 of 2" in page
    assert "Expected $60.79 estimate" in page
    assert "10 minutes or less short of the next code 1 $99.53 With one paper missing 1 $160.32" in page
    assert ("Abara" in page, "Berg" in page) == (False, False)
    content = response.content.decode()
    assert f'href="/o/lakeside/billing/months/{FEBRUARY}/?show=almost"' in content
    with tenant(people.organization):
        assert AuditEvent.objects.filter(action="analysis.viewed").count() == 1


@pytest.mark.usefixtures("april_third")
def test_the_admin_sees_sums_without_ways_to_patients(people: Program, client_for: Any):
    with tenant(people.organization):
        people.billing_patient("Abara", 40)
    admin: Client = client_for("admin")
    content = admin.get(PAGE, {"month": FEBRUARY}).content.decode()
    assert ("$160.32" in content, "/billing/months/" in content) == (True, False)


@pytest.mark.usefixtures("april_third")
def test_the_open_month_says_where_it_is_going(people: Program, client_for: Any):
    client: Client = client_for("clinic_lead")
    assert "Nothing in this span" in text_of(client.get(PAGE))
    with tenant(people.organization):
        episode = people.billing_patient("Abara", 40)
        people.work(episode, 10, on=date(2026, 4, 2))
    page = text_of(client.get(PAGE))
    assert "April 2026, which still runs" in page
    assert "The month still runs: nothing of it is missed yet. What is still reachable" in page
    assert "Bills now $0.00 At its pace $0.00 With every paper $144.96" in page
    assert "Each patient's counted minutes are taken to go on at their pace" in page.replace("&#x27;", "'")


@pytest.mark.usefixtures("april_third")
@pytest.mark.parametrize(
    ("role", "status"), [("billing", 200), ("clinic_lead", 200), ("admin", 200), ("care_manager", 403)]
)
def test_who_may(people: Program, client_for: Any, role: str, status: int):
    assert client_for(role).get(PAGE).status_code == status
