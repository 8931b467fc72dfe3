"""Which closed months are looked at for what their claims lack: the newest that ask for something."""

from datetime import date

import pytest

from billing.models import MonthClose
from billing.queries import claims_waiting as waiting
from billing.rules.mending import Mender
from registry.models import Episode, Patient
from tests.billing.filing import closed, filed_patient, set_up
from tests.billing.people import AT, Program
from tests.factories.billing import FrozenMonthFactory, MonthCloseFactory
from tests.factories.going_live import PartTwoMarkFactory

ASKED = ["99492", 1, "150.00"]


def left(people: Program, close: MonthClose, episode: Episode, *, number: int = 1, lines: list[list[object]]) -> None:
    """A row of a closed month that nobody claimed, of a payer that the patient has no more."""
    FrozenMonthFactory(
        organization=people.organization,
        close=close,
        episode=episode,
        number=number,
        payer=people.payer("Aetna PPO", payer_code="60054"),
        lines=lines,
        because="" if number == 1 else "Wrong patient",
    )


def test_neither_old_months_nor_corrected_ones_hide_what_the_newest_lacks(
    lakeside: Program, monkeypatch: pytest.MonkeyPatch
):
    set_up(
        lakeside,
        lakeside.payer("Medicare Part B", payer_code="MCR01"),
        lakeside.payer("Aetna PPO", payer_code="60054"),
    )
    episode = filed_patient(lakeside, "Berg")
    close = closed(lakeside)
    PartTwoMarkFactory(organization=lakeside.organization, patient=episode.patient)
    Patient.objects.filter(id=episode.patient_id).update(is_part_two=True)
    other = lakeside.patient("Zorn")
    for month in range(6, 13):
        old = MonthCloseFactory(organization=lakeside.organization, clinic=lakeside.clinic, month=date(2025, month, 1))
        left(lakeside, old, other, lines=[ASKED])
    left(lakeside, close, other, lines=[ASKED])
    left(lakeside, close, other, number=2, lines=[["99492", -1, "-150.00"]])

    def found() -> list[tuple[str, str]]:
        ones = waiting.claims_waiting(lakeside.organization.id, at=AT, menders={Mender.CARE})
        return [(one.month, one.prepared.patient_name) for one in ones]

    assert found() == [("2026-02", "Berg, Jo")]
    since = AT.date() - waiting.LOOKED_BACK
    months = [month.month for month, _ in waiting._months_left(lakeside.organization.id, since, None)]
    assert months == [2, 12, 11, 10, 9, 8, 7, 6]
    monkeypatch.setattr(waiting, "MOST_CLAIMS", 1)
    assert found() == [("2026-02", "Berg, Jo")]
