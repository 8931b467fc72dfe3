"""What an organization has on record, for the tests of what becomes of rows."""

from datetime import date

from caseload.rules.imports.candidates import Insurance, Person
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.known import (
    Known,
    KnownEpisode,
    KnownName,
    KnownPatient,
)
from tests.rules.caseload.imports.sheets_made import NORTH, patients

CHICAGO = Corrections(zones={"": "America/Chicago"})
HEADER = "MRN|Name|DOB|Date Enrolled"
NO_CONSENT = "No consent date: time is kept but counts only once a consent is recorded."
JO = KnownPatient(
    key="p-jo",
    clinic="c-north",
    person=Person("00123", "Doe", "Jo", date(1980, 1, 1), sex="F", phone="555-1"),
    insurance=Insurance("AETNA", "60054", "W1"),
    episodes=(KnownEpisode("e-jo", "cocm", "active", date(2026, 9, 3), diagnoses=frozenset({"F32.1"})),),
    consents=frozenset({date(2026, 9, 3)}),
    care_manager="m-ken",
)
KEN = KnownName("m-ken", "Ken Abara", "RN", frozenset({"care_manager"}))
MAYA = KnownName("m-maya", "Maya Torres", "LCSW", frozenset({"care_manager"}))


def known(*people, staff=(KEN, MAYA), clinics=(NORTH,), **more):
    return Known(clinics=clinics, staff=staff, patients=people, **more)


def two(row, header=HEADER):
    """A list of Jo and one more, so that contacts have somebody to mean."""
    return patients("1|Doe, Jo|1/1/1980|9/3/2026", row, header=header)
