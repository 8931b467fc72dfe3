"""Concerns about safety, and plans against relapse. Pass `organization`, as everywhere."""

from datetime import date
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from registry.models import RelapsePlan, RiskCase, RiskDrill, RiskProtocol, RiskStep
from tests.factories.registry import EpisodeFactory, FactFactory, PatientFactory, same_organization, system_seat
from tests.factories.tenancy import NOW, ClinicFactory


class RiskCaseFactory(FactFactory):
    """Opened and not assessed yet."""

    class Meta:
        model = RiskCase

    patient = factory.SubFactory(PatientFactory, **same_organization())
    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    cause = "item_9"
    opened_at = NOW
    opened_on = date(2026, 2, 24)
    client_token = factory.LazyFunction(uuid4)


class RiskStepFactory(FactFactory):
    class Meta:
        model = RiskStep

    case = factory.SubFactory(RiskCaseFactory, **same_organization())
    kind = "note"
    at = NOW
    on = date(2026, 2, 24)
    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    text = "Spoke with the sister."
    client_token = factory.LazyFunction(uuid4)


class RiskProtocolFactory(DjangoModelFactory):
    class Meta:
        model = RiskProtocol

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class RiskDrillFactory(DjangoModelFactory):
    class Meta:
        model = RiskDrill

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    scenario = "self_report"
    begun_at = NOW
    begun_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class RelapsePlanFactory(FactFactory):
    class Meta:
        model = RelapsePlan

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    number = factory.Sequence(lambda n: n + 1)
    on = date(2026, 2, 24)
