"""People, for tests of the registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from tests.pages import client

__all__ = ["client"]


@pytest.fixture
def by(membership: Callable[..., Any]) -> Any:
    """The care manager who does what a test does."""
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def person(in_tenant: Any, clinic: Any, by: Any, now: datetime) -> Callable[..., Any]:
    """`person("Rivera", "Ana")`: somebody on record, through the registry's own operation."""
    from registry.operations import add_patient

    counter = iter(range(1, 10_000))

    def make(family_name: str = "Rivera", given_name: str = "Ana", **details: Any) -> Any:
        values = {"clinic": clinic, "mrn": f"{next(counter):06}", "birth_date": date(1961, 5, 4), **details}
        return add_patient(by=by, at=now, family_name=family_name, given_name=given_name, **values)

    return make


@pytest.fixture
def run_jobs(organization: Any) -> Callable[[datetime], list[str]]:
    """`run_jobs(at)`: run what is due then, as a worker would, and what that queues. Returns the kinds that ran."""
    from bhi.jobs.models import Job, JobState
    from bhi.jobs.operations import run
    from bhi.tenancy.context import tenant

    def due(at: datetime) -> Job | None:
        with tenant(organization):
            return Job.objects.filter(state=JobState.QUEUED, run_after__lte=at).order_by("queued_at", "id").first()

    def work(at: datetime) -> list[str]:
        done = []
        while (job := due(at)) is not None:
            assert run(organization_id=organization.id, job_id=job.id, at=at) == JobState.DONE, job.kind
            done.append(job.kind)
        return done

    return work


@pytest.fixture
def on_duty(in_tenant: Any, clinic: Any, by: Any, now: datetime) -> Callable[..., None]:
    """`on_duty(ana, ben)`: these people are called first and second at every hour of the week."""
    from datetime import time

    from registry.operations.duty import add_turns
    from tests.factories.registry import system_seat

    system_seat(in_tenant)

    def put(*people: Any) -> None:
        add_turns(
            by=by,
            at=now,
            clinic_id=clinic.id,
            weekdays=range(7),
            begins_at=time(0),
            ends_at=time(0),
            people=[person.id for person in people],
        )

    return put


@pytest.fixture
def referred(organization: Any, clinic: Any, in_tenant: Any) -> Callable[..., Any]:
    """`referred("Novak", urgency="urgent")`: somebody who was referred on Friday, first attempt due Tuesday."""
    from tests.factories.program import ReferralFactory

    def make(family_name: str = "Rivera", **fields: Any) -> Any:
        person = {"patient__family_name": family_name, "patient__given_name": "Ana", "patient__clinic": clinic}
        values = {} if "patient" in fields else person
        return ReferralFactory(organization=organization, **values, **fields)

    return make


@pytest.fixture
def typed(clinic: Any) -> dict[str, str]:
    """A referral as somebody types it."""
    from uuid import uuid4

    return {
        "client_token": str(uuid4()), "given_name": "Ana", "family_name": "O'Brien", "birth_date": "1961-05-04",
        "phone": "312-555-0134", "may_leave_voicemail": "yes", "clinic": str(clinic.id), "referred_on": "2026-03-02",
        "source": "clinician", "urgency": "soon", "reason": "Low mood since autumn", "phq9": "18", "phq9_item9": "1",
        "gad7": "12", "who": "", "known": "",
    }  # fmt: skip
