"""What the organization already has, as far as it concerns an import. Keys are opaque texts."""

from dataclasses import dataclass
from datetime import date, datetime, time

from caseload.rules.imports.candidates import Insurance, Person, Scores


@dataclass(frozen=True)
class KnownClinic:
    """A clinic on record, with its IANA time zone and the program in which its patients begin."""

    key: str
    name: str
    zone: str
    program: str = "cocm"


@dataclass(frozen=True)
class KnownName:
    """Somebody or something that is found by name: a seat, a treating clinician, a payer."""

    key: str
    name: str
    credential: str = ""
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class KnownEpisode:
    """An enrolment on record; an open one has no `ended_on`."""

    key: str
    program: str
    state: str
    enrolled_on: date
    ended_on: date | None = None
    relapse_prevention_on: date | None = None
    diagnoses: frozenset[str] = frozenset()
    reviews: frozenset[date] = frozenset()
    care_plans: frozenset[date] = frozenset()


@dataclass(frozen=True)
class KnownPatient:
    """A patient on record with every enrolment and dated fact that a row may repeat.

    `numbers` are record numbers besides the patient's own, each with the key of the clinic that uses it.
    `can_be_referred`: alive, and no referral is open.
    """

    key: str
    clinic: str
    person: Person
    insurance: Insurance | None = None
    episodes: tuple[KnownEpisode, ...] = ()
    consents: frozenset[date] = frozenset()
    visits: frozenset[date] = frozenset()
    care_manager: str = ""
    numbers: frozenset[tuple[str, str]] = frozenset()
    can_be_referred: bool = True

    @property
    def all_numbers(self) -> frozenset[tuple[str, str]]:
        """Every record number, each with the key of the clinic that uses it."""
        own = {(self.clinic, self.person.mrn)} if self.person.mrn else set()
        return self.numbers | own

    @property
    def is_enrolled(self) -> bool:
        return any(episode.ended_on is None for episode in self.episodes)

    def episode_on(self, day: date) -> KnownEpisode | None:
        """The episode that a day belongs to: the last one enrolled by it, else the first one after it."""
        begun = [episode for episode in self.episodes if episode.enrolled_on <= day]
        if begun:
            return max(begun, key=lambda episode: episode.enrolled_on)
        return min(self.episodes, key=lambda episode: episode.enrolled_on, default=None)


@dataclass(frozen=True)
class KnownContact:
    """A contact on record, on its clinic's local day and at its local time.

    `is_corrected`: somebody has put its time right since, so a file that still says otherwise is behind.
    """

    key: str
    patient: str
    on: date
    start: time | None
    activity: str
    mode: str
    minutes: int | None
    scores: Scores
    is_corrected: bool = False


@dataclass(frozen=True)
class KnownSpan:
    """Clock time that somebody already has on record for a patient, neither held nor voided.

    `contact` is the contact that it was logged with, where there is one.
    """

    key: str
    contact: str
    staff: str
    patient: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Known:
    """Everything that rows are held against. Empty: an organization that begins with this import."""

    clinics: tuple[KnownClinic, ...] = ()
    staff: tuple[KnownName, ...] = ()
    clinicians: tuple[KnownName, ...] = ()
    payers: tuple[KnownName, ...] = ()
    patients: tuple[KnownPatient, ...] = ()
    contacts: tuple[KnownContact, ...] = ()
    spans: tuple[KnownSpan, ...] = ()
