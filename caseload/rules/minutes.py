"""What logged time counts for, one patient and calendar month at a time.

The readings are those of the stories (tests/stories): which roles and activities count, what
cuts an entry, and how clock time of several people is counted once. This module is the reference for the
set-based SQL of the roll-up, and the preview shown before a contact is saved. Lengths are added up in whole
microseconds and floored to seconds once; nothing is ever rounded per entry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from caseload.rules.clock import day_start, local_date, month_of, month_starts_and_ends

COCM_ROLES = frozenset({"care_manager", "treating_clinician"})
CARE_TEAM_ROLES = COCM_ROLES | {"clinical_staff"}
ACTIVITY_NEVER_COUNTED = "scheduling"
WITHOUT_ENGAGEMENT = frozenset({"outreach_attempt", "no_show", "registry"})
BEHAVIORAL_SERVICES = frozenset({"cocm", "bhi"})

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = 1 << 62

Stretch = tuple[int, int]
"""Microseconds since 1970 `[start, end)`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's time for one patient: either a span of clock time, or a local day and a length.

    `billed_as` names a separately billed code that uses these minutes; `held` marks an entry that counts
    nowhere until somebody settles it; a `voided` entry is no entry any more. Raises ValueError unless it has
    exactly one form.
    """

    id: UUID | str | int
    span: tuple[datetime, datetime] | None = None
    on: date | None = None
    seconds: int | None = None
    role: str = "care_manager"
    activity: str = "treatment"
    service: str = "cocm"
    billed_as: str | None = None
    facility_stay: bool = False
    held: bool = False
    voided: bool = False

    def __post_init__(self) -> None:
        if (self.span is None) == (self.on is None) or (self.on is None) != (self.seconds is None):
            raise ValueError("an entry has either a span, or a day and a number of seconds")
        if self.span is None:
            if self.seconds is None or self.seconds <= 0:
                raise ValueError("an entry lasts longer than nothing")
        elif self.span[0].tzinfo is None or self.span[1].tzinfo is None:
            raise ValueError("the instants of a span have an offset")
        elif self.span[0] >= self.span[1]:
            raise ValueError("an entry lasts longer than nothing")


@dataclass(frozen=True, slots=True)
class ConsentWindow:
    """A consent to `bhi` (CoCM and general BHI), `ccm` or `apcm`, from its instant to 00:00 of the day it was
    revoked.
    """

    service: str
    given_at: datetime
    revoked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether an entry counts, apart from the entry.

    `episode_from` is the day of referral, else of enrolment; the days of the end and of death still count.
    `count_facility_minutes` is the payer's reading of time during an inpatient or observation stay.
    """

    zone: ZoneInfo
    episode_from: date
    ended_on: date | None = None
    died_on: date | None = None
    consents: tuple[ConsentWindow, ...] = ()
    count_facility_minutes: bool = True

    @property
    def last_day(self) -> date | None:
        """The last day on which time counts, if there is one."""
        return min((day for day in (self.ended_on, self.died_on) if day is not None), default=None)


@dataclass(frozen=True, slots=True)
class Counted:
    """Time of one month that counts: CoCM, BHI (CoCM included), its first local day, whether anyone was
    engaged.
    """

    cocm_seconds: int = 0
    bhi_seconds: int = 0
    first_on: date | None = None
    engaged: bool = False


@dataclass(frozen=True, slots=True)
class MonthMinutes:
    """All that a month's verdict needs to know about its time. Seconds, of the clinic's calendar month.

    `if_consented` is what `counted` would be, had the consent to BHI always held; `logged_seconds` adds up
    the CoCM and BHI entries as logged, `ccm_logged_seconds` those of CCM; `only_after_end` says that all CoCM
    and BHI time that would otherwise count, consent apart, lies after the end of the episode or the patient's
    death.
    """

    counted: Counted = field(default_factory=Counted)
    if_consented: Counted = field(default_factory=Counted)
    ccm_seconds: int = 0
    logged_seconds: int = 0
    ccm_logged_seconds: int = 0
    only_after_end: bool = False


def counted(entries: Iterable[Entry], circumstances: Circumstances, month: str) -> MonthMinutes:
    """The time of one patient's month (`2026-10` in the clinic's zone) that counts, and what became of the
    rest.
    """
    live = [entry for entry in entries if not entry.voided]
    limits = _Limits(live, circumstances, month)
    consented = consent_stretches(circumstances, "bhi")
    now = _counted(limits, consented)
    if_consented = _counted(limits, None)
    return MonthMinutes(
        counted=now,
        if_consented=if_consented,
        ccm_seconds=_ccm_seconds(limits, consented),
        logged_seconds=_logged_seconds(limits, BEHAVIORAL_SERVICES),
        ccm_logged_seconds=_logged_seconds(limits, frozenset({"ccm"})),
        only_after_end=if_consented.bhi_seconds == 0 and _counted(limits.without_end(), None).bhi_seconds > 0,
    )


def counts_for_cocm(entry: Entry) -> bool:
    """Whether an entry is CoCM work of somebody whose CoCM minutes count."""
    return entry.service == "cocm" and entry.role in COCM_ROLES


def counts_for_bhi(entry: Entry) -> bool:
    """Whether an entry is CoCM or BHI work of somebody whose minutes count towards general BHI."""
    return entry.service in BEHAVIORAL_SERVICES and entry.role in CARE_TEAM_ROLES


def counts_for_ccm(entry: Entry) -> bool:
    """Whether an entry is CCM work of somebody whose minutes count."""
    return entry.service == "ccm" and entry.role in CARE_TEAM_ROLES


def never_counts(entry: Entry, *, count_facility_minutes: bool) -> str | None:
    """Why nothing of an entry can count, before dates and consents are looked at; None where something can."""
    if entry.held:
        return "held"
    if entry.role not in CARE_TEAM_ROLES:
        return "role_never_counts"
    if entry.activity == ACTIVITY_NEVER_COUNTED:
        return "scheduling"
    if entry.billed_as is not None:
        return "billed_as"
    return "facility" if entry.facility_stay and not count_facility_minutes else None


def stretch(entry: Entry) -> Stretch:
    """The clock time of an entry that has one."""
    assert entry.span is not None
    return microseconds(entry.span[0]), microseconds(entry.span[1])


def microseconds(instant: datetime) -> int:
    """An instant as whole microseconds since 1970."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time with every microsecond once, in order."""
    merged: list[Stretch] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def intersection(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The time that lies in both."""
    return union((max(a[0], b[0]), min(a[1], b[1])) for a in some for b in others if a[0] < b[1] and b[0] < a[1])


def difference(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """The time of the first that does not lie in the second."""
    left = list(some)
    for start, end in others:
        left = [piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b))]
        left = [piece for piece in left if piece[0] < piece[1]]
    return union(left)


def length(stretches: Iterable[Stretch]) -> int:
    """How long stretches last together, in microseconds; those that overlap count each."""
    return sum(end - start for start, end in stretches)


def episode_stretch(circumstances: Circumstances) -> Stretch:
    """From the first local midnight of the episode to the end of its last day."""
    zone, last = circumstances.zone, circumstances.last_day
    end = FOREVER if last is None else microseconds(day_start(last + timedelta(days=1), zone))
    return microseconds(day_start(circumstances.episode_from, zone)), end


def consent_stretches(circumstances: Circumstances, service: str) -> list[Stretch]:
    """The time during which a consent to a service holds."""
    return union(
        (microseconds(consent.given_at), revocation(consent, circumstances.zone))
        for consent in circumstances.consents
        if consent.service == service
    )


def consent_of(entry: Entry) -> str:
    """Which consent an entry's service needs."""
    return "ccm" if entry.service == "ccm" else "bhi"


def billed_stretches(entries: Iterable[Entry]) -> list[Stretch]:
    """The clock time that separately billed codes use, whoever spent it. Held entries take nothing from
    others.
    """
    return union(
        stretch(entry)
        for entry in entries
        if entry.billed_as is not None and entry.span is not None and not entry.held and not entry.voided
    )


def holds_all_day(day: date, circumstances: Circumstances, service: str) -> bool:
    """Whether one consent holds for the whole of a local day, as an entry without clock time needs."""
    start = day_start(day, circumstances.zone)
    return any(
        consent.service == service
        and consent.given_at <= start
        and (consent.revoked_on is None or consent.revoked_on > day)
        for consent in circumstances.consents
    )


def is_in_episode(day: date, circumstances: Circumstances) -> bool:
    """Whether a local day lies in the episode, its last day included."""
    last = circumstances.last_day
    return circumstances.episode_from <= day and (last is None or day <= last)


def revocation(consent: ConsentWindow, zone: ZoneInfo) -> int:
    """The instant at which a consent ends: 00:00 local of the day it was revoked."""
    return FOREVER if consent.revoked_on is None else microseconds(day_start(consent.revoked_on, zone))


class _Limits:
    """One month's entries and the bounds that hold for all of them, worked out once."""

    def __init__(self, entries: list[Entry], circumstances: Circumstances, month: str) -> None:
        self.circumstances = circumstances
        self.month = month
        self.entries = entries
        starts, ends = month_starts_and_ends(month, circumstances.zone)
        self.month_stretch = (microseconds(starts), microseconds(ends))
        self.bounds = intersection([self.month_stretch], [episode_stretch(circumstances)])
        self.billed = billed_stretches(entries)
        facility = circumstances.count_facility_minutes
        self.countable = [one for one in entries if not never_counts(one, count_facility_minutes=facility)]

    def without_end(self) -> "_Limits":
        endless = replace(self.circumstances, ended_on=None, died_on=None)
        return _Limits(self.entries, endless, self.month)

    def clock(self, entries: Iterable[Entry], consented: list[Stretch] | None) -> list[Stretch]:
        """The counting clock time of entries; `consented` None stands for a consent that always holds."""
        worked = union(stretch(entry) for entry in entries if entry.span is not None)
        inside = intersection(worked, self.bounds)
        agreed = inside if consented is None else intersection(inside, consented)
        return difference(agreed, self.billed)

    def untimed(self, entries: Iterable[Entry], *, consented: bool) -> list[Entry]:
        """The counting entries without clock time; each counts in full, and takes nothing from any other."""
        return [
            entry
            for entry in entries
            if entry.on is not None
            and month_of(entry.on) == self.month
            and is_in_episode(entry.on, self.circumstances)
            and (consented or holds_all_day(entry.on, self.circumstances, consent_of(entry)))
        ]


def _counted(limits: _Limits, consented: list[Stretch] | None) -> Counted:
    behavioral = [entry for entry in limits.countable if counts_for_bhi(entry)]
    untimed = limits.untimed(behavioral, consented=consented is None)
    clock = limits.clock(behavioral, consented)
    cocm = [entry for entry in behavioral if counts_for_cocm(entry)]
    engaging = [entry for entry in behavioral if entry.activity not in WITHOUT_ENGAGEMENT]
    return Counted(
        cocm_seconds=_seconds(limits.clock(cocm, consented), filter(counts_for_cocm, untimed)),
        bhi_seconds=_seconds(clock, untimed),
        first_on=_first_day(clock, untimed, limits.circumstances.zone),
        engaged=bool(limits.clock(engaging, consented))
        or any(entry.activity not in WITHOUT_ENGAGEMENT for entry in untimed),
    )


def _ccm_seconds(limits: _Limits, consented: list[Stretch]) -> int:
    work = [entry for entry in limits.countable if counts_for_ccm(entry)]
    behavioral = limits.clock([entry for entry in limits.countable if counts_for_bhi(entry)], consented)
    clock = difference(limits.clock(work, consent_stretches(limits.circumstances, "ccm")), behavioral)
    return _seconds(clock, limits.untimed(work, consented=False))


def _logged_seconds(limits: _Limits, services: frozenset[str]) -> int:
    work = [entry for entry in limits.entries if entry.service in services]
    clock = [
        piece
        for entry in work
        if entry.span is not None
        for piece in intersection([stretch(entry)], [limits.month_stretch])
    ]
    return _seconds(clock, [e for e in work if e.on is not None and month_of(e.on) == limits.month])


def _seconds(clock: Iterable[Stretch], untimed: Iterable[Entry]) -> int:
    return length(clock) // SECOND + sum(entry.seconds or 0 for entry in untimed)


def _first_day(clock: list[Stretch], untimed: list[Entry], zone: ZoneInfo) -> date | None:
    days = [entry.on for entry in untimed if entry.on is not None]
    if clock:
        days.append(local_date(EPOCH + timedelta(microseconds=clock[0][0]), zone))
    return min(days, default=None)
