"""What a payer profile may set otherwise than its rule book, each within bounds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OPTION_FIELD = "options."


class UnknownOption(ValueError):
    """No payer option has this name."""


class OptionOutOfBounds(ValueError):
    """A payer option has a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class Options:
    """The choices of a payer. `addon_cap` None is no cap; `scale_within` is "month" or a number of days."""

    covers_g2214: bool
    g2214_min: int
    time_rule: str
    addon_cap: int | None
    initial_month_policy: str
    initial_once_per: str
    count_facility_minutes: bool
    apcm_bh_route: str
    covers_99484: bool
    fqhc_cocm_code: str
    scale_within: str | int
    extra_visit_codes: tuple[str, ...]


def checked(name: str, value: Any) -> Any:
    """The value, lists as tuples. Raises UnknownOption or OptionOutOfBounds, naming what would do."""
    if name not in BOUNDS:
        raise UnknownOption(f"{name}: no such payer option; there are {', '.join(BOUNDS)}")
    if isinstance(value, list):
        value = tuple(value)
    is_possible, words = BOUNDS[name]
    if not is_possible(value):
        raise OptionOutOfBounds(f"{name}: {value!r} is not {words}")
    return value


def checked_all(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """All overrides of a payer profile, checked."""
    return {name: checked(name, value) for name, value in overrides.items()}


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*words: object) -> Callable[[Any], bool]:
    return lambda value: any(value == word and type(value) is type(word) for word in words)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _are_codes(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(code, str) and re.fullmatch(r"[0-9A-Z]\d{3}[0-9A-Z]", code) for code in value
    )


MOST_UNITS = 99
MOST_DAYS = 3660

BOUNDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "covers_g2214": (_is_flag, "true or false"),
    "g2214_min": (_one_of(16, 30), "16 or 30"),
    "time_rule": (_one_of("midpoint", "full"), '"midpoint" or "full"'),
    "addon_cap": (
        lambda value: value is None or _is_whole(value, 0, MOST_UNITS),
        "null or a number from 0 to 99",
    ),
    "initial_month_policy": (
        _one_of("first_calendar_month", "first_billable_month"),
        '"first_calendar_month" or "first_billable_month"',
    ),
    "initial_once_per": (_one_of("episode", "calendar_year"), '"episode" or "calendar_year"'),
    "count_facility_minutes": (_is_flag, "true or false"),
    "apcm_bh_route": (_one_of("gcode", "cpt", "hold"), '"gcode", "cpt" or "hold"'),
    "covers_99484": (_is_flag, "true or false"),
    "fqhc_cocm_code": (_one_of("by_date", "G0512"), '"by_date" or "G0512"'),
    "scale_within": (
        lambda value: value == "month" or _is_whole(value, 1, MOST_DAYS),
        '"month" or a number of days from 1 to 3660',
    ),
    "extra_visit_codes": (_are_codes, "a list of five-character codes"),
}
