"""The page on which a closed month is told who treated in it."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.tenancy.context import tenant
from billing.models import FrozenMonth
from registry.models import Episode
from tests.billing.filing import FEBRUARY, clinician, closed, filed_patient
from tests.billing.people import Program, program
from tests.billing.test_pages import text_of

OTHER = {"name": "Bo Stone", "sort_name": "stone, bo", "npi": "1003000126"}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


def page_of(episode: Episode) -> str:
    return f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/"


def kept(people: Program) -> list[str]:
    with tenant(people.organization):
        rows = FrozenMonth.objects.select_related("clinician").order_by("number")
        return [str(row.clinician) for row in rows]


def test_a_closed_month_is_told_who_treated_and_corrected_once(people: Program, billing: Client):
    with tenant(people.organization):
        episode = filed_patient(people)
        bo = clinician(people, **OTHER)
    page = page_of(episode)
    assert billing.get(f"{page}clinician/").status_code == 404
    with tenant(people.organization):
        closed(people)
    assert "Treated by Ana Rivera, MD Somebody else treated" in text_of(billing.get(page))
    asked = text_of(billing.get(f"{page}clinician/"))
    assert "billed in the name of Ana Rivera, MD" in asked
    empty = billing.post(f"{page}clinician/", {"because": "", "clinician": str(bo.id)})
    assert (empty.status_code, "Say why, in a few words." in empty.text) == (422, True)
    assert f'value="{bo.id}" selected' in empty.text
    unknown = billing.post(f"{page}clinician/", {"because": "He did", "clinician": str(uuid4())})
    assert (unknown.status_code, "Choose from the list." in unknown.text) == (422, True)
    typed = {"because": "He did", "clinician": str(bo.id)}
    assert billing.post(f"{page}clinician/", typed).headers["Location"] == page
    assert billing.post(f"{page}clinician/", typed).status_code == 422
    assert kept(people) == ["Ana Rivera, MD", "Bo Stone, MD"]
    assert "Treated by Bo Stone, MD" in text_of(billing.get(page))


def test_where_there_is_nobody_else_the_page_says_what_to_do(people: Program, billing: Client):
    with tenant(people.organization):
        episode = filed_patient(people)
        closed(people)
    assert "Nobody else to choose" in text_of(billing.get(f"{page_of(episode)}clinician/"))
