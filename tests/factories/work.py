"""A care manager's day. Pass `organization`, as everywhere."""

from datetime import date
from uuid import uuid4

import factory
from factory.django import DjangoModelFactory

from caseload.models import (
    Addendum,
    ClinicianRequest,
    CoSignature,
    Cover,
    Draft,
    ExternalReferral,
    HandOver,
    Letter,
    LetterTemplate,
    NoteTemplate,
    Snooze,
    Supervision,
    Timer,
    WorkProtocol,
)
from tests.factories.caseload import ContactFactory
from tests.factories.registry import (
    EpisodeFactory,
    FactFactory,
    PatientFactory,
    TreatingClinicianFactory,
    same_organization,
    system_seat,
)
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory


class OfEpisode(FactFactory):
    class Meta:
        abstract = True

    episode = factory.SubFactory(EpisodeFactory, **same_organization())


class WithPatient(OfEpisode):
    class Meta:
        abstract = True

    patient = factory.SelfAttribute("episode.patient")
    client_token = factory.LazyFunction(uuid4)


class OfContact(FactFactory):
    class Meta:
        abstract = True

    contact = factory.SubFactory(ContactFactory, **same_organization())
    signed_as = "Kim Abara, RN"


class NoteTemplateFactory(DjangoModelFactory):
    class Meta:
        model = NoteTemplate

    activity = "treatment"
    name = factory.Sequence(lambda n: f"Session {n}")
    body = "Since last time:"
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class DraftFactory(DjangoModelFactory):
    class Meta:
        model = Draft

    membership = factory.LazyAttribute(lambda row: system_seat(row.organization))
    patient = factory.SubFactory(PatientFactory, **same_organization())
    saved_at = NOW


class AddendumFactory(OfContact):
    class Meta:
        model = Addendum

    text = "The pharmacy confirmed."
    client_token = factory.LazyFunction(uuid4)


class CoSignatureFactory(OfContact):
    class Meta:
        model = CoSignature

    by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class LetterTemplateFactory(DjangoModelFactory):
    class Meta:
        model = LetterTemplate

    kind = "unable_to_reach"
    language = factory.Sequence(lambda n: f"x{n:03}"[-5:])
    body = "We tried to call you."
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class LetterFactory(WithPatient):
    class Meta:
        model = Letter

    kind = "unable_to_reach"
    on = date(2026, 2, 20)
    body = "We tried to call you."


class TimerFactory(DjangoModelFactory):
    """Stopped and not saved yet."""

    class Meta:
        model = Timer

    membership = factory.LazyAttribute(lambda row: system_seat(row.organization))
    episode = factory.SubFactory(EpisodeFactory, **same_organization())
    patient = factory.SelfAttribute("episode.patient")
    started_at = NOW
    stopped_at = NOW


class SnoozeFactory(OfEpisode):
    class Meta:
        model = Snooze

    task = "score_overdue"
    until_on = date(2026, 3, 9)
    reason = "On holiday until then."


class CoverFactory(FactFactory):
    class Meta:
        model = Cover

    away = factory.SubFactory(MembershipFactory, **same_organization())
    by = factory.LazyAttribute(lambda row: system_seat(row.organization))
    from_on = date(2026, 3, 2)
    until_on = date(2026, 3, 13)


class HandOverFactory(OfEpisode):
    class Meta:
        model = HandOver

    given_to = factory.LazyAttribute(lambda row: system_seat(row.organization))
    on = date(2026, 3, 1)


class ExternalReferralFactory(WithPatient):
    class Meta:
        model = ExternalReferral

    to = "County clinic"
    purpose = "Trauma therapy"
    sent_on = date(2026, 2, 20)


class ClinicianRequestFactory(WithPatient):
    class Meta:
        model = ClinicianRequest

    asked_of = factory.SubFactory(TreatingClinicianFactory, **same_organization())
    question = "Could the TSH be checked?"
    channel = "ehr"
    asked_on = date(2026, 2, 26)
    due_on = date(2026, 3, 2)


class WorkProtocolFactory(DjangoModelFactory):
    class Meta:
        model = WorkProtocol

    clinic = factory.SubFactory(ClinicFactory, **same_organization())
    changed_at = NOW
    changed_by = factory.LazyAttribute(lambda row: system_seat(row.organization))


class SupervisionFactory(DjangoModelFactory):
    class Meta:
        model = Supervision

    supervised = factory.SubFactory(MembershipFactory, **same_organization())
    supervisor = factory.LazyAttribute(lambda row: system_seat(row.organization))
    made_at = NOW
    made_by = factory.SelfAttribute("supervisor")
