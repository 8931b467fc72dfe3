"""Nobody loses a role or a clinic while patients would be lost from view with it."""

from datetime import date

import pytest

from bhi.accounts.errors import StillCarried
from bhi.accounts.operations.access import set_access
from bhi.tenancy.models import Membership, Role
from tests.factories.registry import EpisodeFactory, PatientFactory, TreatingClinicianFactory
from tests.factories.reviews import ReviewSlotFactory
from tests.factories.tenancy import NOW, ClinicFactory

CM, PC, TC, BILLING = Role.CARE_MANAGER, Role.PSYCHIATRIC_CONSULTANT, Role.TREATING_CLINICIAN, Role.BILLING


@pytest.fixture
def admin(in_tenant, membership):
    return membership("admin")


@pytest.fixture
def seat(in_tenant, membership):
    return membership("care_manager", "psychiatric_consultant", "treating_clinician")


def give(admin, seat, *roles, clinics=()):
    set_access(by=admin, at=NOW, seat_id=seat.id, roles=roles, clinics=frozenset(one.id for one in clinics))
    return Membership.objects.get(id=seat.id).roles


def refused(admin, seat, *roles, clinics=()):
    with pytest.raises(StillCarried) as fault:
        give(admin, seat, *roles, clinics=clinics)
    return fault.value.sentences


def test_roles_go_where_nothing_is_carried(admin, seat, in_tenant):
    EpisodeFactory(
        organization=in_tenant,
        care_manager=seat,
        status="discharged",
        ended_on=date(2026, 3, 1),
        end_reason="graduated",
    )
    assert give(admin, seat, BILLING) == ["billing"]


def test_each_role_keeps_what_is_carried_in_it(admin, seat, in_tenant):
    of = {"organization": in_tenant}
    EpisodeFactory(**of, care_manager=seat, consultant=seat)
    ReviewSlotFactory(**of, consultant=seat)
    TreatingClinicianFactory(**of, membership=seat, channel="inbox")
    assert refused(admin, seat, PC, TC) == ["Open patients as care manager: 1."]
    assert refused(admin, seat, CM, TC) == ["Open patients as psychiatric consultant: 1.", "Weekly review slots: 1."]
    assert refused(admin, seat, CM, PC) == ["A treating clinician decides in this person’s inbox."]
    assert give(admin, seat, CM, PC, TC, BILLING) == [
        "care_manager",
        "psychiatric_consultant",
        "treating_clinician",
        "billing",
    ]


def test_clinics_go_where_no_patient_of_theirs_is_seen_no_more(admin, seat, in_tenant):
    here, there = (ClinicFactory(organization=in_tenant) for _ in range(2))
    home = PatientFactory(organization=in_tenant, clinic=here)
    EpisodeFactory(organization=in_tenant, patient=home, clinic=there, care_manager=seat)
    assert give(admin, seat, CM, PC, TC, clinics=[here]) == [CM, PC, TC]
    away = PatientFactory(organization=in_tenant, clinic=there)
    EpisodeFactory(organization=in_tenant, patient=away, clinic=there, care_manager=seat)
    give(admin, seat, CM, PC, TC)
    assert refused(admin, seat, CM, clinics=[here]) == ["Open patients of other clinics: 1."]
    assert refused(admin, seat, PC, clinics=[here]) == ["Open patients as care manager: 2."]


def test_clinics_stay_where_patients_or_slots_are_carried_in_any_role(admin, seat, in_tenant):
    here, there = (ClinicFactory(organization=in_tenant) for _ in range(2))
    known = TreatingClinicianFactory(organization=in_tenant, membership=seat, channel="inbox")
    for clinic in (here, there):
        patient = PatientFactory(organization=in_tenant, clinic=clinic)
        EpisodeFactory(organization=in_tenant, patient=patient, clinic=clinic, consultant=seat)
        patient = PatientFactory(organization=in_tenant, clinic=clinic)
        EpisodeFactory(organization=in_tenant, patient=patient, clinic=clinic, treating_clinician=known)
        ReviewSlotFactory(organization=in_tenant, clinic=clinic, consultant=seat)
    assert refused(admin, seat, CM, PC, TC, clinics=[here]) == [
        "Open patients of other clinics as psychiatric consultant: 1.",
        "Weekly review slots at other clinics: 1.",
        "Open patients of other clinics whose treating clinician this is: 1.",
    ]
    assert give(admin, seat, CM, PC, TC, clinics=[here, there]) == [CM, PC, TC]


def test_the_page_says_so_with_everything_chosen(client_for, seat, in_tenant):
    EpisodeFactory(organization=in_tenant, care_manager=seat)
    answer = client_for("admin").post(f"/o/lakeside/people/{seat.id}/access/", {"roles": ["billing"]})
    assert answer.status_code == 422
    assert "Give this to colleagues first: Open patients as care manager: 1." in answer.content.decode()
