"""What a finding of a look-back says to people: what the records lack, and what would change that. Blames nobody."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rules.look_back import ADDONS, CodeUnits, Compared, Finding, Support, is_in_force
from caseload.rules.clock import last_day, month_of, short_day

# By gap, what would close it afterwards. Billing rules: requirements of the books.
WOULD_CHANGE = {
    "consent_missing": "a consent with the day on which it was given, before the work",
    "initiating_visit_missing": "a visit with the billing practitioner up to a year before enrolment",
    "diagnosis_missing": "the diagnosis that was treated",
    "care_plan_missing": "a care plan dated by the month's end",
    "rating_scale_missing": "a scale that was answered in the month, with its score",
    "case_review_missing": "a review by the psychiatric consultant, with the advice",
    "minutes_short": "minutes of the month that are not entered here yet",
    "no_engagement": "a conversation of the month with the patient, a caregiver or another treating professional",
    "not_covered": "the payer's rules, if they are not as entered here",
    "other_biller": "an agreement on who bills the month",
    "program_ended": "another day of the program's end, if the one here is wrong",
}
NOTHING_ENTERED = "No time is on record here for this month."
ANY_TIME = "minutes of the month that are not entered here yet"


def why(compared: Compared, support: Support) -> tuple[str, ...]:
    """Sentences on why the two sides differ; none where they do not."""
    return tuple(dict.fromkeys(_sentences(compared, support)))


def would_change(compared: Compared, support: Support) -> tuple[str, ...]:
    """What somebody may still find on paper that would make the records support what was billed."""
    if compared.finding not in (Finding.UNSUPPORTED, Finding.HIGHER, Finding.OTHER_CODE):
        return ()
    found = [WOULD_CHANGE[gap.word] for gap in support.gaps if gap.word in WOULD_CHANGE]
    is_higher = compared.finding is not Finding.UNSUPPORTED
    needs_time = not support.considered or (is_higher and _needs_time(compared.billed, support))
    return tuple(dict.fromkeys([*found, *([ANY_TIME] if needs_time else [])]))


def _sentences(compared: Compared, support: Support) -> Iterator[str]:
    facts = (compared.finding, *compared.also)
    if compared.finding is Finding.UNSUPPORTED:
        yield from _gaps(support)
    if compared.finding in (Finding.HIGHER, Finding.OTHER_CODE):
        yield from (gap.sentence for gap in support.gaps)
        yield from _beyond(compared.billed, support)
    if Finding.TWO_FAMILIES in facts:
        yield "Collaborative care and general BHI were both billed; a month bills one of the two."
    if Finding.TWICE in facts:
        yield (
            "More than one base code was billed; a month has one. If two rows are payments of one claim, keep one of "
            "them in the file."
        )
    if Finding.NOT_IN_FORCE in facts:
        yield from _not_in_force(compared.billed, support)
    if Finding.NO_RULES in facts:
        yield "No rules of the payer are on record for this month, so nothing can be said."
    if Finding.TAKEN_BACK in facts:
        yield "It was billed and taken back again in the file."


def _needs_time(billed: CodeUnits, support: Support) -> bool:
    """Whether more minutes would carry what was billed, where a code for the month was found."""
    have, needed = dict(support.ours), {one.code: one.needed_minutes for one in support.considered}
    is_more = [units > have.get(code, 0) for code, units in billed if code in have or code in ADDONS]
    return any(is_more) or any(code not in have and _is_short(needed.get(code), support) for code, _ in billed)


def _is_short(least: int | None, support: Support) -> bool:
    return least is not None and least > support.minutes


def _gaps(support: Support) -> Iterator[str]:
    if not support.gaps:
        yield NOTHING_ENTERED
    yield from (gap.sentence for gap in support.gaps)


def _beyond(billed: CodeUnits, support: Support) -> Iterator[str]:
    """For each billed code, how much more it needs than the month has."""
    needed = {one.code: one.needed_minutes for one in support.considered}
    have = dict(support.ours)
    for code, units in billed:
        least = needed.get(code)
        if code in ADDONS and units > have.get(code, 0):
            yield f"{support.minutes} minutes count, which carry {have.get(code, 0)} of {units} units of {code}."
        elif code not in have and _is_short(least, support):
            yield f"{code} needs {least} minutes; {support.minutes} count."
        elif code not in have and code not in ADDONS and code not in needed:
            yield f"{code} does not describe this month; {_words(support.ours)} does."


def _not_in_force(billed: CodeUnits, support: Support) -> Iterator[str]:
    on = last_day(month_of(support.claim_on))
    for code, _ in billed:
        if not is_in_force(code, on, support):
            yield f"{code} is not among the payer's codes on {short_day(on)}, {on.year}."


def _words(lines: CodeUnits) -> str:
    return " + ".join(code if units == 1 else f"{code} × {units}" for code, units in lines)
