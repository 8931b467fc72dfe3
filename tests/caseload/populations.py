"""Random people and their time, as plain data that is both stored and given to the pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from psycopg.types.range import Range

from bhi.tenancy.models import Clinic, Membership
from caseload.models import TimeEntry
from caseload.rules.clock import local_instant
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry
from registry.models import Consent, Episode, Patient

ZONES = ("America/New_York", "America/Denver", "Pacific/Honolulu")
# Around both changes of the clocks, the leap day that 2028 has, ends of months and the new year.
DAYS = tuple(
    date(2026, 1, 1) + timedelta(days=offset)
    for offset in (0, 1, 29, 30, 31, 58, 59, 65, 66, 67, 89, 90, 303, 304, 333)
)
HOURS = (0, 1, 2, 3, 9, 22, 23)


@dataclass(frozen=True)
class Person:
    """A patient with one episode, consents and entries."""

    zone: str
    referred_on: date | None
    enrolled_on: date
    ended_on: date | None
    died_on: date | None
    consents: tuple[ConsentWindow, ...]
    entries: tuple[Entry, ...]
    count_facility_minutes: bool

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(
            zone=ZoneInfo(self.zone),
            episode_from=self.referred_on or self.enrolled_on,
            ended_on=self.ended_on,
            died_on=self.died_on,
            consents=self.consents,
            count_facility_minutes=self.count_facility_minutes,
        )


def instants(zone: str) -> st.SearchStrategy[datetime]:
    local = st.builds(
        lambda day, hour, minute, second: datetime(day.year, day.month, day.day, hour, minute, second),
        st.sampled_from(DAYS),
        st.sampled_from(HOURS),
        st.sampled_from((0, 15, 30, 59)),
        st.sampled_from((0, 0, 30)),
    )
    return local.map(lambda moment: local_instant(moment, ZoneInfo(zone)))


def entries(zone: str) -> st.SearchStrategy[Entry]:
    lengths = st.sampled_from((1, 40, 600, 1500, 3600, 4 * 3600)).map(lambda seconds: timedelta(seconds=seconds))
    lengths |= st.just(timedelta(seconds=600, microseconds=250_001))
    when = st.one_of(
        st.builds(lambda start, length: {"span": (start, start + length)}, instants(zone), lengths),
        st.builds(lambda day, seconds: {"on": day, "seconds": seconds}, st.sampled_from(DAYS), st.integers(1, 3600)),
    )
    what = st.fixed_dictionaries(
        {
            "id": st.builds(uuid4),
            "role": st.sampled_from(
                (
                    "care_manager",
                    "care_manager",
                    "treating_clinician",
                    "clinical_staff",
                    "clerical",
                    "psychiatric_consultant",
                )
            ),
            "activity": st.sampled_from(
                ("treatment", "treatment", "outreach_attempt", "no_show", "registry", "coordination", "scheduling")
            ),
            "service": st.sampled_from(("cocm", "cocm", "cocm", "bhi", "ccm")),
            "billed_as": st.sampled_from((None, None, None, None, "90834")),
            "facility_stay": st.sampled_from((False, False, False, True)),
            "held": st.sampled_from((False, False, False, True)),
            "voided": st.sampled_from((False, False, False, True)),
        }
    )
    return st.builds(lambda time, rest: Entry(**time, **rest), when, what)


def consents(zone: str) -> st.SearchStrategy[ConsentWindow]:
    return st.builds(
        ConsentWindow,
        service=st.sampled_from(("bhi", "bhi", "ccm")),
        given_at=instants(zone),
        revoked_on=st.none() | st.sampled_from(DAYS),
    )


@st.composite
def people(draw: st.DrawFn) -> Person:
    zone = draw(st.sampled_from(ZONES))
    first, second = sorted((draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))))
    return Person(
        zone=zone,
        referred_on=draw(st.sampled_from((None, first))),
        enrolled_on=second,
        ended_on=draw(st.none() | st.sampled_from([day for day in DAYS if day >= second])),
        died_on=draw(st.sampled_from((None, None, None, *DAYS))),
        consents=tuple(draw(st.lists(consents(zone), max_size=3))),
        entries=tuple(draw(st.lists(entries(zone), max_size=8))),
        count_facility_minutes=draw(st.booleans()),
    )


def store(person: Person, clinic: Clinic, seat: Membership) -> Episode:
    """The person in tables. Give every person another seat, so that nothing is refused as an overlap."""
    stamp = {
        "organization_id": clinic.organization_id,
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
        "recorded_by": seat,
    }
    patient = Patient.objects.create(
        clinic=clinic, mrn=str(uuid4()), family_name="F", given_name="G", sort_name="f, g",
        birth_date=date(1980, 1, 1), died_on=person.died_on, **stamp,
    )  # fmt: skip
    episode = Episode.objects.create(
        patient=patient, clinic=clinic, referred_on=person.referred_on, enrolled_on=person.enrolled_on,
        ended_on=person.ended_on, end_reason="other" if person.ended_on else "",
        status="discharged" if person.ended_on else "active", **stamp,
    )  # fmt: skip
    Consent.objects.bulk_create(
        Consent(
            patient=patient, service=c.service, given_at=c.given_at, revoked_on=c.revoked_on, form="verbal", **stamp
        )
        for c in person.consents
    )
    TimeEntry.objects.bulk_create(_entry(entry, episode, seat, stamp) for entry in person.entries)
    return episode


def _entry(entry: Entry, episode: Episode, seat: Membership, stamp: dict[str, object]) -> TimeEntry:
    assert isinstance(entry.id, UUID)
    voided = {"voided_at": stamp["recorded_at"], "voided_by": seat} if entry.voided else {}
    return TimeEntry(
        id=entry.id, patient_id=episode.patient_id, episode=episode, by=seat, role=entry.role, activity=entry.activity,
        service=entry.service, span=Range(*entry.span) if entry.span else None, on=entry.on, seconds=entry.seconds,
        billed_as=entry.billed_as or "", is_facility_stay=entry.facility_stay, held=entry.held,
        client_token=uuid4(), **stamp, **voided,
    )  # fmt: skip
