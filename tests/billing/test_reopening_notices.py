"""Who is told that a closed month is to be opened again, and where it stands; what came late, over all months."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from billing.models import MonthClose
from billing.operations.closing import ask_to_reopen, close_month, correct_month, reopen_month
from billing.operations.reopening_notices import TELL, mail_of_reopening
from billing.queries.closes import late_changes, months_open_again
from billing.tasks import tell_of_reopening
from tests.billing.people import AT, Program, program
from tests.billing.test_claims_of_closed_months import late_work
from tests.billing.test_pages import text_of
from tests.factories.tenancy import MembershipFactory, UserFactory

FEBRUARY = "2026-02"
DAY = timedelta(hours=24)


def closed(people: Program) -> MonthClose:
    return close_month(
        by=people.by, at=AT, clinic_id=people.clinic.id, month=FEBRUARY, note="Seen.", client_token=uuid4()
    )


def seat(people: Program, *roles: str, **fields: Any) -> Any:
    return MembershipFactory(organization=people.organization, roles=list(roles), user=UserFactory(), **fields)


def told() -> list[tuple[str, str]]:
    jobs = Job.objects.filter(kind=TELL).order_by("id")
    return [(job.arguments["word"], job.arguments["membership_id"]) for job in jobs]


class TestWhoIsTold:
    def test_those_who_may_agree_are_asked(self, lakeside: Program):
        one, other, lead = seat(lakeside, "billing"), seat(lakeside, "billing"), seat(lakeside, "clinic_lead")
        seat(lakeside, "admin"), seat(lakeside, "billing", is_active=False)
        ask_to_reopen(by=one, at=AT, close_id=closed(lakeside).id, because="The payer was wrong.")
        assert told() == [("agree", str(id_)) for id_ in sorted([other.id, lead.id])]

    def test_alone_the_admin_is_told_when_the_day_begins_and_when_it_is_opened(self, lakeside: Program):
        alone, admin = seat(lakeside, "billing"), seat(lakeside, "admin")
        made = closed(lakeside)
        ask_to_reopen(by=alone, at=AT, close_id=made.id, because="The payer was wrong.")
        assert told() == [("asked", str(admin.id))]
        reopen_month(by=alone, at=AT + DAY, close_id=made.id)
        assert told() == [("asked", str(admin.id)), ("opened", str(admin.id))]

    def test_nobody_is_told_when_two_opened_it(self, lakeside: Program):
        one, lead = seat(lakeside, "billing"), seat(lakeside, "clinic_lead")
        made = closed(lakeside)
        ask_to_reopen(by=one, at=AT, close_id=made.id, because="The payer was wrong.")
        reopen_month(by=lead, at=AT, close_id=made.id)
        assert told() == [("agree", str(lead.id))]


class TestTheMessage:
    @pytest.mark.parametrize("word", ["agree", "asked", "opened"])
    def test_it_says_where_and_nothing_of_anybody(self, lakeside: Program, word: str):
        lead = seat(lakeside, "clinic_lead")
        lakeside.billing_patient("Quuxworth")
        made = closed(lakeside)
        mail_of_reopening(organization_id=lakeside.organization.id, close_id=made.id, membership_id=lead.id, word=word)
        (message,) = mail.outbox
        address = f"/o/lakeside/billing/months/2026-02/clinics/{lakeside.clinic.id}/"
        assert (message.to, message.subject, address in message.body) == ([lead.user.email], "A closed month", True)
        assert [name for name in ("Quuxworth", "payer", lakeside.clinic.name) if name in message.body] == []

    def test_an_admin_is_led_to_a_page_that_opens(self, lakeside: Program):
        admin = seat(lakeside, "admin")
        made = closed(lakeside)
        mail_of_reopening(
            organization_id=lakeside.organization.id, close_id=made.id, membership_id=admin.id, word="opened"
        )
        (message,) = mail.outbox
        assert "/o/lakeside/\n" in message.body
        assert "/billing/" not in message.body

    def test_who_left_or_has_no_address_gets_none(self, lakeside: Program):
        made = closed(lakeside)
        for membership_id in (lakeside.worker.id, uuid4()):
            mail_of_reopening(
                organization_id=lakeside.organization.id, close_id=made.id, membership_id=membership_id, word="asked"
            )
        lead = seat(lakeside, "clinic_lead")
        mail_of_reopening(
            organization_id=lakeside.organization.id, close_id=uuid4(), membership_id=lead.id, word="asked"
        )
        assert [message.to for message in mail.outbox if message.to == [lead.user.email]] == []

    def test_the_job_sends_it(self, lakeside: Program):
        lead = seat(lakeside, "clinic_lead")
        ask_to_reopen(by=lakeside.by, at=AT, close_id=closed(lakeside).id, because="The payer was wrong.")
        (job,) = Job.objects.filter(kind=TELL)

        class Run:
            organization_id = lakeside.organization.id
            arguments = job.arguments

        tell_of_reopening(Run())  # type: ignore[arg-type]
        assert [message.to for message in mail.outbox] == [[lead.user.email]]


class TestWhatIsOpenAgain:
    def words(self, people: Program) -> list[tuple[bool, bool, str]]:
        rows = months_open_again(people.organization.id)
        return [(one.is_open, one.is_alone, one.because) for one in rows]

    def test_asked_open_alone_and_closed_again(self, lakeside: Program):
        made = closed(lakeside)
        assert self.words(lakeside) == []
        ask_to_reopen(by=lakeside.by, at=AT, close_id=made.id, because="The payer was wrong.")
        assert self.words(lakeside) == [(False, False, "The payer was wrong.")]
        reopen_month(by=lakeside.by, at=AT + DAY, close_id=made.id)
        assert self.words(lakeside) == [(True, True, "The payer was wrong.")]
        close_month(
            by=lakeside.by, at=AT + 2 * DAY, clinic_id=lakeside.clinic.id, month=FEBRUARY, note="", client_token=uuid4()
        )
        assert self.words(lakeside) == []

    def test_a_lead_sees_it_on_the_teams_page(self, organization: Any, clinic: Any, client_for: Any):
        with tenant(organization):
            people = program(organization, clinic)
            ask_to_reopen(by=people.by, at=AT, close_id=closed(people).id, because="The payer was wrong.")
        words = text_of(client_for("clinic_lead").get("/o/lakeside/team/"))
        assert f"February 2026, {clinic.name} Asked to open" in words


class TestLateChanges:
    def test_what_came_late_stays_until_it_is_corrected(self, lakeside: Program):
        episode = lakeside.billing_patient()
        made = closed(lakeside)
        late_work(lakeside, episode, 46)
        (row,) = late_changes(lakeside.organization.id).rows
        assert (row.month, row.patient_name, row.kind, row.because, row.corrected_at) == (
            FEBRUARY,
            "Abara, Jo",
            "Added",
            "Found on paper.",
            None,
        )
        at = AT + DAY
        correct_month(by=lakeside.by, at=at, close_id=made.id, episode_id=episode.id, because="Late")
        assert late_changes(lakeside.organization.id).rows == ()
        everything = late_changes(lakeside.organization.id, is_all=True)
        assert [(one.corrected_at, everything.total, everything.open_count) for one in everything.rows] == [(at, 1, 0)]

    def test_the_page_lists_every_clinics(self, organization: Any, clinic: Any, client_for: Any):
        billing: Client = client_for("billing")
        url = "/o/lakeside/billing/late/"
        assert "Nothing came late" in text_of(billing.get(url))
        with tenant(organization):
            people = program(organization, clinic)
            episode = people.billing_patient()
            closed(people)
            late_work(people, episode, 46)
        for query in ("", "?show=all", "?page=x", "?page=0"):
            words = text_of(billing.get(url + query))
            assert ("Abara, Jo" in words, "Found on paper." in words, "1 change" in words) == (True, True, True)
        assert "Abara" not in text_of(billing.get(f"{url}?page=2"))
        assert url in billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/close/").content.decode()
