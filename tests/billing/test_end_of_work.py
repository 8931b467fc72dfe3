"""Nobody goes while patients, tasks or duties would lie with nobody, unless somebody says why it cannot wait."""

from datetime import date, timedelta

import pytest

from bhi.accounts.errors import LastAdmin
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import looking_as
from billing.operations.end_of_work import WorkLeft, end_work
from billing.queries.end_of_work import left_by
from registry.models import Episode
from tests.factories.caseload import FollowUpFactory, TimeEntryFactory
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.program import DutyTurnFactory, ReferralFactory
from tests.factories.registry import EpisodeFactory, TreatingClinicianFactory
from tests.factories.reviews import ReviewSessionFactory, ReviewSlotFactory
from tests.factories.tenancy import NOW, ClinicFactory
from tests.factories.work import CoverFactory, SupervisionFactory

TODAY = date(2026, 3, 2)


@pytest.fixture
def admin(in_tenant, membership):
    return membership("admin")


@pytest.fixture
def seat(in_tenant, membership):
    return membership("care_manager", "psychiatric_consultant", name="Rosa Lind")


def found(seat):
    return {one.key: one.count for one in left_by(seat.organization_id, seat.id, today=TODAY)}


def test_nothing_left(admin, seat):
    assert found(seat) == {}
    end_work(by=admin, at=NOW, seat_id=seat.id, today=TODAY)
    assert not Membership.objects.get(id=seat.id).is_active


def test_every_kind_is_found(seat, in_tenant, membership):
    of = {"organization": in_tenant}
    episode = EpisodeFactory(**of, care_manager=seat, consultant=seat)
    EpisodeFactory(**of, care_manager=seat, status="discharged", ended_on=TODAY, end_reason="graduated")
    FollowUpFactory(**of, episode=episode, patient=episode.patient, assigned_to=seat)
    ReferralFactory(**of, assigned_to=seat)
    TimeEntryFactory(**of, episode=episode, patient=episode.patient, by=seat, held=True)
    DutyTurnFactory(**of, member=seat)
    ReviewSlotFactory(**of, consultant=seat)
    ReviewSessionFactory(**of, consultant=seat, on=TODAY)
    SupervisionFactory(**of, supervisor=seat, supervised=membership("care_manager"))
    CoverFactory(**of, by=seat, away=membership("care_manager"), from_on=TODAY, until_on=TODAY)
    CoverFactory(
        **of, by=seat, away=membership("care_manager"), from_on=TODAY - timedelta(3), until_on=TODAY - timedelta(1)
    )
    TreatingClinicianFactory(**of, membership=seat, channel="inbox")
    assert found(seat) == {
        "patients": 1,
        "consulted": 1,
        "follow_ups": 1,
        "referrals": 1,
        "held": 1,
        "duty": 1,
        "slots": 1,
        "sessions": 1,
        "supervised": 1,
        "covers": 1,
        "inbox": 1,
    }


def test_a_restricted_record_that_nobody_else_may_open(seat, in_tenant, membership):
    other, gone = membership("care_manager"), membership("care_manager", is_active=False)
    of = {"organization": in_tenant, "recorded_by": gone}
    RestrictionFactory(**of, seats=[seat.id, gone.id])
    RestrictionFactory(**of, seats=[seat.id, other.id])
    RestrictionFactory(**of, seats=[gone.id])
    RestrictionFactory(organization=in_tenant, recorded_by=other, seats=[seat.id])
    assert found(seat) == {"kept": 1}


def test_is_counted_whole_though_the_admin_sees_one_clinic(seat, in_tenant, membership):
    episode = EpisodeFactory(organization=in_tenant, care_manager=seat)
    admin, own = membership("admin"), ClinicFactory(organization=in_tenant)
    SeatClinicFactory(organization=in_tenant, seat=admin, clinic=own)
    with looking_as(admin, NOW):
        assert list(Episode.objects.filter(id=episode.id)) == []
        assert found(seat) == {"patients": 1}
        with pytest.raises(WorkLeft):
            end_work(by=admin, at=NOW, seat_id=seat.id, today=TODAY)


def test_is_one_query_beside_who_works_here(seat, django_assert_num_queries):
    with django_assert_num_queries(2):
        left_by(seat.organization_id, seat.id, today=TODAY)


def test_is_refused_with_the_list_until_it_is_done(admin, seat, in_tenant, membership):
    episode = EpisodeFactory(organization=in_tenant, care_manager=seat)
    with pytest.raises(WorkLeft) as refused:
        end_work(by=admin, at=NOW, seat_id=seat.id, today=TODAY, reason=" ")
    assert [one.words for one in refused.value.left] == ["open patient as care manager"]
    assert Membership.objects.get(id=seat.id).is_active
    Episode.objects.filter(id=episode.id).update(care_manager=membership("care_manager"))
    end_work(by=admin, at=NOW, seat_id=seat.id, today=TODAY)
    assert Membership.objects.get(id=seat.id).ended_because == ""


def test_goes_at_once_for_a_reason_that_is_kept(admin, seat, in_tenant):
    EpisodeFactory(organization=in_tenant, care_manager=seat)
    end_work(by=admin, at=NOW, seat_id=seat.id, today=TODAY, reason=" Left without notice. ")
    ended = Membership.objects.get(id=seat.id)
    assert (ended.is_active, ended.ended_at, ended.ended_because) == (False, NOW, "Left without notice.")


def test_the_last_admin_stays(admin, seat):
    with pytest.raises(LastAdmin):
        end_work(by=seat, at=NOW, seat_id=admin.id, today=TODAY)


@pytest.mark.usefixtures("at_now")
class TestPage:
    def test_says_what_is_left_and_for_whom(self, client_for, seat, in_tenant):
        EpisodeFactory.create_batch(2, organization=in_tenant, care_manager=seat)
        admin, both = client_for("admin"), client_for("admin", "clinic_lead")
        address = f"/o/lakeside/people/{seat.id}/end/"
        assert "open patients as care manager" in admin.get(address).content.decode()
        assert f"/o/lakeside/team/hand-over/?from={seat.id}" not in admin.get(address).content.decode()
        assert f"/o/lakeside/team/hand-over/?from={seat.id}" in both.get(address).content.decode()
        refused = admin.post(address, {"reason": ""})
        assert (refused.status_code, "or say why it cannot wait." in refused.content.decode()) == (422, True)
        assert admin.post(address, {"reason": "Left"}).headers["Location"] == f"/o/lakeside/people/{seat.id}/"
        assert admin.get(address).headers["Location"] == f"/o/lakeside/people/{seat.id}/"
        assert "Left" in admin.get(f"/o/lakeside/people/{seat.id}/").content.decode()
