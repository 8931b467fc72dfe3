"""People, walls and set-up: who may come, what limits a record, and what a clinic settled. Pass `organization`."""

from datetime import date, timedelta
from hashlib import sha256
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from bhi.accounts.models import (
    AccessReview,
    ConfirmedDomain,
    Invitation,
    ScreenLock,
    SeatClinic,
    SeatCredential,
    SeatLeave,
    SingleSignOn,
)
from bhi.audit.models import AuditSeal
from caseload.models import MonthlyCheck
from registry.models import (
    AmendmentRequest,
    Disclosure,
    EmergencyAccess,
    ModelFit,
    PartTwoConsent,
    PartTwoMark,
    PartTwoNotice,
    PartTwoProgram,
    Patient,
    PayerCheck,
    PilotReview,
    RecordExport,
    RecordWithholding,
    Restriction,
    SetupAttestation,
    Training,
)
from tests.factories.program import OfPatient
from tests.factories.registry import FactFactory, PatientFactory, PayerFactory, same_organization, system_seat
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory, UserFactory

ON = date(2026, 3, 2)


class ConfirmedDomainFactory(DjangoModelFactory):
    class Meta:
        model = ConfirmedDomain

    domain = "clinic.example"
    proof = "TXT record read on the telephone with their office"
    confirmed_at = NOW
    confirmed_by = factory.SubFactory(UserFactory)
    withdrawn_by = factory.LazyAttribute(lambda made: made.confirmed_by if made.withdrawn_at else None)
    withdrawn_at = None


class ScreenLockFactory(DjangoModelFactory):
    class Meta:
        model = ScreenLock

    idle_minutes = 10
    changed_at = NOW
    changed_by = factory.SubFactory(MembershipFactory, organization=factory.SelfAttribute("..organization"))


class InvitationFactory(DjangoModelFactory):
    class Meta:
        model = Invitation

    email = factory.Sequence(lambda n: f"invited-{n}@example.org")
    name = factory.Sequence(lambda n: f"Invited {n}")
    roles = factory.LazyFunction(lambda: ["care_manager"])
    token_sha256 = factory.LazyFunction(lambda: sha256(uuid4().bytes).hexdigest())
    invited_at = NOW
    invited_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    expires_at = NOW + timedelta(days=7)


class SeatClinicFactory(DjangoModelFactory):
    class Meta:
        model = SeatClinic

    seat = factory.SubFactory(MembershipFactory, **same_organization())
    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    given_at = NOW
    given_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SeatCredentialFactory(DjangoModelFactory):
    class Meta:
        model = SeatCredential

    seat = factory.SubFactory(MembershipFactory, **same_organization())
    kind = "license"
    name = "LCSW"
    number = "SW-1001"
    state = "IL"
    from_on = ON
    recorded_at = NOW
    recorded_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SeatLeaveFactory(DjangoModelFactory):
    class Meta:
        model = SeatLeave

    seat = factory.SubFactory(MembershipFactory, **same_organization())
    from_on = ON
    recorded_at = NOW
    recorded_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class AccessReviewFactory(DjangoModelFactory):
    class Meta:
        model = AccessReview

    quarter = factory.Sequence(lambda n: date(2000 + n // 4, n % 4 * 3 + 1, 1))
    begun_at = NOW
    begun_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SingleSignOnFactory(DjangoModelFactory):
    class Meta:
        model = SingleSignOn

    issuer = "https://login.example.org"
    client_id = "bhi"
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class AuditSealFactory(DjangoModelFactory):
    class Meta:
        model = AuditSeal

    number = factory.Sequence(lambda n: n + 1)
    day = factory.Sequence(lambda n: date(2020, 1, 1) + timedelta(days=n))
    event_count = 0
    sha256 = "0" * 64
    sealed_at = NOW


class RestrictionFactory(OfPatient):
    class Meta:
        model = Restriction

    reason = "Works in the front office."


class EmergencyAccessFactory(DjangoModelFactory):
    class Meta:
        model = EmergencyAccess

    patient = factory.SubFactory(PatientFactory, **same_organization())
    by = factory.SubFactory(MembershipFactory, **same_organization())
    reason = "Called the clinic and spoke of harming himself."
    begun_at = NOW
    until = NOW + timedelta(minutes=60)
    client_token = factory.LazyFunction(uuid4)


class PartTwoMarkFactory(OfPatient):
    class Meta:
        model = PartTwoMark
        skip_postgeneration_save = True

    program_name = "Riverside Recovery"
    from_on = ON

    @factory.post_generation
    def marked(self, create, extracted, **kwargs):
        """As the operation does: the record says that it is marked."""
        Patient.objects.filter(id=self.patient_id).update(is_part_two=True)


class PartTwoConsentFactory(OfPatient):
    class Meta:
        model = PartTwoConsent

    purpose = "tpo"
    discloser = "Riverside Recovery"
    recipient = "My treating providers, health plans and people who help to run this program"
    what = "My substance use disorder record"
    signed_on = ON
    signed_by_name = "The patient"
    until_event = "none"


class PartTwoProgramFactory(FactFactory):
    class Meta:
        model = PartTwoProgram

    clinic = None
    program_name = "Lakeside Recovery"
    since_on = ON
    questions_to = "The privacy officer, 555-0100"
    client_token = factory.LazyFunction(uuid4)


class PartTwoNoticeFactory(OfPatient):
    class Meta:
        model = PartTwoNotice

    given_on = ON
    how = "On paper"
    client_token = factory.LazyFunction(uuid4)


class RecordWithholdingFactory(OfPatient):
    class Meta:
        model = RecordWithholding

    parts = factory.LazyFunction(lambda: ["contacts"])
    because = "endangers"
    told = "Notes of some calls are left out, since they could put somebody in danger."
    decided_by = "Dr. Ana Rivera"
    license = "MD, license 12345"
    decided_on = ON
    reviewer = "Dr. Lee Quill"
    client_token = factory.LazyFunction(uuid4)


class DisclosureFactory(OfPatient):
    class Meta:
        model = Disclosure

    on = ON
    recipient = "County health department"
    what = "Name and diagnosis"
    purpose = "public_health"


class AmendmentRequestFactory(OfPatient):
    class Meta:
        model = AmendmentRequest

    asked_on = ON
    what = "The medication list names a drug that was stopped."
    due_on = ON + timedelta(days=60)


class RecordExportFactory(DjangoModelFactory):
    class Meta:
        model = RecordExport

    patient = factory.SubFactory(PatientFactory, **same_organization())
    asked_on = ON
    asked_by = "The patient"
    due_on = ON + timedelta(days=30)
    made_at = NOW
    made_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)


class ModelFitFactory(DjangoModelFactory):
    class Meta:
        model = ModelFit

    answers = factory.LazyFunction(lambda: {"care_manager": "yes"})
    advice = factory.LazyFunction(lambda: {"model": "bhi"})
    answered_at = NOW
    answered_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class TrainingFactory(FactFactory):
    class Meta:
        model = Training

    member = factory.SubFactory(MembershipFactory, **same_organization())
    kind = "risk_protocol"
    on = ON
    due_on = date(2027, 3, 2)


class SetupAttestationFactory(FactFactory):
    class Meta:
        model = SetupAttestation

    item = factory.Sequence(lambda n: f"item_{n}")
    on = ON


class PilotReviewFactory(FactFactory):
    class Meta:
        model = PilotReview

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    on = ON
    go_on = True


class PayerCheckFactory(FactFactory):
    class Meta:
        model = PayerCheck

    payer = factory.SubFactory(PayerFactory, **same_organization())
    program = "cocm"
    is_covered = True
    on = ON
    source = "Provider manual"


class MonthlyCheckFactory(DjangoModelFactory):
    class Meta:
        model = MonthlyCheck

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    month = date(2026, 2, 1)
    signed_at = NOW
    signed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    signed_as = "System"
