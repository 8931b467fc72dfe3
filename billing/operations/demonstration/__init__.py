"""The demonstration: invented organizations with every state that the product can show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from billing.operations.demonstration.billed_before import tell_billed_before
from billing.operations.demonstration.courses import COURSES, MEDICARE, SELF
from billing.operations.demonstration.credentials import tell_people
from billing.operations.demonstration.danger import ASSESSED, AT_NIGHT, tell_danger
from billing.operations.demonstration.facts import Teller
from billing.operations.demonstration.filing import tell_filing
from billing.operations.demonstration.going_live import tell_going_live
from billing.operations.demonstration.papers import tell_clinics, tell_papers, tell_safety_plans
from billing.operations.demonstration.payers import tell_payers
from billing.operations.demonstration.people import CHANNELS, CLINICIANS, SIGN_INS, SLUG, ZONE, Staff, make_staff
from billing.operations.demonstration.practice import tell_practice_file
from billing.operations.demonstration.referred import tell_referred
from billing.operations.demonstration.releasing import tell_releasing
from billing.operations.demonstration.reviewing import tell_reviews
from billing.operations.profiles import BEGINNING, ensure_profiles, set_profile
from billing.operations.service_months import refresh_service_months
from caseload.models import TimeEntry
from caseload.operations import hold_overlaps, rebuild_standing
from registry.models import ClinicianChannel, Episode, Fact, Payer, TreatingClinician
from registry.operations import Stamp, payer_named, record_facts, treating_clinician_named
from registry.operations.clinicians import ClinicianValues, set_clinician

__all__ = ["SIGN_INS", "SLUG", "load_demonstration"]


@transaction.atomic
def load_demonstration(*, password: str, at: datetime) -> bool:
    """Make the demonstration organizations as of `at`, once. False when they are there already, and left alone."""
    if Organization.objects.filter(slug=SLUG).exists():
        return False
    staff = make_staff(password=password, at=at)
    with tenant(staff.organization):
        _tell_courses(staff, at=at)
    return True


def _tell_courses(staff: Staff, *, at: datetime) -> None:
    zone = ZoneInfo(ZONE)
    teller = Teller(
        staff=staff,
        payers={
            name: payer_named(by=staff.system, name=name, is_self_pay=name == SELF)
            for name in dict.fromkeys(course.payer for course in COURSES)
        },
        clinicians=tuple(
            treating_clinician_named(
                by=staff.system, family_name=family, given_name=given, credential=credential, npi=npi
            )
            for family, given, credential, npi in CLINICIANS
        ),
        today=at.astimezone(zone).date(),
        stamp=Stamp(staff.care_managers[0], at),
    )
    facts = [fact for number, course in enumerate(COURSES) for fact in teller.facts(number, course)]
    hold_overlaps([fact for fact in facts if isinstance(fact, TimeEntry)], zone=zone)
    record_facts(facts)
    episodes = [fact for fact in facts if isinstance(fact, Episode)]
    rebuild_standing(organization_id=staff.organization.id, episode_ids=[one.id for one in episodes], at=at)
    _tell_program(staff, teller.clinicians, facts, at=at)
    _settle_payers(staff, teller.payers, at=at)
    tell_payers(by=staff.lead, at=at, today=teller.today)
    tell_practice_file(by=staff.lead, at=at, today=teller.today, episodes=episodes)
    tell_releasing(by=staff.lead, at=at, today=teller.today)
    tell_billed_before(by=staff.lead, at=at, today=teller.today)
    tell_filing(by=staff.lead, at=at, today=teller.today, clinic=staff.clinics[1])
    tell_people(staff, at=at, today=teller.today)
    tell_going_live(staff, at=at, today=teller.today)
    refresh_service_months(organization_id=staff.organization.id, at=at)


def _tell_program(
    staff: Staff, clinicians: tuple[TreatingClinician, ...], facts: Sequence[Fact], *, at: datetime
) -> None:
    """What surrounds the courses: the clinics' agreements, the charts' papers, and who is on the way in."""
    _set_channels(staff, clinicians, at=at)
    tell_clinics(staff, at=at)
    episodes = [fact for fact in facts if isinstance(fact, Episode)]
    tell_papers(staff, episodes, at=at)
    at_risk = [episode for episode in episodes if episode.patient.family_name in (ASSESSED, AT_NIGHT)]
    tell_safety_plans(staff, at_risk, at=at)
    tell_referred(staff, clinicians, at=at)
    under_way = [episode for episode in episodes if episode.ended_on is None]
    tell_danger(staff, under_way, at=at)
    tell_reviews(staff, under_way, at=at)
    rebuild_standing(organization_id=staff.organization.id, episode_ids=[one.id for one in episodes], at=at)


def _set_channels(staff: Staff, clinicians: tuple[TreatingClinician, ...], *, at: datetime) -> None:
    """How advice reaches each; who answers in the inbox signs in."""
    for clinician, (channel, email) in zip(clinicians, CHANNELS, strict=True):
        values = ClinicianValues(
            name=clinician.name,
            credential=clinician.credential,
            npi=clinician.npi,
            channel=channel,
            email=email,
            membership_id=staff.clinician.id if channel == ClinicianChannel.INBOX else None,
        )
        set_clinician(by=staff.lead, at=at, values=values, clinician_id=clinician.id)


def _settle_payers(staff: Staff, payers: dict[str, Payer], *, at: datetime) -> None:
    """Medicare's rules are confirmed from the beginning; the others begin with the assumed ones, as after an import."""
    set_profile(by=staff.system, at=at, payer=payers[MEDICARE], book="medicare_ffs", from_on=BEGINNING)
    ensure_profiles(by=staff.system, at=at)
