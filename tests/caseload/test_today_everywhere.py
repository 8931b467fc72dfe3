"""One Today of a person who works in several organizations, and what Today says of the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from tests.factories.caseload import EpisodeStandingFactory
from tests.factories.registry import AssessmentFactory, EpisodeFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory, OrganizationFactory

TODAY = date(2026, 3, 2)
EVERYWHERE = "/today/"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def client(by: Any) -> Client:
    client = Client()
    client.force_login(by.user)
    return client


@pytest.fixture
def seat(by: Any, other_organization: Any) -> Any:
    """The same person's seat in another organization."""
    return MembershipFactory(organization=other_organization, user=by.user, roles=["care_manager"])


@pytest.fixture
def due(in_tenant: Any) -> Callable[..., Any]:
    """`due(seat, "Late", day)`: a patient of a seat with a contact planned for a day; `item9` as answered today."""

    def make(of: Any, name: str, on: date = TODAY, *, item9: int = 0, zone: str = "America/Chicago") -> Any:
        organization = of.organization
        with tenant(organization):
            clinic = ClinicFactory(organization=organization, name=f"Clinic of {name}", time_zone=zone)
            episode = EpisodeFactory(
                organization=organization, clinic=clinic, patient__clinic=clinic, patient__family_name=name,
                patient__given_name="Ana",
            )  # fmt: skip
            safety = {"safety_from": TODAY} if item9 else {}
            EpisodeStandingFactory(
                organization=organization, episode=episode, care_manager=of, next_due_on=on, **safety
            )
            if item9:
                AssessmentFactory(organization=organization, episode=episode, on=TODAY, total=12, item9=item9)
            return episode

    return make


def rows(page: Any) -> list[tuple[str, str]]:
    """Who has a row, and in which organization and clinic, in order."""
    assert page.status_code == 200
    row = r'class="row-link"[^>]*>([^<]+)</a>.*?data-label="Organization">(.*?)</td>'
    found = re.findall(row, page.text, re.DOTALL)
    return [(name, " ".join(re.sub(r"<[^>]+>", "", where).split())) for name, where in found]


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# The page


def test_all_organizations_are_one_list_by_the_harm_of_missing(
    client: Client, by: Any, seat: Any, due: Callable[..., Any]
) -> None:
    due(by, "Today")
    danger = due(seat, "Danger", item9=2)
    due(by, "Late", date(2026, 2, 26))
    due(seat, "Later", date(2026, 2, 24))
    page = client.get(EVERYWHERE)
    here, there = by.organization.name, seat.organization.name
    assert rows(page) == [
        ("Danger, Ana", f"{there} Clinic of Danger"),
        ("Later, Ana", f"{there} Clinic of Later"),
        ("Late, Ana", f"{here} Clinic of Late"),
        ("Today, Ana", f"{here} Clinic of Today"),
    ]
    assert "4 patients, 1 of them for safety" in said(page)
    assert "Follow-up overdue 6 d Was planned for Feb 24" in said(page)
    assert f'href="/o/{seat.organization.slug}/patients/{danger.patient_id}/"' in page.text
    assert [f'href="/o/{one.organization.slug}/today/"' in page.text for one in (by, seat)] == [True, True]


def test_nothing_is_acted_in_place(client: Client, by: Any, seat: Any, due: Callable[..., Any]) -> None:
    due(by, "Late", date(2026, 2, 26))
    due(seat, "Later", date(2026, 2, 24))
    page = client.get(EVERYWHERE)
    assert "Open a patient to act" in said(page)
    found = re.findall(r'(?:action|formaction|hx-\w+)="([^"]*/(?:o|patients)/[^"]*)"', page.text)
    assert found == []
    assert client.post(EVERYWHERE).status_code == 405


def test_no_patient_is_in_the_address_or_the_title(client: Client, by: Any, seat: Any, due: Callable[..., Any]) -> None:
    due(seat, "Later", date(2026, 2, 24))
    page = client.get(EVERYWHERE)
    [title] = re.findall(r"<title>(.*?)</title>", page.text, re.DOTALL)
    assert "Later" not in title
    assert [address for address in re.findall(r'href="([^"]*)"', page.text) if "Later" in address] == []
    assert page.headers["Cache-Control"] == "no-store"


def test_each_clinic_has_its_own_day(client: Client, seat: Any, due: Callable[..., Any]) -> None:
    tomorrow = date(2026, 3, 3)
    due(seat, "Chicago", tomorrow)
    due(seat, "Auckland", tomorrow, zone="Pacific/Auckland")
    page = client.get(EVERYWHERE)
    assert rows(page) == [("Auckland, Ana", f"{seat.organization.name} Clinic of Auckland")]
    assert "Planned today today Planned for today" in said(page)


def test_where_the_person_has_no_seat_or_may_not_work_nobody_shows(
    client: Client, by: Any, seat: Any, due: Callable[..., Any]
) -> None:
    closed = MembershipFactory(organization=OrganizationFactory(), user=by.user, roles=["billing"])
    left = MembershipFactory(organization=OrganizationFactory(), user=by.user, roles=["care_manager"], is_active=False)
    foreign = MembershipFactory(organization=OrganizationFactory(), roles=["care_manager"])
    due(seat, "Seen")
    for number, one in enumerate((closed, left, foreign)):
        due(one, f"Unseen{number}", item9=1)
    page = client.get(EVERYWHERE)
    assert rows(page) == [("Seen, Ana", f"{seat.organization.name} Clinic of Seen")]
    assert [one.organization.slug in page.text for one in (closed, left, foreign)] == [False, False, False]
    for one in (closed, left, foreign):
        with tenant(one.organization):
            assert not AuditEvent.objects.exists()


def test_the_work_of_others_is_not_ones_own(client: Client, seat: Any, due: Callable[..., Any]) -> None:
    colleague = MembershipFactory(organization=seat.organization, roles=["care_manager"])
    due(colleague, "Hers")
    assert rows(client.get(EVERYWHERE)) == []


def test_each_organization_is_told_of_its_own_rows(client: Client, by: Any, seat: Any, due: Callable[..., Any]) -> None:
    due(by, "One")
    for name in ("Two", "Three"):
        due(seat, name)
    client.get(EVERYWHERE)
    for one, count in ((by, 1), (seat, 2)):
        with tenant(one.organization):
            event = AuditEvent.objects.get(action="today.viewed")
            assert (event.by_id, event.count, event.patient_id) == (one.id, count, None)


def test_who_works_nowhere_is_told_what_to_do(client_for: Callable[..., Any], client: Client, seat: Any) -> None:
    assert "You work no patients yet" in said(client_for("billing").get(EVERYWHERE))
    assert "Nothing is due." in said(client.get(EVERYWHERE))
    assert Client().get(EVERYWHERE).headers["Location"].startswith("/accounts/login/")


def test_fifty_rows_are_a_page_and_the_audit_counts_what_was_shown(
    client: Client, by: Any, seat: Any, due: Callable[..., Any]
) -> None:
    due(by, "Last")
    for number in range(50):
        due(seat, f"P{number:02}", date(2026, 2, 20))
    first, second = client.get(EVERYWHERE), client.get(f"{EVERYWHERE}?from=50")
    assert (len(rows(first)), [name for name, _ in rows(second)]) == (50, ["Last, Ana"])
    with tenant(seat.organization):
        assert sorted(AuditEvent.objects.values_list("action", "count")) == [("today.viewed", 0), ("today.viewed", 50)]


def test_statements_are_constant_in_rows(client: Client, by: Any, seat: Any, due: Callable[..., Any]) -> None:
    taken = []
    for count in (1, 4):
        for number in range(count):
            for one in (by, seat):
                due(one, f"Rivera{count}{number}")
        with CaptureQueriesContext(connection) as queries:
            client.get(EVERYWHERE)
        taken.append(len(queries))
    assert taken[0] == taken[1]


# The ways there


@pytest.mark.parametrize(("roles", "is_offered"), [(["care_manager"], True), (["billing"], False)])
def test_the_choice_of_organizations_offers_it_to_who_works_in_two(
    client: Client, other_organization: Any, by: Any, roles: list[str], is_offered: bool
) -> None:
    MembershipFactory(organization=other_organization, user=by.user, roles=roles)
    page = client.get("/")
    assert [address in page.text for address in ('"/o/ridgeway/"', f'"{EVERYWHERE}"')] == [True, is_offered]


def test_today_counts_the_others_behind_their_walls_and_leads_to_all(
    client: Client, by: Any, seat: Any, due: Callable[..., Any]
) -> None:
    due(by, "Here")
    due(seat, "There")
    due(seat, "Danger", item9=1)
    page = client.get(f"/o/{by.organization.slug}/today/")
    other = seat.organization
    assert f"Also at {other.name} : 2 due, 1 of them for safety. See all on one page" in said(page)
    assert f'href="/o/{other.slug}/today/"' in page.text
    assert f'href="{EVERYWHERE}"' in page.text
    assert re.findall(r'class="row-link"[^>]*>([^<]+)<', page.text) == ["Here, Ana"]
    with tenant(other):
        assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("late", "danger", "words"), [(0, 0, "nothing due"), (2, 0, "2 due"), (0, 1, "1 due, for safety")]
)
def test_the_count_in_words(
    client: Client, by: Any, seat: Any, due: Callable[..., Any], late: int, danger: int, words: str
) -> None:
    for number in range(late + danger):
        due(seat, f"P{number}", item9=1 if number < danger else 0)
    page = client.get(f"/o/{by.organization.slug}/today/")
    assert f"Also at {seat.organization.name} : {words}. See all on one page" in said(page)


@pytest.mark.parametrize("roles", [["billing"], ["psychiatric_consultant"], ["treating_clinician"]])
def test_where_the_person_may_not_log_nothing_is_counted(
    client: Client, by: Any, other_organization: Any, roles: list[str]
) -> None:
    MembershipFactory(organization=other_organization, user=by.user, roles=roles)
    page = client.get(f"/o/{by.organization.slug}/today/")
    assert "Also at" not in said(page)
    assert f'href="{EVERYWHERE}"' not in page.text
