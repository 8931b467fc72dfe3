"""Which codes of the BHI family describe a month, in the order in which they are tried, and the
minutes each needs.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from billing.rules.books import RuleBook
from billing.rules.facts import MonthFacts
from billing.rules.month_type import MonthType

USUAL = "usual"
COCM, BHI = "cocm", "bhi"


@dataclass(frozen=True, slots=True)
class Addon:
    """A further unit for each further stretch of minutes: the first at `first_at`, the next every `step`."""

    code: str
    first_at: int
    step: int
    cap: int | None
    field: str

    def units(self, minutes: int) -> int:
        """How many units so many minutes give."""
        units = 0 if minutes < self.first_at else 1 + (minutes - self.first_at) // self.step
        return units if self.cap is None else min(units, self.cap)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One code that may describe the month. `needs` None stands for any counting time at all.

    `time` says whose minutes (`cocm` or `bhi`); `field` is the book's field that set `needs`, `coverage` the
    one that decides whether the payer covers the code.
    """

    code: str
    time: str
    needs: int | None
    field: str
    is_covered: bool = True
    coverage: str = ""
    addon: Addon | None = None

    def is_reached(self, seconds: int) -> bool:
        """Whether so many seconds of its kind are enough; only whole minutes of the month's sum count."""
        return seconds > 0 if self.needs is None else seconds // 60 >= self.needs


def apcm_base(facts: MonthFacts, book: RuleBook) -> str | None:
    """The APCM base code that this practitioner bills in the month."""
    for service in facts.other_services:
        if service.by == "billing" and service.code in book.apcm_base_codes:
            return service.code
    return None


def is_beside_apcm(base: str | None, book: RuleBook) -> bool:
    """Whether the month has only the add-ons to the APCM base."""
    return base is not None and book.has_apcm_addons and book.options.apcm_bh_route != "cpt"


def candidates(facts: MonthFacts, book: RuleBook, kind: MonthType, base: str | None) -> tuple[Candidate, ...]:
    """The month's candidates in order; the first that is met and covered bills."""
    if is_beside_apcm(base, book):
        return _addons_to_apcm(kind.is_initial)
    if is_clinic(facts, book):
        return _at_clinic(book, kind.is_initial)
    return _at_office(book, kind.is_initial, is_facility(facts, book))


@lru_cache(maxsize=1024)
def _at_office(book: RuleBook, is_initial: bool, facility: bool) -> tuple[Candidate, ...]:
    collaborative, general = _collaborative(book, is_initial), _general(book, "99484")
    if "G2214" not in book.codes:
        return collaborative, general
    short = _short(book)
    return (collaborative, general, short) if facility else (collaborative, short, general)


@lru_cache(maxsize=1024)
def _at_clinic(book: RuleBook, is_initial: bool) -> tuple[Candidate, ...]:
    """Health centers and rural clinics: their own codes for as long as there are such, else the usual ones."""
    general = book.clinic_bhi_code
    chosen = book.options.fqhc_cocm_code
    collaborative = book.clinic_cocm_code if chosen == "by_date" else chosen
    if collaborative == USUAL:
        usual = _at_office(book, is_initial, facility=False)
        return usual if general == USUAL else (*usual[:-1], _general(book, general))
    return _clinic_cocm(book, is_initial, collaborative), _general(book, "99484" if general == USUAL else general)


def is_clinic(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether the site is a health center or rural health clinic with rules of its own."""
    return facts.setting in book.clinic_settings


def is_facility(facts: MonthFacts, book: RuleBook) -> bool:
    """Whether the place of service is paid at the facility rate; health centers and rural clinics
    never are.
    """
    return facts.place_of_service in book.facility_places and not is_clinic(facts, book)


@cache
def _addons_to_apcm(is_initial: bool) -> tuple[Candidate, ...]:
    collaborative = "G0568" if is_initial else "G0569"
    return (
        Candidate(collaborative, COCM, None, f"codes.{collaborative}.since"),
        Candidate("G0570", BHI, None, "codes.G0570.since"),
    )


def _collaborative(book: RuleBook, is_initial: bool) -> Candidate:
    code = "99492" if is_initial else "99493"
    rule, further = book.codes[code], book.codes["99494"]
    stated, each = rule.full_minutes or 0, further.full_minutes or 0
    full = book.options.time_rule == "full"
    limit = "full_minutes" if full else "midpoint_minutes"
    addon = Addon(
        code="99494",
        first_at=stated + (each if full else further.midpoint_minutes or 0),
        step=each,
        cap=book.options.addon_cap,
        field=f"codes.99494.{limit}",
    )
    needs = stated if full else rule.midpoint_minutes
    return Candidate(code, COCM, needs, f"codes.{code}.{limit}", addon=addon)


def _short(book: RuleBook) -> Candidate:
    least, field = book.options.g2214_min, "options.g2214_min"
    stated = book.codes["G2214"].full_minutes or 0
    if book.options.time_rule == "full" and stated > least:
        least, field = stated, "codes.G2214.full_minutes"
    return Candidate("G2214", COCM, least, field, book.options.covers_g2214, "options.covers_g2214")


def _general(book: RuleBook, code: str) -> Candidate:
    needs, field = book.codes[code].full_minutes, f"codes.{code}.full_minutes"
    return Candidate(code, BHI, needs, field, book.options.covers_99484, "options.covers_99484")


def _clinic_cocm(book: RuleBook, is_initial: bool, code: str) -> Candidate:
    rule = book.codes[code]
    if is_initial:
        return Candidate(code, COCM, rule.full_minutes, f"codes.{code}.full_minutes")
    return Candidate(code, COCM, rule.later_full_minutes, f"codes.{code}.later_full_minutes")
