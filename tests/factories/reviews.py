"""Psychiatric review and the loops of its recommendations. Pass `organization`, as everywhere."""

from datetime import date, time, timedelta
from hashlib import sha256
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from caseload.models import (
    AgendaItem,
    DecisionLink,
    OpenSpell,
    RecommendationStep,
    ReviewAddendum,
    ReviewDraft,
    ReviewProtocol,
    ReviewQuestion,
    ReviewSession,
    ReviewSlot,
    SessionSeat,
    SignalBegan,
    SignalSweep,
    SlotSeat,
    TreatmentChange,
)
from tests.factories.caseload import CaseReviewFactory, RecommendationFactory
from tests.factories.registry import (
    EpisodeFactory,
    FactFactory,
    TreatingClinicianFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory


class OfEpisode(FactFactory):
    class Meta:
        abstract = True

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    client_token = factory.LazyFunction(uuid4)


class ReviewQuestionFactory(OfEpisode):
    class Meta:
        model = ReviewQuestion

    text = "Is the dose high enough?"
    asked_by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    asked_on = date(2026, 2, 20)


class ReviewAddendumFactory(FactFactory):
    class Meta:
        model = ReviewAddendum

    review = factory.SubFactory(CaseReviewFactory, **same_organization())
    text = "The laboratory values came in."
    signed_as = "Lena Ortiz, MD"
    client_token = factory.LazyFunction(uuid4)


class ReviewDraftFactory(DjangoModelFactory):
    class Meta:
        model = ReviewDraft

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    saved_at = NOW
    saved_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class RecommendationStepFactory(FactFactory):
    class Meta:
        model = RecommendationStep

    recommendation = factory.SubFactory(RecommendationFactory, **same_organization())
    state = "sent"
    at = NOW
    on = date(2026, 2, 25)
    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    client_token = factory.LazyFunction(uuid4)


class DecisionLinkFactory(FactFactory):
    class Meta:
        model = DecisionLink

    review = factory.SubFactory(CaseReviewFactory, **same_organization())
    clinician = factory.SubFactory(TreatingClinicianFactory, **same_organization())
    token_sha256 = factory.LazyFunction(lambda: sha256(uuid4().bytes).digest())
    expires_at = NOW + timedelta(days=7)
    client_token = factory.LazyFunction(uuid4)


class TreatmentChangeFactory(OfEpisode):
    class Meta:
        model = TreatmentChange

    on = date(2026, 2, 26)
    of = "medication"
    text = "Sertraline 50 to 100 mg"


class ReviewProtocolFactory(DjangoModelFactory):
    class Meta:
        model = ReviewProtocol

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SignalBeganFactory(DjangoModelFactory):
    class Meta:
        model = SignalBegan

    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    word = "stalled"
    since_on = date(2026, 2, 20)
    announced_at = NOW


class SignalSweepFactory(DjangoModelFactory):
    class Meta:
        model = SignalSweep

    on = factory.Sequence(lambda n: date(2026, 1, 1) + timedelta(days=n))
    swept_at = NOW
    episodes = 10
    began = 1
    differed = 0


class ReviewSlotFactory(DjangoModelFactory):
    class Meta:
        model = ReviewSlot

    name = "Tuesday review"
    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    consultant = factory.LazyAttribute(lambda row: system_seat(row.organization))
    weekday = 1
    begins_at = factory.Sequence(lambda n: time(n % 24, n // 24 % 60))
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SlotSeatFactory(DjangoModelFactory):
    class Meta:
        model = SlotSeat

    slot = factory.SubFactory(ReviewSlotFactory, **same_organization())
    membership = factory.LazyAttribute(lambda row: system_seat(row.organization))


class ReviewSessionFactory(FactFactory):
    class Meta:
        model = ReviewSession

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    consultant = factory.LazyAttribute(lambda row: system_seat(row.organization))
    on = date(2026, 2, 24)
    planned_at = NOW
    client_token = factory.LazyFunction(uuid4)


class SessionSeatFactory(DjangoModelFactory):
    class Meta:
        model = SessionSeat

    session = factory.SubFactory(ReviewSessionFactory, **same_organization())
    membership = factory.LazyAttribute(lambda row: system_seat(row.organization))


class AgendaItemFactory(DjangoModelFactory):
    class Meta:
        model = AgendaItem

    session = factory.SubFactory(ReviewSessionFactory, **same_organization())
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    place = 1
    reason = "stalled"


class OpenSpellFactory(DjangoModelFactory):
    class Meta:
        model = OpenSpell

    item = factory.SubFactory(AgendaItemFactory, **same_organization())
    session = factory.SelfAttribute("item.session")
    began_at = NOW
