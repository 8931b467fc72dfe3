"""People and episodes. Pass `organization`; what a row hangs on is made in the same one unless it is passed too."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

from bhi.tenancy.models import Membership, Organization
from registry.models import (
    Appointment,
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    CoverageCheck,
    Diagnosis,
    Episode,
    InitiatingVisit,
    Patient,
    Payer,
    PriorAuthorization,
    ProgramPeriod,
    TreatingClinician,
)
from tests.factories.tenancy import NOW, ClinicFactory, SystemMembershipFactory


def system_seat(organization: Organization) -> Membership:
    """The organization's own actor, made when it is missing."""
    found = Membership.objects.filter(organization=organization, is_system=True).first()
    return found or SystemMembershipFactory(organization=organization)


def same_organization(**fields: object) -> dict[str, object]:
    return {"organization": factory.SelfAttribute("..organization"), **fields}


class FactFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    recorded_at = NOW
    recorded_by = factory.LazyAttribute(lambda fact: system_seat(fact.organization))


class TreatingClinicianFactory(DjangoModelFactory):
    class Meta:
        model = TreatingClinician

    name = factory.Sequence(lambda n: f"Ana Rivera {n}")
    sort_name = factory.Sequence(lambda n: f"rivera {n}, ana")
    credential = "MD"


class PayerFactory(DjangoModelFactory):
    class Meta:
        model = Payer

    name = factory.Sequence(lambda n: f"Medicare {n}")


class PatientFactory(FactFactory):
    class Meta:
        model = Patient

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    mrn = factory.Sequence(lambda n: f"{n:06}")
    family_name = factory.Sequence(lambda n: f"Family{n}")
    given_name = "Given"
    sort_name = factory.LazyAttribute(lambda patient: f"{patient.family_name}, {patient.given_name}".lower())
    birth_date = date(1961, 5, 4)


class CoverageFactory(FactFactory):
    class Meta:
        model = Coverage

    patient = factory.SubFactory(PatientFactory, **same_organization())
    payer = factory.SubFactory(PayerFactory, **same_organization())
    member_id = "1EG4TE5MK73"


class CoverageCheckFactory(FactFactory):
    class Meta:
        model = CoverageCheck

    coverage = factory.SubFactory(CoverageFactory, **same_organization())
    patient = factory.SelfAttribute("coverage.patient")
    on = date(2026, 2, 2)
    source = "Payer's portal"
    is_in_force = True


class PriorAuthorizationFactory(FactFactory):
    class Meta:
        model = PriorAuthorization

    patient = factory.SubFactory(PatientFactory, **same_organization())
    payer = factory.SubFactory(PayerFactory, **same_organization())
    number = "PA-1001"
    from_on = date(2026, 1, 1)


class AppointmentFactory(FactFactory):
    class Meta:
        model = Appointment

    patient = factory.SubFactory(PatientFactory, **same_organization())
    on = date(2026, 2, 10)


class EpisodeFactory(FactFactory):
    """An active enrolment in CoCM since the first of February, without period, consent or diagnosis."""

    class Meta:
        model = Episode

    patient = factory.SubFactory(PatientFactory, **same_organization())
    clinic = factory.SelfAttribute("patient.clinic")
    enrolled_on = date(2026, 2, 1)


class ProgramPeriodFactory(FactFactory):
    class Meta:
        model = ProgramPeriod

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    from_on = factory.SelfAttribute("episode.enrolled_on")
    program = factory.SelfAttribute("episode.program")


class ConsentFactory(FactFactory):
    """Verbal consent, a month and a day before NOW."""

    class Meta:
        model = Consent

    patient = factory.SubFactory(PatientFactory, **same_organization())
    given_at = NOW.replace(month=2, day=1)
    form = "verbal"


class InitiatingVisitFactory(FactFactory):
    class Meta:
        model = InitiatingVisit

    patient = factory.SubFactory(PatientFactory, **same_organization())
    on = date(2026, 1, 20)
    code = "99214"


class DiagnosisFactory(FactFactory):
    class Meta:
        model = Diagnosis

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    code = "F33.1"


class CarePlanFactory(FactFactory):
    class Meta:
        model = CarePlan

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    on = date(2026, 2, 10)


class AssessmentFactory(FactFactory):
    """A PHQ-9 of 16 by its total only."""

    class Meta:
        model = Assessment

    patient = factory.SelfAttribute("episode.patient")
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    instrument = "phq9"
    on = date(2026, 2, 1)
    total = 16
    is_total_only = True
