"""Postgres killed under load, and its disk full: what was said to be kept is kept, once."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from bhi.files.models import StoredFile
from bhi.files.operations import store
from bhi.local import postgres
from bhi.tenancy.context import tenant
from caseload.models import Contact, TimeEntry
from caseload.operations import record_contact
from caseload.rules.worktime import WorkTime
from tests.battery.invariants import broken_but_for_jobs
from tests.battery.own_cluster import PLACES, Load, crash, own_cluster
from tests.factories.registry import ConsentFactory, EpisodeFactory, system_seat
from tests.factories.tenancy import ClinicFactory, MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "maintenance", "owner"])
PEOPLE = 6
RESTARTS = 5
MEGABYTE = 1024 * 1024


def at_work() -> tuple[Any, list[Any], list[Any]]:
    organization = OrganizationFactory(slug="faults")
    with tenant(organization):
        ClinicFactory(organization=organization)
        system_seat(organization)
        episodes = [EpisodeFactory(organization=organization) for _ in range(PEOPLE)]
        for episode in episodes:
            ConsentFactory(organization=organization, patient=episode.patient)
        people = [MembershipFactory(organization=organization, user=None) for _ in range(PEOPLE)]
    return organization, episodes, people


def test_postgres_killed_under_load_keeps_every_contact_once(figure: Any) -> None:
    with own_cluster(PLACES.local / f"faults-{os.getpid()}") as server:
        organization, episodes, people = at_work()

        def write(place: int, number: int) -> None:
            with tenant(organization):
                record_contact(
                    by=people[place], at=timezone.now(), episode_id=episodes[place].id, mode="phone",
                    client_token=UUID(int=place << 64 | number), note=f"{place} {number}",
                    time=WorkTime(on=date(2026, 1, 1) + timedelta(days=number % 300), seconds=60),
                )  # fmt: skip

        longest = 0.0
        with Load(write, PEOPLE) as load:
            for _ in range(RESTARTS):
                load.until(sum(load.kept) + 3 * PEOPLE)
                longest = max(longest, crash(server))
            load.until(sum(load.kept) + 3 * PEOPLE)
        with tenant(organization):
            kept = Contact.objects.count()
            once = TimeEntry.objects.values("client_token").distinct().count()
        # Each writer may have one kept whose answer was lost with the connection, when it was told to stop.
        assert (load.failures > 0, once == kept, 0 <= kept - sum(load.kept) <= PEOPLE) == (True, True, True)
        found = sum(broken_but_for_jobs().values())
    figure("Postgres killed under load of 6 writers (contacts kept are counted)", kept, found, longest)
    assert found == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_refuses_loses_nothing_and_goes_on_when_there_is_room(figure: Any) -> None:
    disk = PLACES.local / f"full-{os.getpid()}"
    disk.mkdir(mode=0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=420m,mode=0755", "tmpfs", disk], check=True)
    try:
        ballast = disk / "ballast"
        ballast.write_bytes(b"\0" * 80 * MEGABYTE)
        with own_cluster(disk / "cluster") as server:
            organization, _, _ = at_work()
            kept = _stored_until_full(organization)
            ballast.unlink()
            began = time.monotonic()
            if not postgres.is_running(server):
                postgres.start(server)
            connections.close_all()
            with tenant(organization):
                there = StoredFile.objects.count()
            _store(organization)
            seconds = time.monotonic() - began
            found = sum(broken_but_for_jobs().values()) + abs(there - kept)
        figure("disk full (files kept before it are counted)", kept, found, seconds)
        assert (found, kept > 0) == (0, True)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        disk.rmdir()


def _stored_until_full(organization: Any) -> int:
    """How many were said to be kept before one was refused."""
    for kept in range(400):
        try:
            _store(organization)
        except DatabaseError:
            return kept
    raise AssertionError("The disk is larger than was asked for.")


def _store(organization: Any) -> None:
    with tenant(organization):
        store(
            os.urandom(2 * MEGABYTE), organization_id=organization.id, purpose="battery", media_type="text/plain",
            at=timezone.now(),
        )  # fmt: skip
