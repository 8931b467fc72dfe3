"""Somebody is asked to come, and comes: once, in time, and as who they are."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bhi.accounts.errors import AlreadyHere, InvitationOver, RoleMissing, SeatTaken, WrongPerson
from bhi.accounts.links import invitation_path, read_token
from bhi.accounts.models import Invitation, User
from bhi.accounts.operations.access import end_seat, set_access
from bhi.accounts.operations.invitations import (
    Invited,
    accept_invitation,
    deliver_invitation,
    invite,
    invite_again,
    withdraw_invitation,
)
from bhi.accounts.queries import clinics_of
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership, Role
from tests.factories.going_live import InvitationFactory, SingleSignOnFactory
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory, UserFactory
from tests.races import at_once

WEEK = timedelta(days=7)
NEW = "another-long-password-9"


@pytest.fixture
def admin(in_tenant, membership):
    return membership("admin")


def asked(**fields):
    given = {"email": "Rosa.Lind@example.org", "name": "Rosa Lind", "roles": (Role.CARE_MANAGER, Role.BILLING)}
    return Invited(**{**given, **fields})


def sent(admin, at=NOW, **fields):
    return invite(by=admin, at=at, invited=asked(**fields))


def accept(invitation, person=None, at=NOW, **fields):
    typed = {"name": "Rosa Lind", "password": NEW, **fields}
    return accept_invitation(
        organization_id=invitation.organization_id, invitation_id=invitation.id, at=at, person=person, **typed
    )


def path_of(invitation):
    return invitation_path(invitation.organization_id, invitation.id)


def test_somebody_new_gets_a_seat_with_roles_and_clinics(admin, clinic):
    seat = accept(sent(admin, credential="LCSW", clinics=frozenset({clinic.id})))
    assert (seat.name, seat.credential, seat.roles) == ("Rosa Lind", "LCSW", ["care_manager", "billing"])
    assert clinics_of(seat) == frozenset({clinic.id})
    assert seat.user.email == "rosa.lind@example.org"
    assert seat.user.check_password(NEW)


def test_a_link_works_once(admin):
    invitation = sent(admin)
    accept(invitation)
    with pytest.raises(InvitationOver):
        accept(invitation)


@pytest.mark.parametrize(
    ("role", "words"), [(Role.ADMIN, ["admin_made"]), (Role.CLINIC_LEAD, ["lead_made"]), (Role.BILLING, [])]
)
def test_who_answers_hears_of_a_new_admin_or_lead(admin, role, words):
    """An invitation gives the role as much as an admin does by hand."""
    accept(sent(admin, roles=(role,)))
    jobs = Job.objects.filter(kind="tell_of_access")
    assert [(job.arguments["membership_id"], job.arguments["word"]) for job in jobs] == [
        (str(admin.id), word) for word in words
    ]


@pytest.mark.parametrize(("later", "is_open"), [(WEEK - timedelta(seconds=1), True), (WEEK, False)])
def test_a_link_works_for_seven_days(admin, later, is_open):
    invitation = sent(admin)
    if is_open:
        assert accept(invitation, at=NOW + later).is_active
    else:
        with pytest.raises(InvitationOver):
            accept(invitation, at=NOW + later)


def test_a_withdrawn_link_is_dead_and_withdrawing_twice_is_fine(admin):
    invitation = sent(admin)
    for _ in range(2):
        withdraw_invitation(by=admin, at=NOW, invitation_id=invitation.id)
    with pytest.raises(InvitationOver):
        accept(invitation)


def test_what_was_taken_up_cannot_be_withdrawn_or_sent_again(admin):
    invitation = sent(admin)
    accept(invitation)
    for refused in (withdraw_invitation, invite_again):
        with pytest.raises(InvitationOver):
            refused(by=admin, at=NOW, invitation_id=invitation.id)


def test_a_new_link_ends_the_old_one(admin):
    old = sent(admin)
    new = invite_again(by=admin, at=NOW + WEEK, invitation_id=old.id)
    with pytest.raises(InvitationOver):
        accept(old)
    assert accept(new, at=NOW + WEEK).roles == ["care_manager", "billing"]


def test_the_same_pressed_twice_is_one_invitation(admin):
    assert sent(admin) == sent(admin, at=NOW + timedelta(minutes=4))
    assert Invitation.objects.count() == 1


def test_asked_anew_with_other_roles_the_first_link_is_dead(admin):
    first, second = sent(admin), sent(admin, roles=(Role.BILLING,))
    with pytest.raises(InvitationOver):
        accept(first)
    assert accept(second).roles == ["billing"]


def test_only_a_fingerprint_is_kept(admin):
    invitation = sent(admin)
    token = path_of(invitation).split("/")[-2]
    organization_id, fingerprint = read_token(token)
    assert (organization_id, fingerprint) == (invitation.organization_id, invitation.token_sha256)
    assert token not in str(list(Invitation.objects.values_list()))


@pytest.mark.parametrize("token", ["x" * 43, "x" * 42, "a-b_" * 10 + "zzz"])
def test_what_is_no_address_of_ours(token, db):
    assert Client().get(f"/invited/{token}/").status_code == 404


def test_who_has_an_account_elsewhere_keeps_it_and_gets_a_second_seat(admin, other_organization):
    elsewhere = MembershipFactory(organization=other_organization, user__email="rosa.lind@example.org")
    invitation = sent(admin)
    with pytest.raises(WrongPerson):
        accept(invitation)
    seat = accept(invitation, person=elsewhere.user)
    assert (seat.user, seat.organization_id) == (elsewhere.user, admin.organization_id)
    assert not User.objects.get(id=elsewhere.user.id).check_password(NEW)


def test_nobody_else_takes_it(admin):
    with pytest.raises(WrongPerson):
        accept(sent(admin), person=UserFactory(email="mallory@example.org"))


def test_who_works_here_is_not_invited_again(admin):
    MembershipFactory(organization=admin.organization, user__email="rosa.lind@example.org")
    with pytest.raises(AlreadyHere):
        sent(admin)


def test_who_left_gets_the_same_seat_with_the_new_roles(admin):
    seat = MembershipFactory(organization=admin.organization, user__email="rosa.lind@example.org", roles=["billing"])
    end_seat(by=admin, at=NOW, seat_id=seat.id)
    back = accept(sent(admin, roles=(Role.CARE_MANAGER,)), person=seat.user)
    assert (back.id, back.is_active, back.roles, back.ended_at) == (seat.id, True, ["care_manager"], None)


def test_a_seat_without_a_person_is_taken_by_one(admin):
    imported = MembershipFactory(organization=admin.organization, user=None, name="R. Lind", roles=["care_manager"])
    first, second = sent(admin, seat_id=imported.id), sent(admin, seat_id=imported.id, email="other@example.org")
    seat = accept(first)
    assert (seat.id, seat.user.email) == (imported.id, "rosa.lind@example.org")
    with pytest.raises(SeatTaken):
        accept(second, name="Other")
    with pytest.raises(SeatTaken):
        sent(admin, seat_id=imported.id, email="third@example.org")


def test_who_came_another_way_meanwhile_has_a_seat_already(admin):
    person = UserFactory(email="rosa.lind@example.org")
    invitation = sent(admin)
    MembershipFactory(organization=admin.organization, user=person)
    with pytest.raises(AlreadyHere):
        accept(invitation, person=person)


def test_its_job_sends_it(admin):
    sent(admin)
    job = Job.objects.get(kind="send_invitation")
    assert run(organization_id=admin.organization_id, job_id=job.id, at=NOW) == "done"
    assert [message.to for message in mail.outbox] == [["rosa.lind@example.org"]]


@pytest.mark.parametrize("token", ["", "x" * 42, "é" * 43, "=" * 43, "A" * 42 + "B"])
def test_an_address_that_is_none_is_not_read(token):
    assert read_token(token) is None


def test_what_is_refused_at_once(admin, other_organization):
    with tenant(other_organization):
        foreign = ClinicFactory(organization=other_organization)
    with pytest.raises(RoleMissing):
        sent(admin, roles=())
    with pytest.raises(NotFound):
        sent(admin, clinics=frozenset({foreign.id}))
    with pytest.raises(NotFound):
        invite_again(by=admin, at=NOW, invitation_id=uuid7())


def test_the_e_mail_holds_the_link_and_nothing_else(admin, settings):
    settings.ADDRESS = "https://bhi.example.org"
    invitation = sent(admin)
    job = Job.objects.get(kind="send_invitation")
    assert job.arguments == {"invitation_id": str(invitation.id)}
    deliver_invitation(organization_id=invitation.organization_id, invitation_id=invitation.id, at=NOW)
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["rosa.lind@example.org"], "You are invited")
    assert f"https://bhi.example.org{path_of(invitation)}\n" in message.body
    withdraw_invitation(by=admin, at=NOW, invitation_id=invitation.id)
    deliver_invitation(organization_id=invitation.organization_id, invitation_id=invitation.id, at=NOW)
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("at_now")
class TestPages:
    def test_somebody_new_chooses_a_password_and_signs_in(self, admin):
        invitation, client = sent(admin), Client()
        assert "Welcome" in client.get(path_of(invitation)).content.decode()
        typed = {"name": "Rosa Lind", "password1": NEW, "password2": NEW}
        assert client.post(path_of(invitation), typed).headers["Location"] == "/accounts/login/"
        client.post("/accounts/login/", {"login": "rosa.lind@example.org", "password": NEW})
        assert client.get("/o/lakeside/caseload/").status_code == 200
        assert Client().get(path_of(invitation)).status_code == 404

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"password2": "other-long-password-8"}, "The two passwords differ"),
            ({"password1": "short", "password2": "short"}, "at least 12 characters"),
            ({"name": ""}, "Enter the name."),
        ],
    )
    def test_what_is_wrong_is_said_and_the_name_stays(self, admin, typed, sentence):
        values = {"name": "Rosa Q. Lind", "password1": NEW, "password2": NEW, **typed}
        answer = Client().post(path_of(sent(admin)), values)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
        assert f'value="{values["name"]}"' in answer.content.decode() or not values["name"]
        assert User.objects.filter(email="rosa.lind@example.org").count() == 0

    def test_who_is_signed_in_as_somebody_else_is_told(self, admin, client_for):
        client = client_for("billing")
        answer = client.post(path_of(sent(admin)))
        assert (answer.status_code, "Somebody else is signed in" in answer.content.decode()) == (422, True)

    def test_who_has_an_account_is_sent_to_sign_in_and_comes_back(self, admin):
        person, invitation, client = UserFactory(email="rosa.lind@example.org"), sent(admin), Client()
        page = client.get(path_of(invitation)).content.decode()
        assert f"/accounts/login/?next={path_of(invitation)}" in page
        client.force_login(person)
        assert "Accept" in client.get(path_of(invitation)).content.decode()
        assert client.post(path_of(invitation)).headers["Location"] == "/o/lakeside/"
        assert Membership.objects.get(user=person).roles == ["care_manager", "billing"]

    @pytest.mark.usefixtures("watches_sessions")
    def test_a_locked_screen_takes_no_seat(self, admin):
        """The seat would be taken by whoever sits there."""
        person, invitation, client = UserFactory(email="rosa.lind@example.org"), sent(admin), Client()
        client.force_login(person)
        client.post(reverse("session_lock"))
        answers = [client.get(path_of(invitation)), client.post(path_of(invitation))]
        assert [answer.status_code for answer in answers] == [423, 423]
        assert Membership.objects.filter(user=person).count() == 0

    def test_nor_does_a_session_without_its_second_factor(self, admin, settings):
        settings.REQUIRE_MFA = True
        person, invitation, client = UserFactory(email="rosa.lind@example.org"), sent(admin), Client()
        client.force_login(person)
        assert client.post(path_of(invitation)).headers["Location"] == "/accounts/2fa/"
        assert Membership.objects.filter(user=person).count() == 0
        assert Client().get(path_of(invitation)).status_code == 200

    def test_an_admin_invites_sends_again_and_withdraws(self, client_for, in_tenant):
        client = client_for("admin")
        form = {"email": "rosa.lind@example.org", "name": "Rosa Lind", "roles": ["care_manager"]}
        assert client.post("/o/lakeside/people/invite/", form).headers["Location"] == "/o/lakeside/people/?show=invited"
        first = Invitation.objects.get()
        assert "Rosa Lind" in client.get("/o/lakeside/people/?show=invited").content.decode()
        client.post(f"/o/lakeside/people/invitations/{first.id}/again/")
        second = Invitation.objects.get(withdrawn_at=None)
        assert second.id != first.id
        client.post(f"/o/lakeside/people/invitations/{second.id}/withdraw/")
        assert Invitation.objects.filter(withdrawn_at=None).count() == 0

    def test_a_link_that_was_used_is_neither_sent_again_nor_withdrawn(self, admin, client_for):
        invitation = sent(admin)
        accept(invitation)
        client, at = client_for("admin"), f"/o/lakeside/people/invitations/{invitation.id}/"
        for path in ("again/", "withdraw/"):
            assert "not open any more" in client.post(at + path, follow=True).content.decode()

    def test_what_is_refused_on_taking_up_is_said(self, admin):
        imported = MembershipFactory(organization=admin.organization, user=None)
        new, known = sent(admin, seat_id=imported.id), UserFactory(email="known@example.org")
        other = sent(admin, seat_id=imported.id, email="known@example.org")
        Membership.objects.filter(id=imported.id).update(is_active=False)
        typed = {"name": "Rosa Lind", "password1": NEW, "password2": NEW}
        client = Client()
        client.force_login(known)
        for answer in (Client().post(path_of(new), typed), client.post(path_of(other))):
            assert (answer.status_code, "This seat is somebody’s by now" in answer.content.decode()) == (422, True)

    def test_who_is_here_already_is_said_with_everything_typed(self, client_for, in_tenant):
        client = client_for("admin")
        email = client.membership.user.email
        answer = client.post("/o/lakeside/people/invite/", {"email": email, "name": "Xenia", "roles": ["billing"]})
        assert answer.status_code == 422
        assert "This person has a seat here already." in answer.content.decode()
        assert 'value="Xenia"' in answer.content.decode()

    def test_who_tries_many_addresses_is_slowed(self, db):
        answers = [Client().get(f"/invited/{'x' * 43}/").status_code for _ in range(31)]
        assert answers == [404] * 30 + [429]

    def test_who_signs_in_with_the_organization_chooses_no_password(self, admin):
        of = {"organization": admin.organization, "email_domains": ["example.org"], "is_required": True}
        SingleSignOnFactory(**of)
        invitation, client = sent(admin), Client()
        assert "without a password here" in client.get(path_of(invitation)).content.decode()
        assert client.post(path_of(invitation), {"name": "Rosa Lind"}).headers["Location"] == "/accounts/login/"
        assert not User.objects.get(email="rosa.lind@example.org").has_usable_password()

    def test_invitations_are_cut_at_fifty(self, client_for, in_tenant):
        InvitationFactory.create_batch(52, organization=in_tenant)
        page = client_for("admin").get("/o/lakeside/people/?show=invited&page=2").content.decode()
        assert ("Invited (52)" in page, "51 to 52 of 52" in page, page.count("Send a new link")) == (True, True, 2)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_of_many_who_take_up_one_link_one_does(self, organization):
        with tenant(organization):
            MembershipFactory(organization=organization, user=None, is_system=True, name="System")
            admin = MembershipFactory(organization=organization, roles=["admin"])
            invitation = sent(admin)
        outcomes = at_once(organization, [lambda: accept(invitation)] * 8)
        assert sorted(type(one).__name__ for one in outcomes) == ["InvitationOver"] * 7 + ["Membership"]
        assert User.objects.filter(email="rosa.lind@example.org").count() == 1

    def test_two_admins_who_take_the_role_from_each_other_leave_one(self, organization):
        first, second = (MembershipFactory(organization=organization, roles=["admin"]) for _ in range(2))

        def take(by, seat):
            return lambda: set_access(by=by, at=NOW, seat_id=seat.id, roles=[Role.BILLING], clinics=frozenset())

        outcomes = at_once(organization, [take(first, second), take(second, first)])
        assert sorted(type(one).__name__ for one in outcomes) == ["LastAdmin", "NoneType"]
        assert Membership.objects.filter(roles__contains=["admin"]).count() == 1
