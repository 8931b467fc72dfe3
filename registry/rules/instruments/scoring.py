"""One administration of a scale: from answers, or a bare total, to a score that can be trusted.

Messages name the item and what is allowed, never the answer: they may end up in a log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.rules.instruments.definition import Band, Instrument


class ImpossibleScore(ValueError):
    """An answer or total that the scale cannot give. `item` is its number, None for the total or the form."""

    def __init__(self, sentence: str, *, item: int | None = None) -> None:
        super().__init__(sentence)
        self.item = item


@dataclass(frozen=True, slots=True)
class Scored:
    """What an administration came to.

    `total` and `band` are None when too much is missing. `critical` is the answer to the critical item, None
    when it was not given (or the scale has none): a positive one stands even without a total. `is_prorated`
    totals are shown and charted with that mark, and stay out of quality measures.
    """

    instrument: str
    total: int | None
    band: Band | None
    critical: int | None
    items: tuple[int | None, ...] = ()
    missing: tuple[int, ...] = ()
    is_prorated: bool = False

    @property
    def is_critical(self) -> bool:
        return bool(self.critical)


def score(instrument: Instrument, items: Sequence[int | None]) -> Scored:
    """Score answers in the scale's order, None where one is missing.

    Up to `may_miss` missing answers the total is the mean of the others times the number of items, rounded
    half up. A missing critical item is never made up, so without it there is no total.
    Source: clinical rules section 4 (PHQ manual). Raises ImpossibleScore.
    """
    if len(items) != instrument.item_count:
        raise ImpossibleScore(f"{instrument.name} has {instrument.item_count} items; {len(items)} were given.")
    for number, answer in enumerate(items, start=1):
        if answer is not None:
            _check_answer(instrument, number, answer)
    missing = tuple(number for number, answer in enumerate(items, start=1) if answer is None)
    total = _total(instrument, [answer for answer in items if answer is not None], missing)
    return Scored(
        instrument=instrument.key,
        total=total,
        band=None if total is None else instrument.band(total),
        critical=items[instrument.critical_item - 1] if instrument.critical_item else None,
        items=tuple(items),
        missing=missing,
        is_prorated=total is not None and bool(missing),
    )


def check_total(instrument: Instrument, total: int, critical: int | None = None) -> Scored:
    """A total entered without its items, and the critical item's answer where it is known.

    The total lies in 0..`highest_total`, the answer in 0..`highest_answer` and not above the total.
    Raises ImpossibleScore.
    """
    if not _is_whole(total) or not 0 <= total <= instrument.highest_total:
        raise ImpossibleScore(f"{instrument.name} takes whole numbers from 0 to {instrument.highest_total}.")
    if critical is not None:
        _check_critical(instrument, total, critical)
    return Scored(instrument=instrument.key, total=total, band=instrument.band(total), critical=critical)


def _check_critical(instrument: Instrument, total: int, critical: int) -> None:
    number = instrument.critical_item
    if number is None:
        raise ImpossibleScore(f"{instrument.name} has no item that is kept beside its total.")
    _check_answer(instrument, number, critical)
    if critical > total:
        raise ImpossibleScore(f"{instrument.name} item {number} cannot be more than the total.", item=number)


def _check_answer(instrument: Instrument, number: int, answer: int) -> None:
    if not _is_whole(answer) or not 0 <= answer <= instrument.highest_answer:
        raise ImpossibleScore(
            f"{instrument.name} item {number} takes whole numbers from 0 to {instrument.highest_answer}.",
            item=number,
        )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _total(instrument: Instrument, answers: list[int], missing: tuple[int, ...]) -> int | None:
    if len(missing) > instrument.may_miss or instrument.critical_item in missing:
        return None
    return (2 * sum(answers) * instrument.item_count + len(answers)) // (2 * len(answers))
