"""Which candidate bills, or why none does: the heart of a verdict."""

from dataclasses import dataclass

from billing.rules import requirements
from billing.rules.books import RuleBook
from billing.rules.candidates import COCM, Candidate, apcm_base, is_beside_apcm
from billing.rules.facts import MonthFacts
from billing.rules.findings import Considered, Gap, Line
from billing.rules.month_type import MonthType
from billing.rules.other_lines import line
from billing.rules.words import gap
from caseload.rules.minutes import Counted

BHI_CODES = frozenset({"99484", "G0511", "G0570"})


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What became of the month's candidates.

    `chosen` is the candidate that bills or is held back; `has_ended` says that all time lies after the
    program's end; `is_open` that more time could still reach a code, as it cannot without consent or after
    the end.
    """

    candidates: tuple[Candidate, ...]
    considered: tuple[Considered, ...]
    lines: tuple[Line, ...]
    gaps: tuple[Gap, ...]
    chosen: Candidate | None = None
    is_held: bool = False
    has_ended: bool = False
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class _Tried:
    """One candidate against the month."""

    candidate: Candidate
    seconds: int
    is_reached: bool
    missing: tuple[str, ...]

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps it from billing, coverage included."""
        return self.missing if self.candidate.is_covered else (*self.missing, "not_covered")


def reckon(facts: MonthFacts, book: RuleBook, kind: MonthType, candidates: tuple[Candidate, ...]) -> Reckoning:
    """Try the candidates in order: the first that is reached, met and covered bills.

    The gaps are those of the first that is reached by time, whether or not a later one then bills. Where all
    time lacks consent, candidates are found as if it counted, and nothing bills.
    """
    time = facts.time
    if time.only_after_end:
        return Reckoning(candidates, (), (), (gap("program_ended", book),), has_ended=True, is_open=False)
    lacks_consent = not time.counted.bhi_seconds and time.if_consented.bhi_seconds > 0
    tried = _try_all(facts, book, candidates, time.if_consented if lacks_consent else time.counted)
    chosen = None if lacks_consent else next((one for one in tried if one.is_reached and not one.gaps), None)
    held = chosen is not None and book.options.apcm_bh_route == "hold" and is_beside_apcm(apcm_base(facts, book), book)
    return Reckoning(
        candidates=candidates,
        considered=tuple(_considered(tried, chosen, book, is_held=held)),
        lines=() if chosen is None or held else _lines(facts, book, kind, chosen),
        gaps=_gaps(facts, book, tried, lacks_consent=lacks_consent),
        chosen=None if chosen is None else chosen.candidate,
        is_held=held,
        is_open=not lacks_consent,
    )


def _try_all(facts: MonthFacts, book: RuleBook, candidates: tuple[Candidate, ...], time: Counted) -> list[_Tried]:
    """Every candidate against the time; documents are looked at only where minutes reach."""
    seconds = [time.cocm_seconds if one.time == COCM else time.bhi_seconds for one in candidates]
    reached = [one.is_reached(having) for one, having in zip(candidates, seconds, strict=True)]
    if not any(reached):
        return [
            _Tried(one, having, is_reached=False, missing=()) for one, having in zip(candidates, seconds, strict=True)
        ]
    basis = requirements.basis(facts, book, time)
    general = requirements.missing(basis)
    all_of_it = (*general, *requirements.missing_for_cocm(basis))
    return [
        _Tried(one, having, there, all_of_it if one.time == COCM else general)
        for one, having, there in zip(candidates, seconds, reached, strict=True)
    ]


def _gaps(facts: MonthFacts, book: RuleBook, tried: list[_Tried], *, lacks_consent: bool) -> tuple[Gap, ...]:
    if not facts.time.logged_seconds:
        return ()
    found = [gap("consent_missing", book)] if lacks_consent else []
    first = next((one for one in tried if one.is_reached), None)
    if first is None:
        return (*found, gap("minutes_short", book, tried[-1].candidate.field))
    coverage = first.candidate.coverage
    return (*found, *(gap(word, book, coverage if word == "not_covered" else None) for word in first.gaps))


def _considered(tried: list[_Tried], chosen: _Tried | None, book: RuleBook, *, is_held: bool) -> list[Considered]:
    found = []
    is_decided = False
    for one in tried:
        outcome = "held" if is_held and one is chosen else _outcome(one, chosen, is_decided=is_decided)
        is_decided = is_decided or one is chosen
        code = one.candidate.code
        missing = one.gaps if one.is_reached else ()
        label = book.codes[code].label
        found.append(Considered(code, label, one.candidate.needs, one.seconds // 60, missing, outcome))
    return found


def _outcome(one: _Tried, chosen: _Tried | None, *, is_decided: bool) -> str:
    if one is chosen:
        return "bills"
    if not one.is_reached:
        return "not_reached"
    if is_decided:
        return "not_needed"
    if one.missing or one.candidate.is_covered:
        return "missing"
    return "not_covered"


def _lines(facts: MonthFacts, book: RuleBook, kind: MonthType, chosen: _Tried) -> tuple[Line, ...]:
    """The base line, and its further units."""
    candidate, minutes = chosen.candidate, chosen.seconds // 60
    fields = [candidate.field]
    if candidate.time == COCM:
        fields.append("options.initial_month_policy" if kind.has_earlier_month else "runs.gap_months")
    base = line(facts, book, candidate.code, 1, _because(candidate, kind, minutes), *fields)
    units = candidate.addon.units(minutes) if candidate.addon else 0
    if candidate.addon is None or units == 0:
        return (base,)
    because = f"{minutes} minutes; the first further unit begins at {candidate.addon.first_at}."
    further = candidate.addon
    return base, line(facts, book, further.code, units, because, further.field, "options.addon_cap")


def _because(candidate: Candidate, kind: MonthType, minutes: int) -> str:
    having = "minute" if minutes == 1 else "minutes"
    said = "CoCM" if candidate.time == COCM else "BHI"
    needs = "any counting time is enough" if candidate.needs is None else f"{candidate.needs} are enough"
    month = f", {kind.word} month" if candidate.time == COCM else ""
    return f"{minutes} {having} of {said}{month}; {needs}."
