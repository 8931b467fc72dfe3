"""Measured months and what stands around them. Pass `organization`."""

from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from outcomes.models import (
    ConsultantRate,
    ExperienceAsked,
    MeasuredAdvice,
    MeasuredEpisode,
    MeasuredMonth,
    MeasuredReferral,
    MeasureTarget,
    OutcomeReport,
    OutcomeSettings,
    PayerClassed,
    ReportReader,
    ReportSchedule,
    ScreenedVisit,
    ScreeningFile,
    WorkShare,
)
from tests.factories.caseload import RecommendationFactory
from tests.factories.program import ReferralFactory
from tests.factories.registry import (
    EpisodeFactory,
    FactFactory,
    PatientFactory,
    PayerFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory

MONTH = date(2026, 3, 1)


class MeasuredMonthFactory(DjangoModelFactory):
    class Meta:
        model = MeasuredMonth

    month = factory.Sequence(lambda n: date(2000 + n // 12 % 100, n % 12 + 1, 1))
    definitions = "2026-02"
    measured_at = NOW


class GroupedFactory(DjangoModelFactory):
    class Meta:
        abstract = True

    measured = factory.SubFactory(MeasuredMonthFactory, **same_organization())
    patient = factory.SubFactory(PatientFactory, **same_organization())
    clinic = factory.LazyAttribute(lambda row: row.patient.clinic)
    program = "cocm"
    sex = "F"
    age = 41


class MeasuredEpisodeFactory(GroupedFactory):
    class Meta:
        model = MeasuredEpisode

    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"), **same_organization())
    enrolled_on = factory.LazyAttribute(lambda row: row.episode.enrolled_on)
    ended_on = None
    is_in_month = True
    is_last_in_month = factory.SelfAttribute("is_in_month")
    cocm_from = factory.LazyAttribute(lambda row: row.enrolled_on if row.program == "cocm" else None)
    cocm_until = factory.LazyAttribute(lambda row: row.ended_on if row.program == "cocm" else None)
    is_last_cocm = factory.LazyAttribute(lambda row: row.is_in_month and row.program == "cocm")


class MeasuredReferralFactory(GroupedFactory):
    class Meta:
        model = MeasuredReferral

    # Ended: a patient has one open referral at most.
    referral = factory.SubFactory(
        ReferralFactory,
        patient=factory.SelfAttribute("..patient"),
        state="ended",
        outcome="unreachable",
        ended_on=date(2026, 3, 2),
        **same_organization(),
    )
    source = "clinician"
    referred_on = MONTH


class MeasuredAdviceFactory(GroupedFactory):
    class Meta:
        model = MeasuredAdvice

    recommendation = factory.SubFactory(RecommendationFactory, **same_organization())
    episode = factory.LazyAttribute(lambda row: row.recommendation.review.episode)
    patient = factory.LazyAttribute(lambda row: row.recommendation.review.patient)
    kind = "medication"
    proposed_on = MONTH


class OutcomeSettingsFactory(DjangoModelFactory):
    class Meta:
        model = OutcomeSettings
        django_get_or_create = ("organization",)

    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class MeasureTargetFactory(FactFactory):
    class Meta:
        model = MeasureTarget

    measure = "nys_5"
    from_month = factory.Sequence(lambda n: date(2000 + n // 12 % 100, n % 12 + 1, 1))
    target = Decimal(80)


class WorkShareFactory(FactFactory):
    class Meta:
        model = WorkShare

    membership = factory.SubFactory(MembershipFactory, **same_organization())
    from_on = MONTH
    fte = Decimal("1.00")


class ConsultantRateFactory(FactFactory):
    class Meta:
        model = ConsultantRate

    membership = factory.SubFactory(MembershipFactory, **same_organization())
    from_on = MONTH
    hourly = Decimal("210.00")


class PayerClassedFactory(DjangoModelFactory):
    class Meta:
        model = PayerClassed

    payer = factory.SubFactory(PayerFactory, **same_organization())
    payer_class = "medicaid"
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class ScreeningFileFactory(DjangoModelFactory):
    class Meta:
        model = ScreeningFile

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    month = MONTH
    name = "seen.csv"
    received_at = NOW
    received_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)


class ScreenedVisitFactory(DjangoModelFactory):
    class Meta:
        model = ScreenedVisit

    file = factory.SubFactory(ScreeningFileFactory, **same_organization())
    clinic = factory.LazyAttribute(lambda row: row.file.clinic)
    mrn = factory.Sequence(lambda n: f"S-{n}")
    seen_on = MONTH


class ExperienceAskedFactory(FactFactory):
    class Meta:
        model = ExperienceAsked

    patient = factory.SubFactory(PatientFactory, **same_organization())
    episode = factory.SubFactory(EpisodeFactory, patient=factory.SelfAttribute("..patient"), **same_organization())
    sent_by = "copied"
    token_sha256 = factory.LazyFunction(lambda: sha256(uuid4().bytes).digest())
    expires_at = NOW + timedelta(days=14)
    client_token = factory.LazyFunction(uuid4)


class OutcomeReportFactory(DjangoModelFactory):
    class Meta:
        model = OutcomeReport

    measured = factory.SubFactory(MeasuredMonthFactory, **same_organization())
    kind = "board"
    mask_under = 11
    asked_at = NOW
    asked_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)


class ReportScheduleFactory(DjangoModelFactory):
    class Meta:
        model = ReportSchedule

    kind = "board"
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class ReportReaderFactory(DjangoModelFactory):
    class Meta:
        model = ReportReader

    schedule = factory.SubFactory(ReportScheduleFactory, **same_organization())
    membership = factory.SubFactory(MembershipFactory, **same_organization())
