"""Which patient on record a row of a practice's charges means. Nobody is put together with somebody else by a guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

OTHER_PERSON = "The record number is that of somebody with another name and birth date here."
SEVERAL_BY_NUMBER = "More than one patient here has this record number. Add the birth date to the file."
SEVERAL_BY_NAME = "More than one patient here has this name and birth date. Add the record number to the file."


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A patient on record, with every record number that the clinics use or a merged record had."""

    id: UUID
    family: str
    given: str
    birth_on: date
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Meant:
    """The patient whom a row means; without one `doubt` says why, and is empty where nobody here is meant."""

    patient_id: UUID | None = None
    doubt: str = ""


@dataclass(frozen=True)
class ChargePeople:
    """Patients found by record number, or by name and birth date."""

    known: tuple[KnownPerson, ...]

    @cached_property
    def _by_number(self) -> dict[str, list[KnownPerson]]:
        return _grouped((bare_mrn(number), person) for person in self.known for number in person.numbers)

    @cached_property
    def _by_name(self) -> dict[str, list[KnownPerson]]:
        return _grouped((_called(person.family, person.given), person) for person in self.known)

    def find(self, *, mrn: str = "", family: str = "", given: str = "", birth_on: date | None = None) -> Meant:
        """A record number counts alone; where the row has also a name or a birth date, one of them has to agree.

        The exact number goes before one with other leading zeros. Without a known number, name and birth date
        both count. More than one who may be meant is nobody, with the doubt.
        """
        name = _called(family, given) if family else ""
        numbered = self._numbered(mrn)
        agreeing = [person for person in numbered if _agrees(person, name, birth_on)]
        if agreeing:
            return _only(_closest(agreeing, name, birth_on), SEVERAL_BY_NUMBER)
        named = self._by_name.get(name, []) if name and birth_on else []
        same = [person for person in named if person.birth_on == birth_on]
        if same:
            return _only(same, SEVERAL_BY_NAME)
        return Meant(doubt=OTHER_PERSON if numbered else "")

    def _numbered(self, mrn: str) -> list[KnownPerson]:
        same = self._by_number.get(bare_mrn(mrn), []) if mrn else []
        return [person for person in same if mrn in person.numbers] or same


def _agrees(person: KnownPerson, name: str, birth_on: date | None) -> bool:
    """Whether nothing else was said of the person, or something that is so."""
    is_alone = not name and birth_on is None
    return is_alone or name == _called(person.family, person.given) or birth_on == person.birth_on


def _closest(people: Sequence[KnownPerson], name: str, birth_on: date | None) -> Sequence[KnownPerson]:
    """Of several, those with both the name and the birth date, where there are such."""
    both = [one for one in people if one.birth_on == birth_on and name == _called(one.family, one.given)]
    return both or people


def _only(people: Sequence[KnownPerson], doubt: str) -> Meant:
    return Meant(people[0].id) if len(people) == 1 else Meant(doubt=doubt)


def _called(family: str, given: str) -> str:
    """What names are compared by: the family name and the first of the others."""
    return sort_name(family, given.strip().partition(" ")[0])


def _grouped(pairs: Iterable[tuple[str, KnownPerson]]) -> dict[str, list[KnownPerson]]:
    groups: dict[str, list[KnownPerson]] = defaultdict(list)
    for key, person in pairs:
        if key and person not in groups[key]:
            groups[key].append(person)
    return groups
