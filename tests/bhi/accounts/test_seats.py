"""What a seat may do, where, with which credentials, and when it is away; somebody can always let people in."""

import re
from datetime import date, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.utils import timezone

from bhi.accounts.errors import CredentialRefused, LastAdmin, LeaveRefused, OwnSeat, RoleMissing
from bhi.accounts.models import CredentialKind, Invitation, SeatClinic, SeatCredential, SeatLeave
from bhi.accounts.operations.access import end_seat, return_to_seat, set_access, set_person
from bhi.accounts.operations.credentials import (
    CredentialValues,
    end_leave,
    record_credential,
    record_leave,
    void_credential,
)
from bhi.accounts.operations.invitations import Invited, invite
from bhi.accounts.operations.notices import BODIES, SUBJECTS, mail_of_access
from bhi.accounts.queries import clinics_of, credentials_on
from bhi.accounts.queries.people import Show, ending_of, people_page
from bhi.accounts.queries.seat_page import seat_page
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Role
from tests.factories.going_live import SeatClinicFactory, SeatCredentialFactory
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import NOW, PASSWORD, ClinicFactory, MembershipFactory

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)
ALL = frozenset()


@pytest.fixture
def admin(in_tenant, membership):
    return membership("admin")


@pytest.fixture
def seat(in_tenant, membership):
    return membership("care_manager", name="Rosa Lind")


def give(admin, seat, *roles, clinics=ALL):
    set_access(by=admin, at=NOW, seat_id=seat.id, roles=[Role(role) for role in roles], clinics=clinics)
    return Membership.objects.get(id=seat.id).roles


def fields_of_last():
    return AuditEvent.objects.order_by("id").last().fields


def told():
    jobs = Job.objects.filter(kind="tell_of_access")
    return {(job.arguments["membership_id"], job.arguments["word"]) for job in jobs}


class TestAccess:
    def test_a_new_admin_is_told_to_who_answers(self, admin, seat):
        give(admin, seat, "admin")
        give(admin, seat, "admin", "billing")
        assert told() == {(str(admin.id), "admin_made")}

    def test_a_new_lead_too_and_once_for_who_gets_both(self, admin, seat, membership):
        give(admin, seat, "clinic_lead")
        assert told() == {(str(admin.id), "lead_made")}
        other = membership("billing")
        give(admin, other, "admin", "clinic_lead")
        assert told() == {(str(admin.id), "lead_made"), (str(admin.id), "admin_made"), (str(seat.id), "admin_made")}

    @pytest.mark.parametrize(("role", "word"), [(Role.ADMIN, "admin_made"), (Role.CLINIC_LEAD, "lead_made")])
    def test_who_comes_back_as_one_is_told_too(self, admin, seat, role, word):
        Membership.objects.filter(id=seat.id).update(is_active=False, roles=[role.value])
        return_to_seat(by=admin, at=NOW, seat_id=seat.id, roles=[role], clinics=ALL)
        assert told() == {(str(admin.id), word)}

    def test_roles_are_given_and_taken_and_the_audit_says_which(self, admin, seat):
        assert give(admin, seat, "billing", "care_manager") == ["care_manager", "billing"]
        assert fields_of_last() == ["gave_billing"]
        assert give(admin, seat, "clinic_lead") == ["clinic_lead"]
        assert fields_of_last() == ["gave_clinic_lead", "took_billing", "took_care_manager"]

    def test_what_stays_writes_nothing(self, admin, seat):
        give(admin, seat, "care_manager")
        assert AuditEvent.objects.count() == 0

    def test_clinics_are_given_and_ended(self, admin, seat, clinic):
        other = ClinicFactory(organization=admin.organization)
        give(admin, seat, "care_manager", clinics=frozenset({clinic.id, other.id}))
        give(admin, seat, "care_manager", clinics=frozenset({other.id}))
        assert clinics_of(seat) == frozenset({other.id})
        assert SeatClinic.objects.get(clinic=clinic).ended_by_id == admin.id
        give(admin, seat, "care_manager")
        assert clinics_of(seat) is None

    def test_no_role_and_foreign_clinics_and_seats_are_refused(self, admin, seat, other_organization):
        with tenant(other_organization):
            foreign = ClinicFactory(organization=other_organization)
        stranger = MembershipFactory(organization=other_organization)
        with pytest.raises(RoleMissing):
            give(admin, seat)
        for refused, clinics in ((seat, frozenset({foreign.id})), (stranger, ALL)):
            with pytest.raises(NotFound):
                give(admin, refused, "billing", clinics=clinics)

    def test_the_organizations_own_actor_is_nobodys_to_change(self, admin):
        system = MembershipFactory(organization=admin.organization, user=None, is_system=True)
        with pytest.raises(NotFound):
            give(admin, system, "admin")

    def test_nobody_gives_themselves_more(self, admin, clinic):
        with pytest.raises(OwnSeat):
            give(admin, admin, "admin", "clinic_lead")

    def test_nobody_gives_themselves_more_clinics(self, admin, clinic):
        other = ClinicFactory(organization=admin.organization)
        SeatClinic.objects.create(
            organization=admin.organization, seat=admin, clinic=clinic, given_at=NOW, given_by=admin
        )
        for wider in (ALL, frozenset({clinic.id, other.id})):
            with pytest.raises(OwnSeat):
                give(admin, admin, "admin", clinics=wider)

    def test_everybody_may_take_from_themselves(self, in_tenant, membership):
        both, _ = membership("admin", "billing"), membership("admin")
        assert give(both, both, "billing") == ["billing"]

    @pytest.mark.parametrize("other", [{}, {"is_active": False}, {"user": None}, {"user__is_active": False}])
    def test_the_last_admin_who_can_sign_in_stays_one(self, admin, membership, other):
        first = membership("admin", **other)
        if other:
            with pytest.raises(LastAdmin):
                give(first, admin, "billing")
            with pytest.raises(LastAdmin):
                end_seat(by=first, at=NOW, seat_id=admin.id)
        else:
            assert give(first, admin, "billing") == ["billing"]

    def test_a_name_is_changed(self, admin, seat):
        set_person(by=admin, at=NOW, seat_id=seat.id, name=" Rosa Lindqvist ", credential="LCSW")
        set_person(by=admin, at=NOW, seat_id=seat.id, name="Rosa Lindqvist", credential="LCSW")
        assert str(Membership.objects.get(id=seat.id)) == "Rosa Lindqvist, LCSW"
        assert [event.fields for event in AuditEvent.objects.all()] == [["credential", "name"]]


class TestCredentials:
    def license(self, **says):
        given = {"kind": CredentialKind.LICENSE, "name": "LCSW", "from_on": TODAY, "until_on": TODAY + 30 * DAY}
        return CredentialValues(**{**given, "number": "SW-1001", "state": "il", **says})

    def test_it_holds_from_its_first_to_its_last_day(self, admin, seat):
        record_credential(by=admin, at=NOW, seat_id=seat.id, values=self.license())
        days = [TODAY - DAY, TODAY, TODAY + 30 * DAY, TODAY + 31 * DAY]
        held = [credentials_on(admin.organization_id, day).get(seat.id, ()) for day in days]
        assert [[one.words for one in found] for found in held] == [
            [],
            ["License: LCSW (IL SW-1001)"],
            ["License: LCSW (IL SW-1001)"],
            [],
        ]

    def test_the_same_again_is_one(self, admin, seat):
        first = record_credential(by=admin, at=NOW, seat_id=seat.id, values=self.license())
        assert record_credential(by=admin, at=NOW, seat_id=seat.id, values=self.license()) == first

    def test_one_that_was_wrong_is_voided_with_its_reason(self, admin, seat):
        made = record_credential(by=admin, at=NOW, seat_id=seat.id, values=self.license(until_on=None))
        for _ in range(2):
            assert void_credential(by=admin, at=NOW, credential_id=made.id, reason=" Other number. ") == seat.id
        assert credentials_on(admin.organization_id, TODAY) == {}
        kept = SeatCredential.objects.get()
        assert (kept.void_reason, kept.voided_by_id) == ("Other number.", admin.id)
        with pytest.raises(NotFound):
            void_credential(by=admin, at=NOW, credential_id=uuid7(), reason="")

    def test_a_last_day_before_the_first_is_refused(self, admin, seat):
        with pytest.raises(CredentialRefused):
            record_credential(by=admin, at=NOW, seat_id=seat.id, values=self.license(until_on=TODAY - DAY))

    @pytest.mark.parametrize(
        ("days", "is_told"), [((60,), True), ((61,), False), ((-5,), True), ((None,), False), ((10, 400), False)]
    )
    def test_what_ends_within_sixty_days_or_ended_is_told_unless_it_was_renewed(self, admin, seat, days, is_told):
        for until in days:
            end = None if until is None else TODAY + until * DAY
            SeatCredentialFactory(organization=admin.organization, seat=seat, from_on=date(2025, 1, 1), until_on=end)
        shown = seat_page(admin.organization_id, seat.id, today=TODAY)
        assert bool(ending_of(shown.credentials, today=TODAY)) is is_told


class TestLeave:
    def test_it_is_recorded_once_and_ends_with_the_return(self, admin, seat):
        leave = record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY - 5 * DAY, until_on=None)
        assert record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY - 5 * DAY, until_on=None) == leave
        for _ in range(2):
            end_leave(by=admin, at=NOW, leave_id=leave.id, today=TODAY)
        leave.refresh_from_db()
        assert (leave.until_on, leave.ended_by_id) == (TODAY - DAY, admin.id)
        assert seat_page(admin.organization_id, seat.id, today=TODAY).leaves == ()

    def test_one_that_has_not_begun_is_taken_back(self, admin, seat):
        leave = record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY + DAY, until_on=TODAY + 9 * DAY)
        end_leave(by=admin, at=NOW, leave_id=leave.id, today=TODAY)
        assert SeatLeave.objects.get().until_on == TODAY + 9 * DAY
        record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY + 2 * DAY, until_on=None)

    def test_it_shows_where_patients_are_given_to_a_colleague(self, client_for, seat, in_tenant):
        today = timezone.now().date()
        lead = client_for("clinic_lead")
        EpisodeFactory(organization=in_tenant, care_manager=lead.membership)
        record_leave(by=lead.membership, at=NOW, seat_id=seat.id, from_on=today - DAY, until_on=today + DAY)
        assert "Rosa Lind (0 open, on leave)" in lead.get("/o/lakeside/team/hand-over/").content.decode()

    def test_two_that_do_not_meet(self, admin, seat):
        for first in (0, 5):
            day = TODAY + first * DAY
            record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=day, until_on=day + 3 * DAY)
        assert len(seat_page(admin.organization_id, seat.id, today=TODAY).leaves) == 2

    @pytest.mark.parametrize(("first", "last"), [(5, 4), (3, 4), (0, 0), (-9, None)])
    def test_days_that_cannot_be_are_refused(self, admin, seat, first, last):
        record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY, until_on=TODAY + 3 * DAY)
        until = None if last is None else TODAY + last * DAY
        with pytest.raises(LeaveRefused):
            record_leave(by=admin, at=NOW, seat_id=seat.id, from_on=TODAY + first * DAY, until_on=until)

    def test_no_such_leave(self, admin):
        with pytest.raises(NotFound):
            end_leave(by=admin, at=NOW, leave_id=uuid7(), today=TODAY)


class TestEndAndReturn:
    def signed_in(self, seat):
        client = Client()
        client.post("/accounts/login/", {"login": seat.user.email, "password": PASSWORD})
        assert client.get("/o/lakeside/today/").status_code == 200
        return client

    def test_the_next_request_is_nobodys(self, admin, seat):
        client = self.signed_in(seat)
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert (
            client.get("/o/lakeside/today/").headers["Location"] == "/accounts/login/?next=%2Fo%2Flakeside%2Ftoday%2F"
        )
        assert UserSession.objects.filter(user=seat.user).count() == 0

    def test_who_works_elsewhere_stays_signed_in_there_and_sees_nothing_here(self, admin, seat, other_organization):
        MembershipFactory(organization=other_organization, user=seat.user, roles=["care_manager"])
        client = self.signed_in(seat)
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert client.get("/o/lakeside/today/").status_code == 404
        assert client.get("/o/ridgeway/today/").status_code == 200

    def test_an_open_invitation_is_dead(self, admin, seat, membership):
        email = seat.user.email
        Membership.objects.filter(id=seat.id).update(is_active=False)
        invite(by=admin, at=NOW, invited=Invited(email=email, name="Rosa", roles=(Role.BILLING,)))
        return_to_seat(by=admin, at=NOW, seat_id=seat.id, roles=[Role.BILLING], clinics=ALL)
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert Invitation.objects.get().withdrawn_at == NOW

    def test_admins_and_leads_are_told_without_a_name(self, admin, seat, membership):
        lead, _ = membership("clinic_lead"), membership("billing")
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert told() == {(str(admin.id), "ended"), (str(lead.id), "ended")}
        mail_of_access(organization_id=admin.organization_id, membership_id=lead.id, word="ended")
        (message,) = mail.outbox
        assert (message.to, "Rosa" in message.body) == ([lead.user.email], False)
        mail_of_access(organization_id=admin.organization_id, membership_id=uuid7(), word="ended")
        assert len(mail.outbox) == 1
        assert set(BODIES) == set(SUBJECTS)

    def test_a_seat_without_a_person_ends_too(self, admin, membership):
        seat = membership("care_manager", user=None)
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert not Membership.objects.get(id=seat.id).is_active

    def test_its_job_sends_it(self, admin, seat):
        lead = Membership.objects.filter(id=admin.id)
        end_seat(by=admin, at=NOW, seat_id=seat.id)
        job = Job.objects.get(kind="tell_of_access")
        assert run(organization_id=admin.organization_id, job_id=job.id, at=NOW) == "done"
        assert [message.to for message in mail.outbox] == [[lead.get().user.email]]

    def test_ending_twice_is_once_and_ones_own_never(self, admin, seat, membership):
        membership("admin")
        for _ in range(2):
            end_seat(by=admin, at=NOW, seat_id=seat.id)
        assert AuditEvent.objects.filter(action="seat.ended").count() == 1
        with pytest.raises(OwnSeat):
            end_seat(by=admin, at=NOW, seat_id=admin.id)

    def test_who_comes_back_has_the_same_seat_with_fresh_roles(self, admin, seat, clinic):
        end_seat(by=admin, at=NOW, seat_id=seat.id, forced_because="Left without notice")
        with pytest.raises(RoleMissing):
            return_to_seat(by=admin, at=NOW, seat_id=seat.id, roles=[], clinics=ALL)
        for _ in range(2):
            return_to_seat(by=admin, at=NOW, seat_id=seat.id, roles=[Role.BILLING], clinics=frozenset({clinic.id}))
        back = Membership.objects.get(id=seat.id)
        assert (back.is_active, back.roles, back.ended_because) == (True, ["billing"], "")
        assert clinics_of(back) == frozenset({clinic.id})
        assert AuditEvent.objects.filter(action="seat.returned").count() == 1


@pytest.mark.usefixtures("at_now")
class TestPages:
    BASE = "/o/lakeside/people/"

    def test_the_list_counts_cuts_and_finds(self, client_for, in_tenant):
        client = client_for("admin")
        for number in range(60):
            MembershipFactory(organization=in_tenant, name=f"Colleague {number:02}")
        MembershipFactory(organization=in_tenant, name="Gone", is_active=False)
        first, second = (client.get(self.BASE + page).content.decode() for page in ("", "?page=2"))
        assert ("At work (61)" in first, "1 to 50 of 61" in first, "51 to 61 of 61" in second) == (True, True, True)
        found = client.get(self.BASE + "?name=league+07").content.decode()
        assert ("Colleague 07" in found, "Colleague 08" in found) == (True, False)
        ended = client.get(self.BASE + "?show=ended").content.decode()
        assert ("Gone" in ended, "Colleague 07" in ended) == (True, False)

    def test_rows_cost_no_more_queries(self, in_tenant, django_assert_max_num_queries):
        for _ in range(20):
            SeatCredentialFactory(organization=in_tenant)
        with django_assert_max_num_queries(8):
            page = people_page(in_tenant.id, show=Show.AT_WORK, at=NOW, today=TODAY)
        assert page.total == 20

    def test_each_change_is_saved_and_seen(self, client_for, in_tenant, clinic):
        client, seat = client_for("admin"), MembershipFactory(organization=in_tenant, name="Rosa Lind")
        at = f"{self.BASE}{seat.id}/"
        sent = {
            "access/": {"roles": ["billing"], "clinics": [str(clinic.id)]},
            "name/": {"name": "Rosa Lindqvist", "credential": "LCSW"},
            "credentials/": {"kind": "license", "name": "LCSW", "from_on": "2026-01-01", "until_on": "2026-03-20"},
            "leave/": {"from_on": "2026-03-01", "until_on": ""},
        }
        for path, form in sent.items():
            assert client.post(at + path, form).headers["Location"] == at
        page = client.get(at).content.decode()
        for words in (
            "Rosa Lindqvist",
            "ends Mar 20, 2026",
            "On leave.",
            "gave Billing",
            "recorded a license or training",
        ):
            assert words in page
        credential, leave = SeatCredential.objects.get(), SeatLeave.objects.get()
        void = {f"{credential.id}-reason": "Another’s"}
        assert client.post(f"{at}credentials/{credential.id}/void/", void).headers["Location"] == at
        assert client.post(f"{at}leave/{leave.id}/end/").headers["Location"] == at
        assert client.post(f"{at}leave/{leave.id}/end/").status_code == 404

    def test_what_is_refused_stays_as_typed(self, client_for, in_tenant):
        client = client_for("admin")
        at = f"{self.BASE}{client.membership.id}/"
        answer = client.post(at + "access/", {"roles": ["admin", "clinic_lead"]})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "Ask another admin" in page
        assert 'value="clinic_lead" id="id_roles_4" checked' in page
        typed = {"kind": "license", "name": "Typed", "from_on": "2026-03-02", "until_on": "2026-03-01"}
        assert "Typed" in client.post(at + "credentials/", typed).content.decode()

    def test_what_is_wrong_with_a_credential_or_leave_is_said_where_it_is(self, client_for, in_tenant):
        client, made = client_for("admin"), SeatCredentialFactory(organization=in_tenant)
        at = f"{self.BASE}{made.seat_id}/"
        answers = {
            f"credentials/{made.id}/void/": ({f"{made.id}-reason": ""}, "Say what was wrong with it."),
            "leave/": ({"from_on": "2026-03-09", "until_on": "2026-03-08"}, "The last day is before the first."),
            "name/": ({"name": ""}, "Enter the name."),
        }
        for path, (form, sentence) in answers.items():
            answer = client.post(at + path, form)
            assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
        others = SeatCredentialFactory(organization=in_tenant)
        assert client.post(f"{at}credentials/{others.id}/void/", {}).status_code == 404

    def test_ids_of_a_page_are_its_own(self, client_for, in_tenant):
        client, made = client_for("admin"), SeatCredentialFactory(organization=in_tenant)
        ids = re.findall(r' id="([^"]+)"', client.get(f"{self.BASE}{made.seat_id}/").content.decode())
        assert len(ids) == len(set(ids))

    def test_clinics_show_in_the_list(self, client_for, in_tenant, clinic):
        client, seat = client_for("admin"), MembershipFactory(organization=in_tenant, name="Rosa Lind")
        SeatClinicFactory(organization=in_tenant, seat=seat, clinic=clinic)
        (row,) = people_page(in_tenant.id, show=Show.AT_WORK, at=NOW, today=TODAY, name="rosa").seats
        assert row.clinics == (clinic.name,)
        assert clinic.name in client.get(self.BASE).content.decode()

    def test_who_was_ended_is_brought_back_on_the_page(self, client_for, in_tenant):
        client, seat = client_for("admin"), MembershipFactory(organization=in_tenant, is_active=False)
        at = f"{self.BASE}{seat.id}/"
        assert "Bring back" in client.get(at).content.decode()
        assert client.post(at + "return/", {"roles": ["care_manager"]}).headers["Location"] == at
        assert Membership.objects.get(id=seat.id).is_active
