"""The result of an administration in words."""

from registry.rules.instruments.definition import Instrument, Tier


def result_words(
    scale: Instrument,
    *,
    total: int | None,
    tier: Tier | None = None,
    is_at_least: bool = False,
    is_prorated: bool = False,
    sex: str = "",
) -> str:
    """`16, moderately severe`; `5, positive screen`; `high risk`; `incomplete` where there is no result."""
    if tier is not None:
        return f"at least {tier.word.lower()}" if is_at_least else tier.word.lower()
    if total is None:
        return "incomplete"
    meaning = meaning_words(scale, total, sex)
    words = f"{total}, {meaning}" if meaning else str(total)
    return f"{words} (prorated)" if is_prorated else words


def meaning_words(scale: Instrument, total: int, sex: str = "") -> str:
    """The band of a total; where a tool has none, which side of its cut for `sex` it is on; else nothing."""
    band = scale.band(total)
    if band is not None:
        return band.word
    is_positive = scale.is_positive(total, sex)
    return "" if is_positive is None else "positive screen" if is_positive else "negative screen"


def critical_words(scale: Instrument, answer: int) -> str:
    """The answer about self-harm beside a total: `item 9: 1`."""
    return f"item {scale.critical_item}: {answer}"
