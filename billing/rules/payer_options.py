"""The options of a payer in plain words: what each decides, what may be chosen, and how a choice is said."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing.rules.books import NoBookInForce, OptionOutOfBounds, RuleBook, book_in_force
from billing.rules.books.library import library
from billing.rules.books.options import OPTION_FIELD, checked
from billing.rules.facts import OptionValue
from billing.rules.findings import Citation
from billing.rules.words import FLAGS

NO_LIMIT = "no limit"
SAME_MONTH = "month"


@dataclass(frozen=True, slots=True)
class OptionWords:
    """One option: `choices` are its values with their words; where there are none it is typed, as `typed` says."""

    name: str
    label: str
    decides: str
    choices: tuple[tuple[OptionValue, str], ...] = ()
    typed: str = ""

    @property
    def unsettled(self) -> str:
        """The flag that a month carries while this is not settled among sources; empty where it is."""
        return next((said for field, said in FLAGS.values() if field == OPTION_FIELD + self.name), "")


@dataclass(frozen=True, slots=True)
class Difference:
    """An option in which a payer differs from its book, in words."""

    label: str
    value: str
    book_says: str


YES_NO = ((True, "Yes"), (False, "No"))
OPTION_WORDS: tuple[OptionWords, ...] = (
    OptionWords(
        "covers_g2214",
        "Pays G2214",
        "Without it, a month of collaborative care below the base code's minutes bills nothing.",
        YES_NO,
    ),
    OptionWords(
        "g2214_min",
        "Minutes for G2214",
        "From how many minutes the short month bills.",
        ((16, "16 minutes (midpoint passed)"), (30, "30 minutes (full time)")),
    ),
    OptionWords(
        "time_rule",
        "When a timed code is reached",
        "By the midpoint, 36 of 70 minutes reach 99492 and 31 of 60 reach 99493; else the full time is needed.",
        (("midpoint", "Once its midpoint is passed"), ("full", "Only by its full time")),
    ),
    OptionWords(
        "addon_cap",
        "Most units of 99494 a month",
        "What lies above is not asked for.",
        typed=f"A number from 0 to 99, or “{NO_LIMIT}”.",
    ),
    OptionWords(
        "initial_month_policy",
        "Which month is the initial one",
        "Decides between 99492 and 99493 where nothing could be billed in the first month with work.",
        (
            ("first_calendar_month", "The first month with work, billed or not"),
            ("first_billable_month", "The first month that bills"),
        ),
    ),
    OptionWords(
        "initial_once_per",
        "How often 99492 may be billed",
        "A second course of care in the same year then begins with 99493.",
        (("episode", "Once in each course of care"), ("calendar_year", "Once in a calendar year")),
    ),
    OptionWords(
        "count_facility_minutes",
        "Counts minutes during a hospital stay",
        "Whether work counts while the patient is an inpatient or under observation.",
        YES_NO,
    ),
    OptionWords(
        "apcm_bh_route",
        "Beside APCM",
        "What a month asks for where this practitioner also bills APCM (G0556 to G0558).",
        (
            ("gcode", "The add-ons G0568, G0569 and G0570"),
            ("cpt", "The timed codes"),
            ("hold", "Nothing, until somebody decides"),
        ),
    ),
    OptionWords(
        "covers_99484",
        "Pays 99484",
        "General behavioral health integration, 20 minutes a month.",
        YES_NO,
    ),
    OptionWords(
        "fqhc_cocm_code",
        "Code at an FQHC or RHC",
        "Medicare ended G0512 with 2025; some Medicaid programs did not follow.",
        (("by_date", "As the rule book has it for the day"), ("G0512", "G0512")),
    ),
    OptionWords(
        "scale_within",
        "How fresh a score must be",
        "A rating scale counts for a month if it was scored in it, or within so many days before its end.",
        typed=f"“{SAME_MONTH}”, or a number of days from 1 to 3660.",
    ),
    OptionWords(
        "extra_visit_codes",
        "Further codes that start services",
        "Visits with these codes serve as the initiating visit too.",
        typed="Codes with five characters, parted by blanks: 90791 90792. “none” for none.",
    ),
)
BY_NAME: Mapping[str, OptionWords] = {option.name: option for option in OPTION_WORDS}


def said(name: str, value: OptionValue) -> str:
    """A value of an option as people say it."""
    for known, words in BY_NAME[name].choices:
        if known == value and type(known) is type(value):
            return words
    if name == "addon_cap":
        return "No limit" if value is None else str(value)
    if name == "scale_within":
        return "In the month itself" if value == SAME_MONTH else f"Within {value} days"
    assert isinstance(value, tuple)
    return " ".join(value) or "None"


def typed(name: str, value: OptionValue) -> str:
    """A value of an option as it is typed, or as a choice sends it."""
    if value is None:
        return NO_LIMIT
    if isinstance(value, tuple):
        return " ".join(value) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(name: str, text: str) -> OptionValue:
    """What somebody typed or chose for an option. Raises OptionOutOfBounds with a sentence that says what would do."""
    option = BY_NAME[name]
    for value, _ in option.choices:
        if typed(name, value) == text:
            return value
    try:
        value = checked(name, _read_typed(name, " ".join(text.split())))
    except OptionOutOfBounds:
        raise OptionOutOfBounds(f"Enter it so: {option.typed}" if option.typed else "Choose from the list.") from None
    known: OptionValue = value
    return known


def _read_typed(name: str, text: str) -> Any:
    bare = text.lower()
    if name == "addon_cap" and bare == NO_LIMIT:
        return None
    if name == "extra_visit_codes":
        return () if bare == "none" else tuple(sorted({code.upper() for code in re.split(r"[\s,;]+", text) if code}))
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else bare


def book_for(family: str, on: date) -> RuleBook:
    """The family's book of a day; before its first book, that first one. Raises NoBookInForce for an unknown family."""
    try:
        return book_in_force(family, on)
    except NoBookInForce:
        books = library().get(family)
        if not books:
            raise
        return books[0]


def families() -> tuple[tuple[str, str], ...]:
    """Every family of rule books with its name, by name."""
    return tuple(sorted(((family, family_name(family)) for family in library()), key=lambda pair: pair[1].lower()))


def family_name(family: str) -> str:
    """A family as people call it: what its books' titles begin with."""
    books = library().get(family)
    return re.split(r":|,? (?:from|as seen on)\b|\s(?=[0-9]{4})", books[-1].title)[0] if books else family


def first_judged(family: str) -> date:
    """The first day of the first month that a family's books judge: months are judged by their first day."""
    effective = library()[family][0].effective
    if effective.day == 1:
        return effective
    return date(effective.year + effective.month // 12, effective.month % 12 + 1, 1)


def only_differences(book: RuleBook, chosen: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
    """Of what was chosen, that in which the payer differs from its book: the rest follows the book as it changes."""
    return {name: value for name, value in chosen.items() if value != _of_book(book, name)}


def differences(book: RuleBook, options: Mapping[str, OptionValue]) -> tuple[Difference, ...]:
    """Where a payer differs from its book, in the order in which options are shown."""
    return tuple(
        Difference(option.label, said(option.name, options[option.name]), book_says(book, option.name))
        for option in OPTION_WORDS
        if option.name in options
    )


def book_says(book: RuleBook, name: str) -> str:
    """What the book has for an option, in words."""
    return said(name, _of_book(book, name))


def cited(book: RuleBook, name: str) -> Citation:
    """Where the book has it from."""
    return book.cite(OPTION_FIELD + name)


def _of_book(book: RuleBook, name: str) -> OptionValue:
    value: OptionValue = getattr(book.options, name)
    return value
