"""How sums of time, shares and forecasts are said on the analysis page."""

from __future__ import annotations

from django import template

from billing.queries.analysis import Range, Sums
from billing.queries.claims import Expected
from billing.templatetags.billing_words import counted, dollars, expected_words

register = template.Library()

NOT_APPLICABLE = "n/a"
LOST_WORDS = {
    "held": "Held until an overlap is settled",
    "role_never_counts": "Roles whose time never counts",
    "consultant": "Psychiatric consultant: paid within the code",
    "clerical": "Clerical staff",
    "scheduling": "Scheduling",
    "billed_as": "Billed as a service of its own",
    "facility": "Facility stay that the payer leaves out",
    "before_episode": "Before referral and enrolment",
    "after_end": "After the program ended, or the patient died",
    "no_consent": "No consent on file",
    "before_consent": "Before consent",
    "after_revocation": "After consent was taken back",
    "no_consent_all_day": "No clock time on a day with consent for part of it",
    "overlaps_billed": "Under a service billed separately",
    "overlaps_same_patient": "The same minutes as another entry",
    "overlaps_bhi": "The same minutes count elsewhere",
}


@register.filter
def lost_words(word: str) -> str:
    """Why logged time does not count, as a row of a table."""
    return LOST_WORDS[word]


@register.filter
def hours_words(seconds: int) -> str:
    """Much time: `45 min`, `12 h 05 min`."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours:,} h {minutes:02} min" if hours else f"{minutes} min"


@register.filter
def share_words(share: int | None) -> str:
    """`83%`; of nothing, `n/a`."""
    return NOT_APPLICABLE if share is None else f"{share}%"


@register.filter
def share_of(seconds: int, whole: int) -> str:
    """A part of a whole; of nothing, `n/a`."""
    if 0 < 100 * seconds < whole:
        return "under 1%"
    return share_words(100 * seconds // whole if whole else None)


@register.filter
def known_words(expected: Expected) -> str:
    """The known part of a sum, for a tile: `$443.56`; `unknown` where nothing of it is known."""
    return dollars(expected.known if expected.known or not expected.unknown else None)


@register.filter
def unknown_words(expected: Expected) -> str:
    """What a tile says beside it: `and 2 unknown amounts; estimate`."""
    return f"and {counted(expected.unknown, 'unknown amount')}; estimate" if expected.unknown else "estimate"


@register.filter
def counted_of(sums: Sums) -> str:
    """`12 h 05 min of 14 h 00 min logged`."""
    return f"{hours_words(sums.counted_seconds)} of {hours_words(sums.logged_seconds)} logged"


@register.filter
def billing_of(sums: Sums) -> str:
    """`of 48 with time or services`."""
    return f"of {sums.months:,} with anything in them"


@register.filter
def pace_words(found: Range) -> str:
    """`at its pace $443.56; bills $60.79 now; estimate`."""
    return f"at its pace {known_words(found.at_pace)}; bills {known_words(found.least)} now; estimate"


@register.filter
def missed_words(sums: Sums) -> str:
    """`3 months, $443.56`, a few minutes or one paper short; nothing where none was."""
    count = sums.near_count + sums.papers_count
    return f"{counted(count, 'month')}, {expected_words(sums.missed)}" if count else ""
