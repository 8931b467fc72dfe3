"""Lists of patients seen at once: real connections, every transaction commits."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from outcomes.models import ScreenedVisit, ScreeningFile
from outcomes.operations import screening
from outcomes.operations.screening import start_screening_file, take_screening_file
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW, ClinicFactory
from tests.races import PATIENCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "Record number,Seen on,Screened on,Instrument,Score,First PHQ-9,Followed up on,Followed up by\n"
JANUARY = date(2026, 1, 1)


def start(by: Membership, clinic: Any, **more: Any) -> ScreeningFile:
    content = (HEAD + "A1,1/5/2026,,,,,,\n").encode()
    given = {"month": JANUARY, "name": "seen.csv", "client_token": uuid4(), "at": NOW, "clinic_id": clinic.id}
    return start_screening_file(by=by, content=content, **{**given, **more})


@pytest.fixture
def seat(organization: Any) -> Membership:
    with tenant(organization):
        return system_seat(organization)


def test_while_one_file_is_read_others_of_its_clinic_and_month_go_on(
    organization: Any, clinic: Any, seat: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one takes minutes: nobody waits for it."""
    with tenant(organization):
        large = start(seat, clinic)
    is_reading, others_done, read_workbook = threading.Event(), threading.Event(), screening.read_workbook

    def slowly(name: str, content: bytes, **more: Any) -> Any:
        if name == "seen.csv":
            is_reading.set()
            assert others_done.wait(PATIENCE)
        return read_workbook(name, content, **more)

    def others() -> str:
        assert is_reading.wait(PATIENCE)
        made = start(seat, clinic, name="other.csv")
        others_done.set()
        return made.state

    monkeypatch.setattr(screening, "read_workbook", slowly)
    found = at_once(organization, [lambda: take_screening_file(by=seat, at=NOW, file_id=large.id).state, others])
    assert found == ["taken", "read"]


def test_taken_by_several_at_once_it_counts_once(organization: Any, clinic: Any, seat: Membership) -> None:
    with tenant(organization):
        file = start(seat, clinic)
    found = at_once(organization, [lambda: take_screening_file(by=seat, at=NOW, file_id=file.id).state] * 3)
    assert found == ["taken"] * 3
    with tenant(organization):
        assert ScreenedVisit.objects.count() == 1


def test_several_files_of_one_clinic_and_month_leave_one_that_counts(
    organization: Any, clinic: Any, seat: Membership
) -> None:
    with tenant(organization):
        files = [start(seat, clinic) for _ in range(3)]
        other = start(seat, ClinicFactory(organization=organization))
    works = [lambda id_=one.id: take_screening_file(by=seat, at=NOW, file_id=id_).state for one in (*files, other)]
    assert at_once(organization, works) == ["taken"] * 4
    with tenant(organization):
        holding = ScreeningFile.objects.filter(state="taken", is_replaced=False)
        assert sorted(holding.values_list("clinic_id", flat=True)) == sorted([clinic.id, other.clinic_id])


def test_one_submit_sent_twice_at_once_is_one_file(organization: Any, clinic: Any, seat: Membership) -> None:
    token = uuid4()
    found = at_once(organization, [lambda: start(seat, clinic, client_token=token).id] * 3)
    with tenant(organization):
        assert found == [ScreeningFile.objects.get().id] * 3
