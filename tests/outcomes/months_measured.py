"""An organization's records, and its months as measured from them."""

from datetime import date
from typing import Any

from outcomes.models import MeasuredAdvice, MeasuredEpisode, MeasuredReferral
from outcomes.operations.measuring import measure_month
from tests.factories.registry import EpisodeFactory, PatientFactory, system_seat
from tests.factories.tenancy import NOW

MARCH = date(2026, 3, 1)


def enrolled(organization: Any, clinic: Any, on: date = date(2026, 1, 1), **fields: Any) -> Any:
    """An episode of somebody of their own; `patient__…` are the patient's."""
    of_patient = {key.removeprefix("patient__"): fields.pop(key) for key in list(fields) if key.startswith("patient__")}
    patient = PatientFactory(organization=organization, clinic=clinic, **of_patient)
    return EpisodeFactory(organization=organization, patient=patient, enrolled_on=on, **fields)


def measured(organization: Any, month: date = MARCH) -> Any:
    """The month, measured now."""
    seat = system_seat(organization)
    return measure_month(organization_id=organization.id, month=month, by=seat, at=NOW)


def row_of(episode: Any, month: date = MARCH) -> MeasuredEpisode | None:
    """The episode's row of the month, measured now; None where it has none."""
    head = measured(episode.organization, month)
    return MeasuredEpisode.objects.filter(measured=head, episode=episode).first()


def referral_row(referral: Any, month: date = MARCH) -> MeasuredReferral | None:
    head = measured(referral.organization, month)
    return MeasuredReferral.objects.filter(measured=head, referral=referral).first()


def advice_row(recommendation: Any, month: date = MARCH) -> MeasuredAdvice | None:
    head = measured(recommendation.organization, month)
    return MeasuredAdvice.objects.filter(measured=head, recommendation=recommendation).first()


def told(row: Any, *names: str) -> tuple[Any, ...]:
    """Columns of a row."""
    return tuple(getattr(row, name) for name in names)
