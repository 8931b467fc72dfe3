"""Saving a contact against one bare insert: through the page, and the operation alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from bench.measuring import Measurement, side_by_side
from bench.pages import signed_in
from bench.views import insert_entry
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Clinic, Membership
from caseload.operations import NextContact, record_contact
from caseload.rules.worktime import WorkTime
from registry.models import Episode
from registry.operations.assessments import ScoreGiven

ANSWERS = (2, 2, 1, 2, 1, 1, 2, 1, 0)
SLOTS_A_DAY = 40


class Work:
    """Free slots of the person, one after the other, each for another patient."""

    def __init__(self, seat: Membership, *, at: datetime) -> None:
        self.seat, self.at = seat, at
        with tenant(seat.organization):
            self.zone = ZoneInfo(Clinic.objects.values_list("time_zone", flat=True)[0])
            self.episodes = list(Episode.objects.order_by("id")[:1000])
        self._numbers = count()

    def next(self) -> tuple[Episode, datetime]:
        number = next(self._numbers)
        day = self.at.astimezone(self.zone).date() - timedelta(days=1 + number // SLOTS_A_DAY)
        start = datetime.combine(day, time(8), self.zone) + timedelta(minutes=10 * (number % SLOTS_A_DAY))
        return self.episodes[number % len(self.episodes)], start


def measure_saving(seat: Membership, *, at: datetime, rounds: int) -> list[Measurement]:
    """Medians of many, limit and measurement in turn."""
    work = Work(seat, at=at)
    bare, operation = side_by_side(lambda: _insert(work), lambda: _record(work), rounds=rounds)
    with signed_in(seat) as client:
        through, full, plain = side_by_side(
            lambda: _post_insert(client, work),
            lambda: _post_contact(client, work, has_scores=True),
            lambda: _post_contact(client, work, has_scores=False),
            rounds=rounds,
        )
    return [
        Measurement(
            "saving a contact, the page's POST",
            full.median,
            through.median,
            4,
            f"note, minutes, PHQ-9 and next contact; {full}; limit: a POST that inserts one row, {through}",
        ),
        Measurement("the same without scores", plain.median, through.median, 4, str(plain)),
        Measurement(
            "saving a contact, the operation alone",
            operation.median,
            bare.median,
            note=f"told only: the budget is a page's; {operation}; limit: one row inserted and committed, {bare}",
        ),
    ]


def _insert(work: Work) -> None:
    episode, start = work.next()
    with tenant(work.seat.organization):
        insert_entry(work.seat, episode, starts=start.isoformat())


def _record(work: Work) -> None:
    episode, start = work.next()
    with tenant(work.seat.organization):
        record_contact(
            by=work.seat,
            at=work.at,
            episode_id=episode.id,
            client_token=uuid7(),
            time=WorkTime(span=(start.astimezone(UTC), (start + timedelta(minutes=5)).astimezone(UTC))),
            mode="phone",
            note="Behavioral activation: two walks a week agreed.",
            scores=[ScoreGiven("phq9", items=ANSWERS)],
            next_contact=NextContact(work.at.date() + timedelta(days=14), "PHQ-9"),
        )


def _post_insert(client: Client, work: Work) -> None:
    episode, start = work.next()
    url = reverse("bench_insert", args=[work.seat.organization.slug, episode.id])
    _moved_on(client.post(url, {"starts": start.isoformat()}))


def _post_contact(client: Client, work: Work, *, has_scores: bool) -> None:
    episode, start = work.next()
    url = reverse("contact_new", args=[work.seat.organization.slug, episode.patient_id])
    _moved_on(client.post(url, dict(_typed(work, start, has_scores=has_scores))))


def _typed(work: Work, start: datetime, *, has_scores: bool) -> Iterator[tuple[str, str]]:
    yield from {
        "client_token": str(uuid7()),
        "activity": "treatment",
        "mode": "phone",
        "on": f"{start:%Y-%m-%d}",
        "known": "clock",
        "starts": f"{start:%H:%M}",
        "ends": f"{start + timedelta(minutes=5):%H:%M}",
        "note": "Behavioral activation: two walks a week agreed.",
        "next_on": f"{work.at + timedelta(days=14):%Y-%m-%d}",
        "next_purpose": "PHQ-9",
    }.items()
    if has_scores:
        yield from ((f"phq9_{number}", str(answer)) for number, answer in enumerate(ANSWERS, start=1))


def _moved_on(response: HttpResponseBase) -> None:
    assert response.status_code == 302, f"not saved: {response.status_code}"
