"""What a clinic goes by where it has not decided: limits, hours, and what patients are told about danger.

Texts are of our own wording. 988 is the national Suicide and Crisis Lifeline, 911 the emergency number.
"""

from __future__ import annotations

from datetime import datetime, time

FIRST_ATTEMPT_DAYS = 2
INTERIM_CONTACT_DAYS = 14
LINK_DAYS = 7
WEEKDAYS = (0, 1, 2, 3, 4)
OPENS_AT, CLOSES_AT = time(8), time(17)

CRISIS_TEXT = (
    "If you may hurt yourself or are in danger now, do not wait for us. Call or text 988, at any hour, or call 911, "
    "or go to the nearest emergency room."
)
CRISIS_TEXT_ES = (
    "Si puede hacerse daño o está en peligro ahora, no espere nuestra respuesta. Llame o envíe un mensaje de texto "
    "al 988, a cualquier hora, llame al 911 o vaya a la sala de emergencias más cercana."
)
READ_WITHIN = "within one business day"
READ_WITHIN_ES = "en un día hábil"

WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def is_open_at(local: datetime, *, weekdays: tuple[int, ...], opens_at: time, closes_at: time) -> bool:
    """Whether a clinic with these hours is open at a local time; the closing minute itself is closed."""
    return local.weekday() in weekdays and opens_at <= local.time() < closes_at


def weekday_words(weekdays: tuple[int, ...]) -> str:
    """Days of the week as people say them: `Monday to Friday`, `Monday, Wednesday`, `every day`."""
    days = sorted(set(weekdays))
    if len(days) == len(WEEKDAY_NAMES):
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{WEEKDAY_NAMES[days[0]]} to {WEEKDAY_NAMES[days[-1]]}"
    return ", ".join(WEEKDAY_NAMES[day] for day in days)


def clock_words(at: time) -> str:
    """A time of day as people say it: `8:00 am`."""
    return f"{at.hour % 12 or 12}:{at:%M} {'am' if at.hour < 12 else 'pm'}"
