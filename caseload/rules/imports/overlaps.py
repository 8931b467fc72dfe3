"""Which logged times cannot all be true, because one person worked for two patients at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, pairwise

_NEIGHBOURS = (timedelta(days=-1), timedelta(), timedelta(days=1))


@dataclass(frozen=True)
class Stretch:
    """Somebody's clock time for a patient. `label` is how a sentence names it; `on_record` was there before."""

    key: str
    staff: str
    patient: str
    starts_at: datetime
    ends_at: datetime
    label: str
    on_record: bool = False

    def clashes_with(self, other: "Stretch") -> bool:
        """Same person, another patient, common time. Ends that only touch do not clash."""
        return (
            self.staff == other.staff
            and self.patient != other.patient
            and self.starts_at < other.ends_at
            and other.starts_at < self.ends_at
        )


def held_because(stretches: Sequence[Stretch]) -> Mapping[str, Stretch]:
    """Of the times that are not on record yet, those to be held, each with the one that it overlaps.

    What is on record stays; of two new ones the one that starts later is held, of two that start together the
    later row. A held time counts nowhere, so it holds nothing else back. No stretch lasts a day or longer.
    """
    held: dict[str, Stretch] = {}
    kept: dict[tuple[str, date], list[Stretch]] = {}
    for stretch in sorted(stretches, key=lambda each: (not each.on_record, each.starts_at)):
        day = stretch.starts_at.date()
        near = chain.from_iterable(kept.get((stretch.staff, day + step), ()) for step in _NEIGHBOURS)
        other = next((before for before in near if stretch.clashes_with(before)), None)
        if other and not stretch.on_record:
            held[stretch.key] = other
        else:
            kept.setdefault((stretch.staff, day), []).append(stretch)
    return held


def overlap_count(stretches: Sequence[Stretch]) -> int:
    """How many times begin before the same person's one before, for another patient, has ended."""
    count = 0
    for mine in _by_staff(stretches):
        ordered = sorted(mine, key=lambda stretch: stretch.starts_at)
        count += sum(later.clashes_with(before) for before, later in pairwise(ordered))
    return count


def _by_staff(stretches: Iterable[Stretch]) -> Iterable[list[Stretch]]:
    groups: dict[str, list[Stretch]] = {}
    for stretch in stretches:
        groups.setdefault(stretch.staff, []).append(stretch)
    return groups.values()
