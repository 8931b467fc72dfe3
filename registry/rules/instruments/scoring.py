"""One administration of a tool: from answers, or a bare total, to a result that can be trusted.

Messages name the item and what is allowed, never the answer: they may end up in a log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.rules.instruments.definition import Band, Instrument, Remark, Tier


class ImpossibleScore(ValueError):
    """An answer or total that the tool cannot give. `item` is its number, None for the total or the form."""

    def __init__(self, sentence: str, *, item: int | None = None) -> None:
        super().__init__(sentence)
        self.item = item


@dataclass(frozen=True, slots=True)
class Scored:
    """What an administration came to.

    `total` and `band` are None when too much is missing. `critical` is the answer to the critical item, None
    when it was not given (or the tool has none): a positive one stands even without a total. `is_prorated`
    totals are shown and charted with that mark, and stay out of quality measures. `items` has None both for
    `missing` answers and for items that were rightly not asked. `tier` is the result of a tool without a
    total; with answers missing it is the least that is known. `concerns` are the critical items above 0.
    """

    instrument: str
    total: int | None
    band: Band | None
    critical: int | None
    items: tuple[int | None, ...] = ()
    missing: tuple[int, ...] = ()
    is_prorated: bool = False
    tier: Tier | None = None
    concerns: tuple[int, ...] = ()

    @property
    def is_critical(self) -> bool:
        """The risk steps are called for."""
        return bool(self.critical) or bool(self.concerns)

    @property
    def is_at_least(self) -> bool:
        """The tier could be a higher one: not everything was answered."""
        return self.tier is not None and bool(self.missing)


def score(instrument: Instrument, items: Sequence[int | None]) -> Scored:
    """Score answers in the tool's order, None where one is missing.

    Up to `may_miss` missing answers the total is the mean of the others times the number of items, rounded
    half up. A missing critical item is never made up, so without it there is no total. An item whose
    condition fails is not asked: a "no" or 0 given there is dropped, a positive answer is refused.
    Source: clinical rules section 4 (PHQ manual; each tool's own file). Raises ImpossibleScore.
    """
    if len(items) != instrument.item_count:
        raise ImpossibleScore(f"{instrument.name} has {instrument.item_count} items; {len(items)} were given.")
    for number, answer in enumerate(items, start=1):
        if answer is not None:
            _check_answer(instrument, number, answer)
    asked, skipped = _asked(instrument, items)
    missing = tuple(
        number
        for number, answer in enumerate(asked, start=1)
        if answer is None and number not in skipped and number not in instrument.optional
    )
    total = _total(instrument, asked, missing, skipped)
    return Scored(
        instrument=instrument.key,
        total=total,
        band=None if total is None else instrument.band(total),
        critical=asked[instrument.critical_item - 1] if instrument.critical_item else None,
        items=tuple(asked),
        missing=missing,
        is_prorated=total is not None and bool(missing),
        tier=_tier(instrument, asked, missing),
        concerns=tuple(number for number in instrument.critical_items if asked[number - 1]),
    )


def check_total(instrument: Instrument, total: int, critical: int | None = None) -> Scored:
    """A total entered without its items, and the critical item's answer where it is known.

    The total lies in 0..`highest_total`; the answer is one that the item can give and is not above the total.
    Raises ImpossibleScore. Whether the other items can make the rest is `lowest_critical`: records of the past are
    kept as they were written, with both numbers, and only a person who types is asked.
    """
    if not instrument.has_total:
        raise ImpossibleScore(f"{instrument.name} has no total. Enter its answers.")
    if not _is_whole(total) or not 0 <= total <= instrument.highest_total:
        raise ImpossibleScore(f"{instrument.name} takes whole numbers from 0 to {instrument.highest_total}.")
    if critical is not None:
        _check_critical(instrument, total, critical)
    return Scored(instrument=instrument.key, total=total, band=instrument.band(total), critical=critical)


def lowest_critical(instrument: Instrument, total: int) -> int:
    """What the critical item must at least be where all the others are as high as can be: 1 for a PHQ-9 of 25."""
    number = instrument.critical_item
    assert number is not None, "only asked of scales with a critical item"
    return max(0, total - others_at_most(instrument, number))


def others_at_most(instrument: Instrument, number: int) -> int:
    """What the items but one can make together."""
    return instrument.highest_total - max(instrument.points[number - 1])


def remarks_on(instrument: Instrument, items: Sequence[int | None]) -> tuple[Remark, ...]:
    """What is to be said beside a result: what always holds, and what these answers call for."""
    giving = {number for number, answer in enumerate(items, start=1) if answer}
    return tuple(
        remark
        for remark in instrument.remarks
        if not remark.only_items or (giving and giving <= set(remark.only_items))
    )


def skipped_items(instrument: Instrument, items: Sequence[int | None]) -> set[int]:
    """The numbers of the items that earlier answers rule out, so that they are not asked."""
    skipped: set[int] = set()
    for number, condition in sorted(instrument.asked_if.items()):
        given = items[condition.item - 1]
        if condition.item in skipped or (given is not None and given < condition.at_least):
            skipped.add(number)
    return skipped


def _asked(instrument: Instrument, items: Sequence[int | None]) -> tuple[list[int | None], set[int]]:
    """The answers without those to items that were not to be asked, and the numbers of these."""
    asked = list(items)
    skipped = skipped_items(instrument, items)
    for number in sorted(skipped):
        if asked[number - 1]:
            raise ImpossibleScore(
                f"{instrument.name}: {_named(instrument, number)} is answered although "
                f"{_named(instrument, instrument.asked_if[number].item)} rules it out. Change one of them.",
                item=number,
            )
        asked[number - 1] = None
    return asked, skipped


def _named(instrument: Instrument, number: int) -> str:
    """An item as the form calls it."""
    wording = next(iter(instrument.wordings.values()), None)
    labels = (
        [item.label for item in wording.items] if wording else [str(n) for n in range(1, instrument.item_count + 1)]
    )
    if labels[number - 1]:
        return f"item {labels[number - 1]}"
    return f"the question after item {labels[number - 2]}" if number > 1 else "the first question"


def _check_critical(instrument: Instrument, total: int, critical: int) -> None:
    number = instrument.critical_item
    if number is None:
        raise ImpossibleScore(f"{instrument.name} has no item that is kept beside its total.")
    _check_answer(instrument, number, critical)
    if critical > total:
        raise ImpossibleScore(f"{instrument.name} item {number} cannot be more than the total.", item=number)


def _check_answer(instrument: Instrument, number: int, answer: int) -> None:
    points = instrument.points[number - 1]
    if not _is_whole(answer) or answer not in points:
        sentence = f"{instrument.name} {_named(instrument, number)} takes {_allowed(points)}."
        raise ImpossibleScore(sentence, item=number)


def _allowed(points: tuple[int, ...]) -> str:
    if len(points) > 2 and points == tuple(range(points[0], points[-1] + 1)):
        return f"whole numbers from {points[0]} to {points[-1]}"
    *first, last = map(str, points)
    return f"{', '.join(first)} or {last}"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _total(
    instrument: Instrument, asked: Sequence[int | None], missing: tuple[int, ...], skipped: set[int]
) -> int | None:
    """The sum of the scored items, 0 for those not asked; the mean stands in for a few missing ones."""
    needed = {instrument.critical_item, *instrument.unscored}
    if not instrument.has_total or len(missing) > instrument.may_miss or needed & set(missing):
        return None
    points = [asked[number - 1] or 0 for number in instrument.scored_items if number not in missing]
    return (2 * sum(points) * len(instrument.scored_items) + len(points)) // (2 * len(points))


def _tier(instrument: Instrument, asked: Sequence[int | None], missing: tuple[int, ...]) -> Tier | None:
    """The first tier that a "yes" gives; "nothing found" only where nothing is missing."""
    found = (tier for tier in instrument.tiers if any(asked[number - 1] for number in tier.any_of))
    nothing = instrument.tiers[-1] if instrument.tiers and not missing else None
    return next(found, nothing)
