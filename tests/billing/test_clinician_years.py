"""Qualifying participants: said by year, and what that changes of amounts and frozen facts."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import ClinicianYear, FrozenMonth
from billing.operations.clinician_years import set_qualifying
from billing.operations.closing import close_month
from billing.operations.profiles import set_profile
from billing.queries.clinician_years import PAGE as ROWS
from billing.queries.clinician_years import clinician_rates
from billing.queries.closing import clinic_month
from billing.queries.verdicts import month_verdicts
from registry.models import Episode
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.registry import TreatingClinicianFactory
from tests.statements import own

PAGE = "/o/lakeside/billing/payers/rates/"


def treated(lakeside: Program, clinician: Any) -> Any:
    payer = lakeside.payer("Medicare")
    set_profile(by=lakeside.by, at=AT, payer=payer, book="medicare_ffs", from_on=date(2020, 1, 1))
    episode = lakeside.billing_patient(payer=payer)
    Episode.objects.filter(id=episode.id).update(treating_clinician=clinician)
    return episode


def february(lakeside: Program, episode: Any) -> tuple[str, Decimal | None]:
    judged = month_verdicts(lakeside.organization.id, "2026-02", episode_ids=[episode.id])[episode.id]
    return judged.facts.conversion, judged.amount


def test_a_qualifying_clinicians_months_pay_by_the_higher_factor_and_the_close_says_which(lakeside: Program):
    clinician = TreatingClinicianFactory(organization=lakeside.organization)
    episode = treated(lakeside, clinician)
    assert february(lakeside, episode) == ("standard", Decimal("160.32"))
    said = {(clinician.id, 2025): True, (clinician.id, 2026): False}
    assert set_qualifying(by=lakeside.by, at=AT, said=said) == 2
    assert february(lakeside, episode) == ("standard", Decimal("160.32"))
    assert set_qualifying(by=lakeside.by, at=AT, said={(clinician.id, 2026): True}) == 1
    assert february(lakeside, episode) == ("qualifying", Decimal("161.12"))
    close_month(
        by=lakeside.by, at=AT, clinic_id=lakeside.clinic.id, month="2026-02", note="Seen.", client_token=uuid4()
    )
    frozen = FrozenMonth.objects.get()
    assert (frozen.facts["conversion"], frozen.lines) == ("qualifying", [["99492", 1, "161.12"]])


def test_another_factor_asks_a_closed_month_for_nothing_else(lakeside: Program):
    """Estimates of closed months may be others by now; what is asked of the payer is not, so nothing is to correct."""
    clinician = TreatingClinicianFactory(organization=lakeside.organization)
    episode = treated(lakeside, clinician)
    clinic_id = lakeside.clinic.id
    close_month(by=lakeside.by, at=AT, clinic_id=clinic_id, month="2026-02", note="Seen.", client_token=uuid4())
    set_qualifying(by=lakeside.by, at=AT, said={(clinician.id, 2026): True})
    assert february(lakeside, episode) == ("qualifying", Decimal("161.12"))
    shown = clinic_month(lakeside.organization.id, "2026-02", clinic_id)
    assert (shown.changed, [row.is_closed_otherwise for row in shown.rows]) == ((), [False])


def test_what_is_said_twice_is_kept_once_and_a_stranger_is_refused(lakeside: Program):
    clinician = TreatingClinicianFactory(organization=lakeside.organization)
    for changed in (1, 0):
        assert set_qualifying(by=lakeside.by, at=AT, said={(clinician.id, 2026): True}) == changed
    assert AuditEvent.objects.get(action="clinician_year.set").count == 1
    with pytest.raises(NotFound):
        set_qualifying(by=lakeside.by, at=AT, said={(clinician.id, 2026): False, (uuid4(), 2026): True})
    assert ClinicianYear.objects.get().is_qualifying is True


def test_the_clinicians_are_cut_with_a_way_on(lakeside: Program):
    for number in range(ROWS + 1):
        TreatingClinicianFactory(organization=lakeside.organization, sort_name=f"family{number:03}")
    first, last = (clinician_rates(lakeside.organization.id, (2026,), page=page) for page in (1, 9))
    assert (len(first.rows), len(last.rows), last.page, last.first_row, first.total) == (ROWS, 1, 2, ROWS + 1, ROWS + 1)


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_the_page_takes_what_is_chosen_and_leaves_the_rest(people: Program, billing: Client):
    assert "No treating clinician yet" in text_of(billing.get(PAGE))
    with tenant(people.organization):
        one, other = (TreatingClinicianFactory(organization=people.organization) for _ in range(2))
    page = billing.get(PAGE)
    year = page.context["years"][1]
    assert page.text.count("Not known</option>") == 6
    typed = {f"said-{one.id}-{year}": "yes", f"said-{other.id}-{year}": ""}
    for _ in range(2):
        assert billing.post(PAGE, typed).headers["Location"] == PAGE
    with tenant(people.organization):
        assert list(ClinicianYear.objects.values_list("clinician_id", "year", "is_qualifying")) == [
            (one.id, year, True)
        ]
    assert billing.post(PAGE, {f"said-{one.id}-{year}": "perhaps"}).status_code == 422
    assert billing.get(PAGE).text.count("Not known</option>") == 5


def test_the_page_costs_the_same_for_any_number(people: Program, billing: Client):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            billing.get(PAGE)
        return len(own(captured.captured_queries))

    with tenant(people.organization):
        TreatingClinicianFactory(organization=people.organization)
    before = statements()
    with tenant(people.organization):
        for _ in range(5):
            TreatingClinicianFactory(organization=people.organization)
    assert (statements(), before <= 8) == (before, True)
