"""Which of our patients a row of a practice's list means."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Generic, TypeVar

from billing.rules.charge_files import Charge
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class KnownPerson(Generic[Key]):
    """A patient on record: all record numbers, the name without capitals and accents, the birth date."""

    key: Key
    numbers: tuple[str, ...]
    called: str
    birth_on: date


@dataclass(frozen=True, slots=True)
class Found(Generic[Key]):
    """The patient that a row means; without a key either nobody of ours, or, with a `fault`, it cannot be said who."""

    key: Key | None = None
    fault: str = ""


@dataclass(frozen=True)
class KnownPeople(Generic[Key]):
    """Patients on record, found by record number, else by name and birth date."""

    people: Sequence[KnownPerson[Key]]

    @cached_property
    def _by_number(self) -> Mapping[str, list[KnownPerson[Key]]]:
        return _grouped((bare_mrn(number), each) for each in self.people for number in each.numbers)

    @cached_property
    def _by_birth(self) -> Mapping[date, list[KnownPerson[Key]]]:
        return _grouped((each.birth_on, each) for each in self.people)

    def find(self, charge: Charge) -> Found[Key]:
        """Who is meant.

        A record number means whoever has it, unless the row names another person by name and by birth date. Where
        several have it (two clinics may use the same one, zeros may be lost), name and birth date decide. Without a
        number on record, name and birth date together do. What stays doubtful is a fault, never a guess.
        """
        numbered = [each for each in self._numbered(charge.mrn) if not _is_another(each, charge)]
        if len(numbered) > 1:
            numbered = [each for each in numbered if _is_same(each, charge)]
            if len(numbered) != 1:
                return Found(fault="more than one patient on record has this record number")
        found = numbered or [each for each in self._born(charge) if _is_same(each, charge)]
        if len(found) > 1:
            return Found(fault="more than one patient on record has this name and birth date")
        if found:
            return Found(found[0].key)
        if self._numbered(charge.mrn):
            return Found(fault="the record number belongs to somebody with another name and birth date")
        return Found()

    def _numbered(self, mrn: str) -> list[KnownPerson[Key]]:
        """Who has the number; where nobody has exactly that one, whoever has it but for leading zeros."""
        if not mrn:
            return []
        same = self._by_number.get(bare_mrn(mrn), [])
        return [each for each in same if mrn in each.numbers] or same

    def _born(self, charge: Charge) -> list[KnownPerson[Key]]:
        return self._by_birth.get(charge.birth_on, []) if charge.birth_on else []


def _is_same(person: KnownPerson[Key], charge: Charge) -> bool:
    return _has_name(person, charge) and person.birth_on == charge.birth_on


def _is_another(person: KnownPerson[Key], charge: Charge) -> bool:
    """Whether what the row says besides the number fits in nothing; saying nothing besides it fits."""
    said = [_has_name(person, charge)] if charge.family else []
    said += [person.birth_on == charge.birth_on] if charge.birth_on else []
    return bool(said) and not any(said)


def _has_name(person: KnownPerson[Key], charge: Charge) -> bool:
    """The same last name and first name; further first names may be missing on one side."""
    called = sort_name(charge.family, charge.given)
    short = sort_name(charge.family, charge.given.partition(" ")[0])
    return person.called in (called, short) or person.called.startswith(f"{short} ")


Group = TypeVar("Group")


def _grouped(pairs: Iterable[tuple[Group, KnownPerson[Key]]]) -> dict[Group, list[KnownPerson[Key]]]:
    groups: dict[Group, list[KnownPerson[Key]]] = defaultdict(list)
    for group, person in pairs:
        if person not in groups[group]:
            groups[group].append(person)
    return groups
