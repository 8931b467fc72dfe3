"""The caseload list: order, filters, search, pages, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from caseload.models import EpisodeStanding
from caseload.queries.caseload_filter import CaseloadFilter
from caseload.queries.caseload_list import caseload_page, clinics_today
from caseload.queries.caseload_order import ORDERS
from tests.factories.caseload import EpisodeStandingFactory
from tests.factories.registry import CoverageFactory, EpisodeFactory, PayerFactory, system_seat
from tests.factories.tenancy import ClinicFactory

TODAY = date(2026, 3, 2)


@pytest.fixture
def place(in_tenant: Any, clinic: Any, now: datetime) -> Callable[..., Any]:
    """`place("rivera", phq9_last=12)`: an episode with a standing of just these values."""

    def make(name: str, **values: Any) -> Any:
        patient = {
            key.removeprefix("patient__"): values.pop(key) for key in list(values) if key.startswith("patient__")
        }
        family = name.title()
        episode = EpisodeFactory(
            organization=in_tenant, patient__clinic=values.pop("clinic", clinic), patient__family_name=family,
            patient__sort_name=f"{name}, given", **{f"patient__{key}": value for key, value in patient.items()},
        )  # fmt: skip
        return EpisodeStandingFactory(
            organization=in_tenant, episode=episode, **{"enrolled_on": date(2025, 11, 3), **values}
        )

    return make


def names(in_tenant: Any, now: datetime, **chosen: Any) -> list[str]:
    clinics = clinics_today(in_tenant.id, now)
    page = caseload_page(in_tenant.id, CaseloadFilter(**chosen), clinics=clinics)
    return [row.name.split(",")[0].lower() for row in page.rows]


def test_those_who_need_somebody_first(place: Callable[..., Any], in_tenant: Any, now: datetime) -> None:
    past, coming = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    place("rest-late", next_due_on=coming + timedelta(days=9))
    place("rest-undated")
    place("rest-soon", next_due_on=TODAY)
    place("new", enrolled_on=TODAY - timedelta(days=13))
    place("not-new", enrolled_on=TODAY - timedelta(days=14))
    place("stalled", stalled_from=TODAY)
    place("stalled-tomorrow", stalled_from=coming)
    place("overdue-signal", overdue_from=past)
    place("overdue-call", next_due_on=past)
    place("safe-tomorrow", safety_from=coming)
    place("safety", safety_from=past)
    assert names(in_tenant, now) == [
        "safety", "overdue-call", "overdue-signal", "stalled", "new",
        "rest-soon", "rest-late", "not-new", "rest-undated", "safe-tomorrow", "stalled-tomorrow",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["a", "b", "c", "d"]),
        ("-name", ["d", "c", "b", "a"]),
        ("phq9-change", ["c", "a", "b", "d"]),
        ("-phq9-change", ["b", "a", "c", "d"]),
        ("-phq9", ["b", "a", "c", "d"]),
        ("gad7-change", ["a", "b", "c", "d"]),
        ("-gad7-change", ["a", "b", "c", "d"]),
        ("-gad7", ["a", "b", "c", "d"]),
        ("contact", ["b", "a", "c", "d"]),
        ("-contact", ["a", "b", "c", "d"]),
        ("due", ["a", "b", "c", "d"]),
        ("-due", ["b", "a", "c", "d"]),
        ("enrolled", ["d", "a", "b", "c"]),
        ("-enrolled", ["a", "b", "c", "d"]),
    ],
)
def test_orders_put_what_is_empty_last(
    place: Callable[..., Any], in_tenant: Any, now: datetime, order: str, expected: list[str]
) -> None:
    day = timedelta(days=1)
    place("d", enrolled_on=date(2025, 10, 1))
    place("c", phq9_baseline=20, phq9_last=5)
    place("b", phq9_baseline=10, phq9_last=20, last_contact_on=TODAY - 2 * day, next_due_on=TODAY + 2 * day)
    place(
        "a", phq9_baseline=10, phq9_last=9, gad7_baseline=8, gad7_last=4, last_contact_on=TODAY - day,
        next_due_on=TODAY + day,
    )  # fmt: skip
    assert names(in_tenant, now, order=order) == expected


@pytest.mark.parametrize("order", sorted(ORDERS))
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_lead_through_everybody_once_and_back(
    place: Callable[..., Any], in_tenant: Any, now: datetime, order: str, limit: int
) -> None:
    for number in range(7):
        dated = {} if number % 3 == 0 else {"next_due_on": TODAY, "last_contact_on": TODAY, "phq9_last": number % 2}
        place(f"same{number % 2}", phq9_baseline=5, **dated)
    clinics, chosen = clinics_today(in_tenant.id, now), CaseloadFilter(order=order)
    whole = [row.episode_id for row in caseload_page(in_tenant.id, chosen, clinics=clinics).rows]
    assert len(set(whole)) == 7
    seen, page = [], caseload_page(in_tenant.id, chosen, clinics=clinics, limit=limit)
    assert page.previous_before is None
    while page.next_after is not None:
        assert page.first_row == len(seen) + 1
        seen += [row.episode_id for row in page.rows]
        page = caseload_page(in_tenant.id, chosen, clinics=clinics, limit=limit, after=page.next_after)
    seen += [row.episode_id for row in page.rows]
    assert seen == whole
    before = page.previous_before
    back = caseload_page(in_tenant.id, chosen, clinics=clinics, limit=limit, before=before)
    at = whole.index(before)
    assert [row.episode_id for row in back.rows] == whole[max(0, at - limit) : at]
    assert back.first_row == max(0, at - limit) + 1


def test_a_row_that_no_longer_matches_gives_the_first_page(
    place: Callable[..., Any], in_tenant: Any, now: datetime
) -> None:
    place("somebody")
    clinics = clinics_today(in_tenant.id, now)
    page = caseload_page(in_tenant.id, CaseloadFilter(), clinics=clinics, after=uuid4())
    assert (len(page.rows), page.total, page.first_row) == (1, 1, 1)


def test_filters(place: Callable[..., Any], in_tenant: Any, now: datetime, membership: Callable[..., Any]) -> None:
    seat, north = membership("care_manager"), ClinicFactory(organization=in_tenant, name="North")
    place("mine", care_manager=seat)
    place("north", clinic=north)
    place("prevention", status="relapse_prevention")
    place("gone", status="discharged")
    assert names(in_tenant, now, order="name") == ["mine", "north", "prevention"]
    assert names(in_tenant, now, care_manager_id=seat.id) == ["mine"]
    assert names(in_tenant, now, clinic_id=north.id) == ["north"]
    assert names(in_tenant, now, status="relapse_prevention") == ["prevention"]
    assert names(in_tenant, now, status="discharged") == ["gone"]
    assert names(in_tenant, now, status="all", order="name") == ["gone", "mine", "north", "prevention"]


SIGNALS = [
    {"word": "stalled", "since": "2026-02-01", "until": None},
    {"word": "contact_lapsed", "since": "2026-03-02", "until": "2026-03-03"},
    {"word": "never_reviewed", "since": "2026-02-01", "until": "2026-03-02"},
    {"word": "long_episode", "since": "2026-03-03", "until": None},
]


@pytest.mark.parametrize(
    ("family", "found"),
    [("course", ["rivera"]), ("contact", ["rivera"]), ("review", []), ("length", []), ("safety", [])],
)
def test_signals_that_stand_today(
    place: Callable[..., Any], in_tenant: Any, now: datetime, family: str, found: list[str]
) -> None:
    place("rivera", signals=[{**signal, "evidence": [], "clears": ""} for signal in SIGNALS])
    place("quiet")
    assert names(in_tenant, now, family=family) == found


def test_programs_payers_states_and_days_of_discharge(place: Callable[..., Any], in_tenant: Any, now: datetime) -> None:
    payer = PayerFactory(organization=in_tenant)
    covered = place("covered", response_state="remission")
    CoverageFactory(organization=in_tenant, patient=covered.patient, payer=payer, until_on=TODAY)
    lapsed = place("lapsed")
    CoverageFactory(organization=in_tenant, patient=lapsed.patient, payer=payer, until_on=TODAY - timedelta(days=1))
    CoverageFactory(
        organization=in_tenant, patient=lapsed.patient, payer=payer, rank=2, voided_at=now,
        voided_by=system_seat(in_tenant),
    )  # fmt: skip
    gone = place("gone", status="discharged")
    ended = {"ended_on": date(2026, 2, 10), "end_reason": "graduated", "status": "discharged", "program": "bhi"}
    type(gone.episode).objects.filter(id=gone.episode.id).update(**ended)
    assert names(in_tenant, now, payer_id=payer.id) == ["covered"]
    assert names(in_tenant, now, payer_id=uuid4()) == []
    assert names(in_tenant, now, response="remission") == ["covered"]
    assert names(in_tenant, now, program="bhi", status="all") == ["gone"]
    assert names(in_tenant, now, program="cocm", order="name") == ["covered", "lapsed"]
    day = timedelta(days=1)
    for ended_from, ended_until, found in (
        (ended["ended_on"], None, ["gone"]),
        (ended["ended_on"] + day, None, []),
        (None, ended["ended_on"], ["gone"]),
        (None, ended["ended_on"] - day, []),
    ):
        assert names(in_tenant, now, status="discharged", ended_from=ended_from, ended_until=ended_until) == found


def test_all_filters_at_once(place: Callable[..., Any], in_tenant: Any, now: datetime) -> None:
    """The statement holds together whatever is chosen, in every order, from the start and from a row."""
    standing = place("rivera", response_state="worse")
    chosen = CaseloadFilter(
        status="all", clinic_id=standing.clinic_id, care_manager_id=uuid4(), program="cocm", payer_id=uuid4(),
        response="worse", family="course", ended_from=TODAY, ended_until=TODAY, search="riv",
    )  # fmt: skip
    clinics = clinics_today(in_tenant.id, now)
    for order in ORDERS:
        for after in (None, standing.episode_id):
            page = caseload_page(in_tenant.id, replace(chosen, order=order), clinics=clinics, after=after)
            assert (page.rows, page.total, page.is_anybody) == ((), 0, True)


def test_a_list_narrowed_elsewhere_is_paged(place: Callable[..., Any], in_tenant: Any, now: datetime) -> None:
    for number in range(5):
        place(f"name{number}")
    clinics, chosen = clinics_today(in_tenant.id, now), CaseloadFilter(program="cocm", order="name")
    first = caseload_page(in_tenant.id, chosen, clinics=clinics, limit=3)
    second = caseload_page(in_tenant.id, chosen, clinics=clinics, limit=3, after=first.next_after)
    assert [row.name.split(",")[0] for page in (first, second) for row in page.rows] == [
        "Name0", "Name1", "Name2", "Name3", "Name4",
    ]  # fmt: skip
    assert (second.first_row, second.total, second.next_after) == (4, 5, None)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("rivera", ["rivera"]),
        ("  RIV giv ", ["rivera"]),
        ("Rivera, Given", ["rivera"]),
        ("given", ["obrien", "rivera"]),
        ("O'Brien", ["obrien"]),
        ("77", ["rivera"]),
        ("00077", ["rivera"]),
        ("7", []),
        ("5/4/1961", ["obrien"]),
        ("1961-05-04", ["obrien"]),
        ("%", []),
        ("_", []),
        ("nobody", []),
        ("=1+1", []),
    ],
)
def test_search(place: Callable[..., Any], in_tenant: Any, now: datetime, search: str, found: list[str]) -> None:
    place("rivera", patient__mrn="00077", patient__birth_date=date(1980, 1, 1))
    place("obrien", patient__mrn="12", status="discharged")
    assert names(in_tenant, now, search=search, status="all", order="name") == found


def test_today_is_the_clinics(place: Callable[..., Any], in_tenant: Any) -> None:
    guam = ClinicFactory(organization=in_tenant, name="Guam", time_zone="Pacific/Guam")
    place("here", safety_from=date(2026, 3, 3))
    place("there", clinic=guam, safety_from=date(2026, 3, 3))
    evening = datetime.fromisoformat("2026-03-02T20:00-06:00")
    clinics = clinics_today(in_tenant.id, evening)
    page = caseload_page(in_tenant.id, CaseloadFilter(), clinics=clinics)
    assert [(row.name.split(",")[0], row.today) for row in page.rows] == [
        ("There", date(2026, 3, 3)),
        ("Here", date(2026, 3, 2)),
    ]


def test_another_tenants_patients_are_not_there(
    place: Callable[..., Any], in_tenant: Any, now: datetime, other_organization: Any
) -> None:
    with tenant(other_organization):
        EpisodeStandingFactory(organization=other_organization)
    place("ours")
    assert names(in_tenant, now) == ["ours"]
    page = caseload_page(in_tenant.id, CaseloadFilter(), clinics=clinics_today(in_tenant.id, now))
    assert (page.total, page.is_anybody) == (1, True)


def test_an_organization_without_clinics_has_an_empty_list(in_tenant: Any, now: datetime) -> None:
    page = caseload_page(in_tenant.id, CaseloadFilter(search="1961-05-04"), clinics=clinics_today(in_tenant.id, now))
    assert (page.rows, page.total, page.is_anybody) == ((), 0, False)


@pytest.mark.parametrize("size", [0, 1, 30])
def test_one_statement_for_any_number(place: Callable[..., Any], in_tenant: Any, now: datetime, size: int) -> None:
    for number in range(size):
        place(f"name{number}")
    clinics = clinics_today(in_tenant.id, now)
    with CaptureQueriesContext(connection) as queries:
        page = caseload_page(in_tenant.id, CaseloadFilter(), clinics=clinics)
    assert (len(page.rows), len(queries)) == (size, 1)


def test_a_row_shows_where_the_patient_stands(
    enrolled: Callable[..., Any], log: Callable[..., Any], in_tenant: Any, now: datetime
) -> None:
    episode = enrolled("Rivera", enrolled_on=date(2026, 1, 12))
    log(episode)
    (row,) = caseload_page(in_tenant.id, CaseloadFilter(), clinics=clinics_today(in_tenant.id, now)).rows
    assert (row.name, row.weeks, row.status_label, row.response) == ("Rivera, Ana", 7, "Active", "No baseline yet")
    assert (row.last_contact_on, row.is_open, row.is_overdue, row.phq9.is_referral) == (TODAY, True, False, False)
    assert [(chip.label, chip.since, chip.evidence) for chip in row.signals] == [
        ("Never reviewed", date(2026, 2, 11), ("Enrolled, Jan 12",)),
        ("Measure overdue", date(2026, 2, 10), ("Enrolled, Jan 12",)),
    ]
    assert EpisodeStanding.objects.count() == 1
