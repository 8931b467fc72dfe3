"""What a patient's month may bill, and why: the one door to the billing engine.

`judge` is pure: the same facts and book give the same verdict, whenever. `judge_in_order` plays one patient's
months and carries what earlier ones served and billed forward. The readings are those of the stories in
tests/stories.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from billing.rules import requirements
from billing.rules.books import RuleBook, book_in_force, with_options
from billing.rules.candidates import apcm_base, candidates
from billing.rules.distance import next_step
from billing.rules.facts import EarlierLine, MonthFacts
from billing.rules.findings import Flag, Gap, Line, Verdict
from billing.rules.month_type import COCM_CODES, MonthType, month_type
from billing.rules.other_lines import base_lines, other_lines
from billing.rules.reckoning import BHI_CODES, Reckoning, reckon
from billing.rules.words import flag, gap
from caseload.rules.clock import first_day

HIGH_UNITS = 2
FULL_G2214 = 30


def judge(facts: MonthFacts, book: RuleBook) -> Verdict:
    """The best supportable lines of one month, its gaps and flags, each citing book and source.

    `book` is the one in force for the facts' payer in their month; the options in the facts are applied here.
    Raises UnknownOption or OptionOutOfBounds for options that the payer profile should have refused.
    """
    if facts.options:
        book = with_options(book, facts.options)
    kind = month_type(facts, book)
    if _is_barred(facts, book):
        return _verdict(facts, book, kind, gaps=(gap("access_participant", book),))
    base = apcm_base(facts, book)
    reckoning = reckon(facts, book, kind, candidates(facts, book, kind, base))
    beside, is_dropped = other_lines(facts, book, base)
    return _verdict(
        facts,
        book,
        kind,
        lines=(*base_lines(facts, book, base), *reckoning.lines, *beside),
        gaps=_gaps(facts, book, reckoning, base, is_dropped=is_dropped),
        reckoning=reckoning,
        base=base,
    )


def judge_in_order(
    months: Iterable[MonthFacts], books: Callable[[str, date], RuleBook] = book_in_force
) -> list[Verdict]:
    """The verdicts of one patient's months, the earliest first, each knowing what the earlier ones served and
    billed.

    What the facts already carry of earlier months is kept. Raises NoBookInForce.
    """
    verdicts: list[Verdict] = []
    served: tuple[str, ...] = ()
    lines: tuple[EarlierLine, ...] = ()
    for month in sorted(months, key=lambda facts: facts.month):
        known = following(month, served, lines)
        verdict = judge(known, books(known.payer, first_day(known.month)))
        verdicts.append(verdict)
        served, lines = known.own_served, (*known.own_lines, *billed(verdict))
        if verdict.served:
            served = (*served, verdict.month)
    return verdicts


def following(facts: MonthFacts, served: tuple[str, ...], lines: tuple[EarlierLine, ...]) -> MonthFacts:
    """The facts of a month, with what earlier months of this product served and billed added once."""
    more_lines = [line for line in lines if line not in facts.own_lines]
    more_months = [month for month in served if month not in facts.own_served]
    if not more_lines and not more_months:
        return facts
    return replace(
        facts,
        own_served=tuple(sorted((*facts.own_served, *more_months))),
        own_lines=(*facts.own_lines, *more_lines),
    )


def billed(verdict: Verdict) -> tuple[EarlierLine, ...]:
    """A verdict's lines as later months look back on them."""
    return tuple(EarlierLine(verdict.month, line.code, line.units) for line in verdict.lines)


def _is_barred(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether the practice is itself the ACCESS participant, in a month in which there is anything
    to bill.
    """
    return _bars_participant(facts, book) and _has_anything(facts)


def _bars_participant(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether no minutes of this patient can bill, for the ACCESS participant is paid otherwise."""
    if book.access is None or facts.access is None:
        return False
    return facts.access.aligned and facts.access.participant


def _has_anything(facts: MonthFacts) -> bool:
    time = facts.time
    return bool(time.logged_seconds or time.ccm_logged_seconds) or any(
        service.by == "billing" for service in facts.other_services
    )


def _gaps(
    facts: MonthFacts, book: RuleBook, reckoning: Reckoning, base: str | None, *, is_dropped: bool
) -> tuple[Gap, ...]:
    if reckoning.has_ended:
        return reckoning.gaps
    found = list(reckoning.gaps)
    if base is None and _needs_base(facts, book):
        found.append(gap("apcm_base_missing", book))
    if is_dropped or reckoning.is_held:
        field = "apcm.excludes" if is_dropped else "options.apcm_bh_route"
        found.append(gap("conflicting_service", book, field))
    return tuple(found)


def _needs_base(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether the add-ons would be open if the APCM base were not another practitioner's."""
    return (
        book.has_apcm_addons
        and book.options.apcm_bh_route == "gcode"
        and facts.time.counted.bhi_seconds > 0
        and any(one.by == "other" and one.code in book.apcm_base_codes for one in facts.other_services)
    )


def _verdict(
    facts: MonthFacts,
    book: RuleBook,
    kind: MonthType,
    *,
    lines: tuple[Line, ...] = (),
    gaps: tuple[Gap, ...] = (),
    reckoning: Reckoning | None = None,
    base: str | None = None,
) -> Verdict:
    seconds = _seconds(facts, lines)
    return Verdict(
        month=facts.month,
        minutes=seconds // 60,
        lines=lines,
        gaps=gaps,
        flags=_flags(facts, book, kind, lines, seconds, reckoning, base),
        considered=reckoning.considered if reckoning else (),
        next_step=next_step(facts, book, reckoning) if reckoning and not _bars_participant(facts, book) else None,
        month_type=kind.word,
        served=facts.time.counted.cocm_seconds > 0,
        book_id=book.id,
        book_sha256=book.sha256,
    )


def _seconds(facts: MonthFacts, lines: tuple[Line, ...]) -> int:
    """The seconds of the program that bills; with none, CoCM's if any count, else BHI's."""
    time = facts.time.counted
    for line in lines:
        if line.code in COCM_CODES:
            return time.cocm_seconds
        if line.code in BHI_CODES:
            return time.bhi_seconds
    return time.cocm_seconds or time.bhi_seconds


def _flags(
    facts: MonthFacts,
    book: RuleBook,
    kind: MonthType,
    lines: tuple[Line, ...],
    seconds: int,
    reckoning: Reckoning | None,
    base: str | None,
) -> tuple[Flag, ...]:
    words = _line_flags(kind, lines, seconds)
    if base and book.has_apcm_addons and reckoning and (reckoning.lines or reckoning.is_held):
        words.append("apcm_route_unsettled")
    if facts.time.logged_seconds > seconds:
        words.append("minutes_excluded")
    if reckoning and reckoning.lines:
        words += _record_flags(requirements.basis(facts, book, facts.time.counted))
    return tuple([flag(word, book) for word in words])


def _record_flags(basis: requirements.Basis) -> list[str]:
    """What the lines rest on that somebody should still see."""
    rests_on = {
        "care_plan_assumed": requirements.rests_on_assumed_plan(basis),
        "visit_code_unknown": requirements.rests_on_uncoded_visit(basis),
    }
    return [word for word, is_so in rests_on.items() if is_so]


def _line_flags(kind: MonthType, lines: tuple[Line, ...], seconds: int) -> list[str]:
    words = []
    codes = {line.code: line.units for line in lines}
    if "G2214" in codes and seconds // 60 < FULL_G2214:
        words.append("g2214_under_30")
    if codes.get("99494", 0) > HIGH_UNITS:
        words.append("addon_units_high")
    if not COCM_CODES.isdisjoint(codes):
        if kind.has_earlier_month and not kind.has_earlier_line:
            words.append("initial_month_unsettled")
        if kind.is_restart and not kind.is_initial:
            words.append("episode_restart_unsettled")
    return words
