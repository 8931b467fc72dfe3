"""From referral to discharge: what a program keeps around an episode. Pass `organization`, as everywhere."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from registry.models import (
    ClinicInstrument,
    ClinicProtocol,
    ClosingNote,
    ConsentText,
    DutyTurn,
    HandOff,
    InitialAssessment,
    NotTheSame,
    PatientMerge,
    PlanSignOff,
    RecordNumber,
    Referral,
    ReferralAttempt,
    RelatedPerson,
    SafetyNotice,
    SafetyPlan,
    SafetyStep,
    SelfReport,
    StatusChange,
    Stay,
)
from tests.factories.registry import (
    CarePlanFactory,
    EpisodeFactory,
    FactFactory,
    PatientFactory,
    TreatingClinicianFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory


class OfEpisode(FactFactory):
    class Meta:
        abstract = True

    episode = factory.SubFactory(EpisodeFactory, **same_organization())


class OfPatient(FactFactory):
    class Meta:
        abstract = True

    patient = factory.SubFactory(PatientFactory, **same_organization())


class RecordNumberFactory(OfPatient):
    class Meta:
        model = RecordNumber

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    mrn = factory.Sequence(lambda n: f"R{n:05}")


class RelatedPersonFactory(OfPatient):
    class Meta:
        model = RelatedPerson

    name = "Dolores Given"
    relation = "Sister"
    is_emergency_contact = True


class StayFactory(OfPatient):
    class Meta:
        model = Stay

    kind = "inpatient"
    from_on = date(2026, 2, 10)
    until_on = date(2026, 2, 14)


class PatientMergeFactory(DjangoModelFactory):
    class Meta:
        model = PatientMerge

    kept = factory.SubFactory(PatientFactory, **same_organization())
    merged = factory.SubFactory(PatientFactory, **same_organization())
    at = NOW
    by = factory.LazyAttribute(lambda merge: system_seat(merge.organization))


class NotTheSameFactory(OfPatient):
    class Meta:
        model = NotTheSame

    other = factory.SubFactory(PatientFactory, **same_organization())


class StatusChangeFactory(OfEpisode):
    class Meta:
        model = StatusChange

    on = date(2026, 2, 20)
    status = "on_hold"


class HandOffFactory(OfEpisode):
    class Meta:
        model = HandOff

    to = "County clinic"
    sent_on = date(2026, 2, 20)


class ClosingNoteFactory(OfEpisode):
    class Meta:
        model = ClosingNote

    on = date(2026, 2, 27)
    summary = "Well."
    way_back = "Call us."


class ConsentTextFactory(FactFactory):
    class Meta:
        model = ConsentText

    number = factory.Sequence(lambda n: n + 1)
    text = "We would like to work with you."


class InitialAssessmentFactory(OfEpisode):
    class Meta:
        model = InitialAssessment

    number = 1
    on = date(2026, 2, 1)


class PlanSignOffFactory(FactFactory):
    class Meta:
        model = PlanSignOff

    plan = factory.SubFactory(CarePlanFactory, **same_organization())
    treating_clinician = factory.SubFactory(TreatingClinicianFactory, **same_organization())
    on = date(2026, 2, 12)
    how = "verbally"


class SafetyPlanFactory(OfPatient):
    class Meta:
        model = SafetyPlan

    number = 1
    on = date(2026, 2, 1)


class ReferralFactory(OfPatient):
    """Two days before NOW, untried."""

    class Meta:
        model = Referral

    clinic = factory.SelfAttribute("patient.clinic")
    referred_on = date(2026, 2, 27)
    source = "clinician"
    first_attempt_due_on = date(2026, 3, 3)
    due_on = factory.LazyAttribute(
        lambda referral: None if getattr(referral, "ended_on", None) else referral.first_attempt_due_on
    )
    client_token = factory.LazyFunction(uuid4)


class ReferralAttemptFactory(FactFactory):
    class Meta:
        model = ReferralAttempt

    referral = factory.SubFactory(ReferralFactory, **same_organization())
    at = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    mode = "phone"
    outcome = "no_answer"
    client_token = factory.LazyFunction(uuid4)


class ClinicProtocolFactory(DjangoModelFactory):
    class Meta:
        model = ClinicProtocol

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class ClinicInstrumentFactory(DjangoModelFactory):
    class Meta:
        model = ClinicInstrument

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    instrument = "phq9"


class DutyTurnFactory(DjangoModelFactory):
    """Mondays in working hours."""

    class Meta:
        model = DutyTurn

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    member = factory.LazyAttribute(lambda row: system_seat(row.organization))
    weekday = 0
    begins_at = time(8)
    ends_at = time(17)
    made_at = NOW
    made_by = factory.SelfAttribute("member")


class SelfReportFactory(OfPatient):
    """A link that is good for a week."""

    class Meta:
        model = SelfReport

    clinic = factory.SelfAttribute("patient.clinic")
    instruments = ("phq9", "gad7")
    sent_by = "email"
    token_sha256 = factory.LazyFunction(lambda: sha256(uuid4().bytes).digest())
    expires_at = NOW + timedelta(days=7)
    client_token = factory.LazyFunction(uuid4)


class SafetyNoticeFactory(DjangoModelFactory):
    class Meta:
        model = SafetyNotice

    patient = factory.SubFactory(PatientFactory, **same_organization())
    clinic = factory.SelfAttribute("patient.clinic")
    cause = "item_9"
    raised_at = NOW


class SafetyStepFactory(DjangoModelFactory):
    class Meta:
        model = SafetyStep

    notice = factory.SubFactory(SafetyNoticeFactory, **same_organization())
    at = NOW
    kind = "told"
    round = 1
