"""What the invented practice's own system exported: last month's charges and this week's appointments."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import PracticeFile
from billing.operations.practice_files import start_practice_file
from billing.operations.practice_taking import take_practice_file
from caseload.rules.clock import first_day, month_index, month_named, month_of
from registry.models import Episode, InitiatingVisit

FILE_NAME: Final = "charges-and-appointments.csv"
NEXT_FILE: Final = "appointments-next-week.csv"
_HEADER = ("MRN", "Patient Name", "DOB", "Date of Service", "CPT", "Provider", "Appt Status", "Time")
_SATURDAY: Final = 5
# Of the patients in order: how many come this week, and every which has a charge of each kind.
_COMING: Final = 8

Row = tuple[str, ...]


def tell_practice_file(*, by: Membership, at: datetime, today: date, episodes: Sequence[Episode]) -> None:
    """Take one month's file over, and leave one waiting for somebody to say who is who; once."""
    if PracticeFile.objects.filter(organization_id=by.organization_id).exists():
        return
    known = sorted((one for one in episodes if one.patient.mrn), key=lambda one: (one.enrolled_on, one.patient.mrn))
    rows = [*_charges(known, today), *_others(today), *_appointments(known, today)]
    taken = start_practice_file(
        by=by, at=at, name=FILE_NAME, content=_csv(rows), client_token=uuid7(), in_background=False
    )
    take_practice_file(by=by, at=at, file_id=taken.id, digest=taken.summary["digest"], in_background=False)
    waiting = [*_doubtful(known, today)]
    start_practice_file(by=by, at=at, name=NEXT_FILE, content=_csv(waiting), client_token=uuid7(), in_background=False)


def _charges(episodes: Sequence[Episode], today: date) -> Iterator[Row]:
    """Last month's: visits with the treating clinician, some care of others, and the practice's own program charges."""
    month = first_day(month_named(month_index(month_of(today)) - 1))
    seen = _seen_before(episodes)
    for number, episode in enumerate(episodes):
        on = month + timedelta(days=2 + number % 24)
        if number % 2 == 0 and episode.patient_id in seen:
            yield _row(episode, on, "99214-25", _clinician(episode))
        if number % 7 == 3:
            yield _row(episode, on, "90834", "Priya Nandakumar LCSW")
        if number % 11 == 5:
            yield _row(episode, on, "99490", "Ewa Lindqvist MD")
        if number % 5 == 1:
            yield _row(episode, on + timedelta(days=3), "99493", _clinician(episode))
        if number % 6 == 2:
            yield _row(episode, on, "36415", "Lab")


def _seen_before(episodes: Sequence[Episode]) -> set[UUID]:
    """Patients with a visit in the year before enrolment: who lacks one goes on lacking it, so that the month pages
    show that too.
    """
    enrolled = {one.patient_id: one.enrolled_on for one in episodes}
    visits = InitiatingVisit.objects.live().filter(patient_id__in=enrolled).values_list("patient_id", "on")
    return {patient_id for patient_id, on in visits if on >= enrolled[patient_id] - timedelta(days=365)}


def _others(today: date) -> Iterator[Row]:
    """People who are on record nowhere here, of whom nothing is kept."""
    month = first_day(month_named(month_index(month_of(today)) - 1))
    for number in range(14):
        on = f"{month + timedelta(days=number):%m/%d/%Y}"
        yield (f"Z9{number:04d}", f"Elsewhere, Patient {number}", "04/02/1961", on, "99213", "Ana Whitfield MD", "", "")


def _appointments(episodes: Sequence[Episode], today: date) -> Iterator[Row]:
    days = [day for ahead in range(6) if (day := today + timedelta(days=ahead)).weekday() < _SATURDAY]
    under_way = [one for one in episodes if one.ended_on is None]
    spread = under_way[:: max(1, len(under_way) // _COMING)]
    for number, episode in enumerate(spread[:_COMING]):
        hour, quarter = divmod(number * 2 % 16, 4)
        at = f"{9 + hour}:{quarter * 15:02d} AM" if hour < 3 else f"{hour - 2}:{quarter * 15:02d} PM"
        status = "Canceled" if number == _COMING - 1 else "Scheduled"
        yield _row(episode, days[-1 - number % len(days)], "", _clinician(episode), status, at)


def _doubtful(episodes: Sequence[Episode], today: date) -> Iterator[Row]:
    """A file that somebody has to look at: nobody named, a status nobody knows, a day that is none."""
    for number, episode in enumerate(one for one in episodes[:6] if one.ended_on is None):
        on = today + timedelta(days=7 + number)
        yield _row(episode, on, "", _clinician(episode), "Sked?" if number == 1 else "Scheduled", "10:20 AM")
        if number == 2:
            yield _row(episode, today - timedelta(days=1), "99214", "")


def _row(episode: Episode, on: date, code: str, who: str, status: str = "", at: str = "") -> Row:
    patient = episode.patient
    name = f"{patient.family_name}, {patient.given_name}"
    return patient.mrn, name, f"{patient.birth_date:%m/%d/%Y}", f"{on:%m/%d/%Y}", code, who, status, at


def _clinician(episode: Episode) -> str:
    return str(episode.treating_clinician) if episode.treating_clinician else ""


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_HEADER, *rows])
    return text.getvalue().encode()
