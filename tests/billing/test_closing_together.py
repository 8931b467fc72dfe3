"""Closing at several clinics in one action: each for itself, and who stays open says why."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import FrozenMonth, MonthClose
from billing.operations.closing import close_month, close_months, correct_month
from billing.queries.closing import clinic_month, clinic_months, lines_of
from registry.models import Coverage, Episode
from registry.operations.people import add_coverage
from registry.operations.recording import Stamp, void_facts
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

FEBRUARY = "2026-02"
LATER = AT + timedelta(hours=1)


def closing(people: Program, *clinics: Any, **fields: Any) -> list[tuple[str, bool, str]]:
    given = {"by": people.by, "at": AT, "month": FEBRUARY, "note": "", "client_token": uuid4()}
    found = close_months(**{**given, **fields}, clinic_ids=[clinic.id for clinic in clinics])
    return [(one.clinic, one.close is not None, one.refusal) for one in found]


@pytest.fixture
def two(lakeside: Program) -> tuple[Any, Any]:
    """A clinic with an exception, and one in which nothing happened."""
    lakeside.billing_patient("Abara", without=("diagnosis",))
    return lakeside.clinic, ClinicFactory(organization=lakeside.organization, name="Zion")


def test_what_cannot_be_closed_says_why_and_the_others_close(lakeside: Program, two: Any):
    refusal = "2 exceptions are open. Settle them, or write in the note why the month closes all the same."
    assert closing(lakeside, *two) == [(two[0].name, False, refusal), ("Zion", True, "")]
    assert [close.clinic for close in MonthClose.objects.all()] == [two[1]]


def test_a_second_submit_closes_nothing_anew_and_the_rest_follows_with_a_note(lakeside: Program, two: Any):
    token = uuid4()
    closing(lakeside, *two, client_token=token)
    answers = closing(lakeside, *two, client_token=token, note="The diagnosis comes.")
    assert answers == [(two[0].name, True, ""), ("Zion", True, "")]
    assert closing(lakeside, *two, client_token=token) == answers
    assert list(MonthClose.objects.order_by("clinic__name").values_list("note", flat=True)) == [
        "The diagnosis comes.",
        "",
    ]


def test_each_closes_as_it_would_alone(lakeside: Program):
    other = ClinicFactory(organization=lakeside.organization, name="Zion")
    lakeside.billing_patient("Abara")
    lakeside.billing_patient("Berg", 5, clinic=other)
    closing(lakeside, lakeside.clinic, note="Entered from paper.")
    close_month(by=lakeside.by, at=AT, clinic_id=other.id, month=FEBRUARY, note="Entered.", client_token=uuid4())
    rows = FrozenMonth.objects.order_by("patient__sort_name")
    assert [(row.close.clinic, row.minutes, [line.code for line in lines_of(row)]) for row in rows] == [
        (lakeside.clinic, 40, ["99492"]),
        (other, 5, []),
    ]


def test_a_month_that_runs_or_is_closed_is_told_of(lakeside: Program):
    closing(lakeside, lakeside.clinic)
    name = lakeside.clinic.name
    said = f"February 2026 is closed at {name} already. Nothing was changed."
    assert closing(lakeside, lakeside.clinic) == [(name, False, said)]
    said = f"April 2026 still runs at {name}. It can be closed once it is over there."
    assert closing(lakeside, lakeside.clinic, month="2026-04") == [(name, False, said)]


class TestChangedSince:
    def closed(self, people: Program) -> MonthClose:
        return close_month(
            by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4()
        )

    def test_an_enrolment_that_was_taken_back_is_listed_and_corrected_to_nothing(self, lakeside: Program):
        episode = lakeside.billing_patient()
        made = self.closed(lakeside)
        Episode.objects.filter(id=episode.id).update(
            voided_at=LATER, voided_by=lakeside.by, void_reason="Recorded in error"
        )
        (changed,) = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed
        assert (changed.episode_id, changed.is_taken_back, changed.now, changed.minutes) == (episode.id, True, (), 0)
        row = correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="In error")
        first = FrozenMonth.objects.get(number=1)
        assert [(line.code, line.units) for line in lines_of(row)] == [("99492", -1)]
        assert (row.minutes, row.verdict, row.facts_sha256) == (0, None, first.facts_sha256)
        assert clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed == ()

    def test_another_payer_is_listed_and_asked_once_it_is_corrected(self, lakeside: Program):
        episode = lakeside.billing_patient()
        made = self.closed(lakeside)
        void_facts(list(Coverage.objects.all()), stamp=Stamp(lakeside.by, LATER), reason="Recorded in error")
        advantage = lakeside.payer("Medicare Part B of Ohio", payer_code="MCR02")
        add_coverage(by=lakeside.by, at=LATER, patient=episode.patient, payer=advantage, member_id="2")
        (changed,) = clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed
        assert changed.payer == "Medicare Part B, now Medicare Part B of Ohio"
        row = correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=episode.id, because="Her card")
        assert (row.payer, [(line.code, line.units) for line in lines_of(row)]) == (
            advantage,
            [("99492", -1), ("99492", 1)],
        )
        assert clinic_month(lakeside.organization.id, FEBRUARY, lakeside.clinic.id).changed == ()

    def test_a_month_of_an_unknown_enrolment_is_not_found(self, lakeside: Program):
        made = self.closed(lakeside)
        with pytest.raises(NotFound):
            correct_month(by=lakeside.by, at=LATER, close_id=made.id, episode_id=uuid4(), because="Hm")


def test_any_number_of_clinics_costs_the_same(lakeside: Program):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            clinic_months(lakeside.organization.id, FEBRUARY)
        return len(queries)

    lakeside.billing_patient("Abara")
    closing(lakeside, ClinicFactory(organization=lakeside.organization))
    one = statements()
    for name in ("Berg", "Castro"):
        clinic = ClinicFactory(organization=lakeside.organization)
        lakeside.billing_patient(name, clinic=clinic)
        closing(lakeside, ClinicFactory(organization=lakeside.organization))
    assert statements() == one


class TestThePage:
    URL = f"/o/lakeside/billing/months/{FEBRUARY}/close/"

    @pytest.fixture
    def people(self, organization: Any, clinic: Any) -> Program:
        with tenant(organization):
            return program(organization, clinic)

    @pytest.fixture
    def billing(self, client_for: Any) -> Client:
        return client_for("billing")

    def test_it_shows_every_clinic_and_closes_those_that_are_ticked(self, people: Program, billing: Client):
        with tenant(people.organization):
            people.billing_patient("Abara", without=("diagnosis",))
            zion = ClinicFactory(organization=people.organization, name="Zion")
        assert self.URL in billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/").content.decode()
        assert "Exceptions open 2 to settle, or to explain" in text_of(billing.get(self.URL))
        typed = {"client_token": uuid4(), "note": "", "clinics": [people.clinic.id, zion.id]}
        answer = billing.post(self.URL, typed, follow=True)
        words = text_of(answer)
        assert answer.redirect_chain == [(self.URL, 302)]
        assert "February 2026 is closed at Zion." in words
        assert f"Not closed at {people.clinic.name}: 2 exceptions are open." in words
        refused = billing.post(self.URL, {**typed, "clinics": [people.clinic.id], "client_token": uuid4()})
        assert (refused.status_code, "2 exceptions are open. Settle them" in text_of(refused)) == (422, True)
        assert billing.post(self.URL, {**typed, "note": "The diagnosis comes."}).status_code == 302
        assert "No clinic waits" in text_of(billing.get(self.URL))

    def test_nothing_ticked_or_a_foreign_clinic_closes_nothing(self, people: Program, billing: Client):
        typed = {"client_token": uuid4(), "note": "All of it."}
        for clinics, said in (([], "Choose at least one clinic."), ([uuid4()], "Choose from the list.")):
            answer = billing.post(self.URL, {**typed, "clinics": clinics})
            assert (answer.status_code, said in text_of(answer), "All of it." in text_of(answer)) == (422, True, True)
        with tenant(people.organization):
            assert MonthClose.objects.count() == 0

    def test_it_costs_the_same_for_many_patients(
        self, people: Program, billing: Client, django_assert_max_num_queries: Any
    ):
        counts = []
        for names in (("Abara",), ("Berg", "Castro")):
            with tenant(people.organization):
                for name in names:
                    clinic = ClinicFactory(organization=people.organization)
                    people.billing_patient(name, clinic=clinic)
            with django_assert_max_num_queries(60) as queries:
                billing.get(self.URL)
            counts.append(len(own(queries)))
        assert counts[0] == counts[1]

    def test_a_month_without_entries_still_lists_its_clinics(self, people: Program, billing: Client):
        answer = billing.get("/o/lakeside/billing/months/2026-01/close/")
        assert (people.clinic.name in text_of(answer), date(2026, 1, 1).isoformat() in text_of(answer)) == (True, False)
