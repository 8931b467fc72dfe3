"""The parts of a story, all defaults filled in. Instants are aware, days are local to the story's clinic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from billing.rules.facts import AccessModel, EarlierLine, OptionValue, OtherService, Visit


@dataclass(frozen=True, slots=True)
class StoryClinic:
    """The site."""

    time_zone: str = "America/New_York"
    setting: str = "office"
    place_of_service: str = "11"


@dataclass(frozen=True, slots=True)
class StoryPatient:
    """The person."""

    birth_date: date = date(1980, 5, 17)
    sex: str = "F"
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """From this day on the episode is in the other program."""

    on: date
    to: str


@dataclass(frozen=True, slots=True)
class End:
    """How the episode ended."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent to a service, until 00:00 of the day it was revoked."""

    given_at: datetime
    service: str
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One person's time. `at` is None where only the day is known; `on` is the local day on which
    it starts.
    """

    at: datetime | None
    on: date
    seconds: int
    by: str
    staff: str
    activity: str
    service: str
    billed_as: str | None
    facility_stay: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One scored administration of a scale; the items where the story gives them."""

    on: date
    instrument: str
    total: int
    item9: int | None = None
    items: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A psychiatric case review with its recommendation."""

    on: date
    recommendation: str


@dataclass(frozen=True, slots=True)
class ExpectedMonth:
    """What must come out of a month; None is not compared."""

    minutes: int | None = None
    lines: tuple[tuple[str, int], ...] | None = None
    gaps: frozenset[str] | None = None
    flags: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come out of the story, by month and by day."""

    months: Mapping[str, ExpectedMonth] = field(default_factory=dict)
    signals: Mapping[date, frozenset[str]] = field(default_factory=dict)
    state: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """One patient's months. Consents, visits, diagnoses, plans, scores and reviews include what was
    supplied.
    """

    id: str
    title: str
    source: tuple[str, ...]
    confidence: Decimal | None
    reason: str | None
    clinic: StoryClinic
    book: str
    options: tuple[tuple[str, OptionValue], ...]
    program: str
    program_changes: tuple[ProgramChange, ...]
    referred_on: date | None
    enrolled_on: date
    ended: End | None
    relapse_prevention_from: date | None
    patient: StoryPatient
    consents: tuple[Consent, ...]
    visits: tuple[Visit, ...]
    diagnoses: tuple[str, ...]
    care_plans: tuple[date, ...]
    scores: tuple[Score, ...]
    reviews: tuple[Review, ...]
    served_before: tuple[str, ...]
    billed_before: tuple[EarlierLine, ...]
    work: tuple[Work, ...]
    other_services: tuple[tuple[str, OtherService], ...]
    access_model: AccessModel | None
    days: tuple[date, ...]
    expect: Expectation | None

    def program_on(self, day: date) -> str:
        """The program on a local day."""
        return program_on(self.program, self.program_changes, day)

    @property
    def episode_from(self) -> date:
        """The first day on which time can count."""
        return self.referred_on or self.enrolled_on


def program_on(program: str, changes: tuple[ProgramChange, ...], day: date) -> str:
    """The program on a day: that of the last change up to it; `changes` are in order."""
    return next((change.to for change in reversed(changes) if change.on <= day), program)
