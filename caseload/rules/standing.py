"""What became of each entry: counts in full, in part or not, and why, in words for the screen.

The same cuts as `minutes.counted`, kept apart by reason. Clock time that several entries of a patient share is given to
one of them: first to entries that count for CoCM, then in the order given; so the counted seconds of all entries add up
to the months' totals, and the entry being previewed, given last, shows what it would add.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from caseload.rules.clock import day_start, local_date, short_day
from caseload.rules.minutes import (
    FOREVER,
    SECOND,
    Circumstances,
    ConsentWindow,
    Entry,
    Stretch,
    billed_stretches,
    consent_of,
    consent_stretches,
    counts_for_ccm,
    counts_for_cocm,
    difference,
    episode_stretch,
    holds_all_day,
    intersection,
    is_in_episode,
    length,
    microseconds,
    never_counts,
    revocation,
    stretch,
    union,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many seconds of an entry do not count; `on` is the day that the reason turns on."""

    word: str
    seconds: int
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of one entry: `counts` is `fully`, `partly` or `not`, `counts_for` is `cocm`, `bhi` or `ccm`."""

    entry_id: UUID | str | int
    counts: str
    counts_for: str
    seconds: int
    counted_seconds: int
    reasons: tuple[Reason, ...]
    sentence: str


def standing(entry: Entry, others: Iterable[Entry], circumstances: Circumstances) -> Standing:
    """What would become of an entry beside the patient's others. Voided entries have no standing: ValueError."""
    if entry.voided:
        raise ValueError("a voided entry is no entry any more")
    return standings([*others, entry], circumstances)[-1]


def standings(entries: Iterable[Entry], circumstances: Circumstances) -> tuple[Standing, ...]:
    """What became of each of a patient's entries, in the order given; voided ones are left out."""
    live = [entry for entry in entries if not entry.voided]
    billed = billed_stretches(live)
    found: dict[int, Standing] = {}
    taken: list[Stretch] = []
    for place, entry in sorted(enumerate(live), key=lambda item: (_turn(item[1]), item[0])):
        cut = _cut(entry, circumstances, billed)
        if entry.span is not None:
            cut.less("overlaps_bhi" if counts_for_ccm(entry) else "overlaps_same_patient", taken)
            taken = union([*taken, *cut.left])
        found[place] = _standing(entry, cut, circumstances)
    return tuple(found[place] for place in range(len(live)))


def _turn(entry: Entry) -> int:
    """CoCM entries take shared minutes first, then other BHI ones, then those of CCM."""
    if counts_for_ccm(entry):
        return 2
    return 0 if counts_for_cocm(entry) else 1


class _Cut:
    """An entry being cut down, each piece kept with its reason. An entry without clock time is one piece."""

    def __init__(self, entry: Entry) -> None:
        self.left: list[Stretch] = [(0, (entry.seconds or 0) * SECOND)] if entry.span is None else [stretch(entry)]
        self.length = length(self.left)
        self.reasons: list[Reason] = []

    def drop(self, word: str, pieces: Sequence[Stretch], on: date | None = None) -> None:
        """Take pieces away for a reason."""
        if pieces:
            self.reasons.append(Reason(word, length(pieces) // SECOND, on))
            self.left = difference(self.left, pieces)

    def less(self, word: str, pieces: Sequence[Stretch], on: date | None = None) -> None:
        """Take away what is left of pieces."""
        self.drop(word, intersection(self.left, pieces), on)


def _cut(entry: Entry, circumstances: Circumstances, billed: list[Stretch]) -> _Cut:
    cut = _Cut(entry)
    never = never_counts(entry, count_facility_minutes=circumstances.count_facility_minutes)
    if never:
        cut.drop(never, cut.left)
    elif entry.on is not None:
        _cut_day(cut, entry, entry.on, circumstances)
    else:
        _cut_clock(cut, entry, circumstances)
        cut.less("overlaps_billed", billed)
    return cut


def _cut_clock(cut: _Cut, entry: Entry, circumstances: Circumstances) -> None:
    begins, ends = episode_stretch(circumstances)
    cut.less("before_episode", [(-FOREVER, begins)], circumstances.episode_from)
    cut.less("after_end", [(ends, FOREVER)], circumstances.last_day)
    consents = _consents(entry, circumstances)
    for piece in difference(cut.left, consent_stretches(circumstances, consent_of(entry))):
        word, on = _lack(consents, piece[0], circumstances)
        cut.drop(word, [piece], on)


def _cut_day(cut: _Cut, entry: Entry, day: date, circumstances: Circumstances) -> None:
    """An entry without clock time counts whole or not at all."""
    if not is_in_episode(day, circumstances):
        before = day < circumstances.episode_from
        word = "before_episode" if before else "after_end"
        cut.drop(word, cut.left, circumstances.episode_from if before else circumstances.last_day)
    elif not holds_all_day(day, circumstances, consent_of(entry)):
        word, on = _lack_on(day, _consents(entry, circumstances), circumstances)
        cut.drop(word, cut.left, on)


def _consents(entry: Entry, circumstances: Circumstances) -> list[ConsentWindow]:
    """The consents to the entry's service that ever held, in order."""
    return sorted(
        (
            consent
            for consent in circumstances.consents
            if consent.service == consent_of(entry)
            and microseconds(consent.given_at) < revocation(consent, circumstances.zone)
        ),
        key=lambda consent: consent.given_at,
    )


def _lack(consents: list[ConsentWindow], at: int, circumstances: Circumstances) -> tuple[str, date | None]:
    """Why no consent holds at an instant."""
    if not consents:
        return "no_consent", None
    ended = [one.revoked_on for one in consents if revocation(one, circumstances.zone) <= at]
    if ended:
        return "after_revocation", max(on for on in ended if on is not None)
    return "before_consent", local_date(consents[0].given_at, circumstances.zone)


def _lack_on(day: date, consents: list[ConsentWindow], circumstances: Circumstances) -> tuple[str, date | None]:
    """Why no one consent holds for the whole of a day."""
    given = [local_date(consent.given_at, circumstances.zone) for consent in consents]
    if day in given:
        return "no_consent_all_day", day
    return _lack(consents, microseconds(day_start(day, circumstances.zone)), circumstances)


def _standing(entry: Entry, cut: _Cut, circumstances: Circumstances) -> Standing:
    counted = length(cut.left)
    counts = "fully" if counted == cut.length else "partly" if counted else "not"
    return Standing(
        entry_id=entry.id,
        counts=counts,
        counts_for="cocm" if counts_for_cocm(entry) else consent_of(entry),
        seconds=cut.length // SECOND,
        counted_seconds=counted // SECOND,
        reasons=tuple(cut.reasons),
        sentence=_sentence(entry, cut, circumstances, counted // SECOND),
    )


def _sentence(entry: Entry, cut: _Cut, circumstances: Circumstances, counted: int) -> str:
    if not cut.reasons:
        only_general = entry.service == "cocm" and not counts_for_cocm(entry)
        return "Counts towards general BHI, not CoCM." if only_general else "Counts in full."
    why = [(reason, _because(reason, entry, circumstances)) for reason in cut.reasons]
    if counted == 0:
        return f"Not counted: {'; '.join(dict.fromkeys(text for _, text in why))}."
    parts = "; ".join(f"{_duration(reason.seconds)} {text}" for reason, text in why)
    return f"{_duration(counted)} of {_duration(cut.length // SECOND)} count; not counted: {parts}."


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return " ".join(part for part, is_said in ((f"{minutes} min", minutes), (f"{rest} s", rest)) if is_said)


def _because(reason: Reason, entry: Entry, circumstances: Circumstances) -> str:
    text = PHRASES[reason.word]
    if reason.word == "role_never_counts":
        return ROLES.get(entry.role, text)
    if reason.word == "after_end" and reason.on == circumstances.died_on:
        text = "after the patient died on {day}"
    return text.format(day=_day(reason.on, entry, circumstances), code=entry.billed_as)


def _day(day: date | None, entry: Entry, circumstances: Circumstances) -> str:
    """The day, with its year where it is not that of the entry."""
    if day is None:
        return ""
    worked_on = entry.on if entry.span is None else local_date(entry.span[0], circumstances.zone)
    same_year = worked_on is not None and worked_on.year == day.year
    return short_day(day) if same_year else f"{short_day(day)}, {day.year}"


PHRASES = {
    "held": "held until its overlap with another patient's time is settled",
    "role_never_counts": "time of this role never counts",
    "scheduling": "scheduling never counts",
    "billed_as": "billed as {code}",
    "facility": "the payer does not count time during a facility stay",
    "before_episode": "before the episode began on {day}",
    "after_end": "after the program ended on {day}",
    "no_consent": "no consent on file",
    "before_consent": "before consent on {day}",
    "after_revocation": "after consent was withdrawn on {day}",
    "no_consent_all_day": "no clock time, and consent did not hold for all of {day}",
    "overlaps_billed": "under a separately billed service",
    "overlaps_same_patient": "counted once with another entry for the same minutes",
    "overlaps_bhi": "the same minutes already count elsewhere",
}
ROLES = {
    "clerical": "clerical time never counts",
    "psychiatric_consultant": "the consultant's time is paid within the code",
}
