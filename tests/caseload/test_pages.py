"""The caseload list, the chart and the contact note, through the browser's door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from bhi.tenancy.context import tenant
from caseload.models import Contact


@pytest.fixture
def client(by: Any) -> Client:
    client = Client()
    client.force_login(by.user)
    return client


@pytest.fixture(autouse=True)
def _at(now: datetime) -> Any:
    with time_machine.travel(now, tick=False):
        yield


def test_the_whole_way(client: Client, organization: Any, enrolled: Callable[..., Any]) -> None:
    with tenant(organization):
        episode = enrolled("Rivera")
    listed = client.get(f"/o/{organization.slug}/caseload/")
    assert listed.status_code == 200, listed.content.decode()[:3000]
    assert "Rivera, Ana" in listed.content.decode()
    chart = client.get(f"/o/{organization.slug}/patients/{episode.patient_id}/")
    assert chart.status_code == 200
    form = client.get(f"/o/{organization.slug}/patients/{episode.patient_id}/contacts/new/")
    assert form.status_code == 200
    values = {
        "client_token": form.context["form"].initial["client_token"], "activity": "treatment", "mode": "phone",
        "on": "2026-03-02", "starts": "09:00", "ends": "09:24", "note": "Slept better.", "next_on": "2026-03-16",
        "next_purpose": "PHQ-9", **{f"phq9_{n}": "2" for n in range(1, 9)}, "phq9_9": "1",
    }  # fmt: skip
    preview = client.post(f"/o/{organization.slug}/patients/{episode.patient_id}/contacts/preview/", values)
    assert "Counts: 24 min." in preview.content.decode()
    saved = client.post(f"/o/{organization.slug}/patients/{episode.patient_id}/contacts/new/", values, follow=True)
    assert saved.status_code == 200, saved.content.decode()[:3000]
    assert "PHQ-9 17, item 9: 1" in saved.content.decode()
    with tenant(organization):
        assert Contact.objects.count() == 1
