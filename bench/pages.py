"""Lists of a large organization against the least that a page can be, and the nightly sweep that keeps them right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.measuring import Count, Measurement, seconds_of, side_by_side
from bhi.accounts.operations import add_member, find_or_add_person
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership, Organization, Role
from caseload.operations import rebuild_standing
from caseload.operations.sweeps import sweep_signals
from registry.models import Episode

OWN_QUERIES, FRAME_QUERIES = 8, 14
# A page that shows patients writes one audit event, which belongs to the frame; the empty page has nobody to tell of.
AUDIT_QUERIES = 1
ROWS_SHOWN = 50
# Lists of everybody in the organization: the name of the address, and what the table calls it.
EVERYBODYS = (
    ("review_queue", "review queue, everybody's"),
    ("not_improving", "not improving"),
    ("today", "today, everybody's"),
)


def prepare(organization: Organization, *, at: datetime) -> Membership:
    """What lists read, worked out from the rows; and a care manager who signs in."""
    with tenant(organization):
        episodes = list(Episode.objects.values_list("id", flat=True))
        rebuild_standing(organization_id=organization.id, episode_ids=episodes, at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE caseload_episodestanding")
    user = find_or_add_person(email=f"{organization.slug}@bench.example", name="Bench")
    return add_member(organization=organization, user=user, name="Bench", roles=[Role.CARE_MANAGER])


def measure_pages(seat: Membership, *, patients: int, rounds: int) -> list[Measurement | Count]:
    """First page of the caseload in its default order, and one more in another order."""
    with signed_in(seat) as client:
        slug = seat.organization.slug
        empty, caseload = reverse("bench_empty", args=[slug]), reverse("caseload", args=[slug])
        shown = client.get(caseload).content.count(b"row-link")
        assert shown == min(ROWS_SHOWN, patients), f"the caseload page shows {shown} rows"
        pages = [getter(client, url) for url in (empty, caseload, f"{caseload}?order=name")]
        limit, first, by_name = side_by_side(*pages, rounds=rounds)
        in_frame, own = statements_of(pages[0]), statements_of(pages[1])
    what = f"{shown} of {patients:,} patients shown"
    return [
        Measurement("caseload page", first.median, limit.median, 4, f"{what}; {first}; limit: an empty page, {limit}"),
        Measurement("caseload page by name", by_name.median, limit.median, 4, str(by_name)),
        Count("statements of an empty page", in_frame + AUDIT_QUERIES, FRAME_QUERIES, "an audit event included"),
        Count("statements of the caseload page's own", own - in_frame - AUDIT_QUERIES, OWN_QUERIES),
    ]


def measure_lists(organization: Organization, *, patients: int, rounds: int) -> list[Measurement | Count]:
    """What a lead sees of everybody at once, whose order is worked out from stored signals."""
    user = find_or_add_person(email=f"lead.{organization.slug}@bench.example", name="Lead")
    seat = add_member(organization=organization, user=user, name="Lead", roles=[Role.CLINIC_LEAD])
    with signed_in(seat) as client:
        urls = [reverse(name, args=[organization.slug]) for name in ("bench_empty", *(name for name, _ in EVERYBODYS))]
        pages = [getter(client, url) for url in urls]
        limit, *lists = side_by_side(*pages, rounds=rounds, warm=1)
        in_frame, *own = [statements_of(page) for page in pages]
    found: list[Measurement | Count] = []
    for (_, what), times, statements in zip(EVERYBODYS, lists, own, strict=True):
        found.append(Measurement(what, times.median, limit.median, 4, f"of {patients:,} patients; {times}"))
        found.append(Count(f"statements of {what}", statements - in_frame - AUDIT_QUERIES, OWN_QUERIES))
    return found


def measure_sweep(organization: Organization, *, at: datetime) -> list[Measurement]:
    """The first night, which announces all there is, and the next one. A job: told, and held to nothing."""
    nights = [at + timedelta(days=days) for days in (1, 2)]
    first, second = [seconds_of(partial(_sweep, organization, at)) for at in nights]
    return [Measurement("nightly sweep, the first", first), Measurement("nightly sweep", second)]


def _sweep(organization: Organization, at: datetime) -> None:
    with tenant(organization) as organization_id:
        sweep_signals(organization_id=organization_id, on=at.date(), at=at)


@contextmanager
def signed_in(seat: Membership) -> Iterator[Client]:
    """The whole stack of middleware in this process, for one person, with the bench's addresses."""
    client = Client(headers={"host": "localhost"})
    assert seat.user is not None
    with override_settings(ROOT_URLCONF="bench.urls", SECURE_SSL_REDIRECT=False, SESSION_COOKIE_SECURE=False):
        client.force_login(seat.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        yield client


def getter(client: Client, url: str) -> Callable[[], HttpResponseBase]:
    """Opens a page, and fails where it does not answer well."""

    def get() -> HttpResponseBase:
        response = client.get(url)
        assert response.status_code == 200, f"{url} answers {response.status_code}"
        return response

    return get


def statements_of(page: Callable[[], HttpResponseBase]) -> int:
    """How many statements a page asks, the frame's included."""
    with CaptureQueriesContext(connection) as captured:
        page()
    return len(captured)
