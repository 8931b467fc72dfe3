"""Who is meant by the practitioners whom a practice's file names."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import UUID

from billing.rules.charge_files import Charge
from caseload.rules.imports.columns import compact
from registry.rules.names import read_person, sort_name

OTHER: Final = "other"
"""Somebody of the practice who is no treating clinician here."""
NOBODY: Final = "nobody"
"""The key of rows that name no practitioner."""


@dataclass(frozen=True, slots=True)
class Clinician:
    """A treating clinician on record."""

    key: UUID
    name: str
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as a file writes them, in how many rows, and whom that means: a clinician's key, OTHER, or nobody has
    said ("").
    """

    key: str
    label: str
    rows: int
    meant: str


@dataclass(frozen=True)
class Practitioners:
    """Treating clinicians on record, and what a person said of names in the file: `key_of` to a clinician or OTHER."""

    clinicians: Sequence[Clinician]
    chosen: Mapping[str, str]

    def meant(self, charge: Charge) -> str:
        """A clinician's key, OTHER, or empty where a person has to say.

        By what was chosen, else by NPI, else by a name that fits exactly one. A row that names nobody, and a name that
        fits several, have to be answered; a name that fits nobody is somebody else of the practice.
        """
        key = key_of(charge)
        if said := self.chosen.get(key):
            return said if said == OTHER or said in self._keys else ""
        if key == NOBODY:
            return ""
        return self._by_npi(charge.npi) or self._by_name(charge)

    def named(self, charges: Iterable[Charge]) -> tuple[Named, ...]:
        """Everybody whom the file names, those first of whom nobody has said yet who they are, then by rows."""
        counted: Counter[str] = Counter()
        first: dict[str, Charge] = {}
        for charge in charges:
            counted[key_of(charge)] += 1
            first.setdefault(key_of(charge), charge)
        found = [Named(key, _label(charge), counted[key], self.meant(charge)) for key, charge in first.items()]
        return tuple(sorted(found, key=lambda one: (one.meant != "", one.meant != OTHER, -one.rows, one.label)))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Clinicians' names by key, as they stand on record."""
        return {str(clinician.key): clinician.name for clinician in self.clinicians}

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(str(clinician.key) for clinician in self.clinicians)

    @cached_property
    def _npis(self) -> Mapping[str, str]:
        return {clinician.npi: str(clinician.key) for clinician in self.clinicians if clinician.npi}

    def _by_npi(self, npi: str) -> str:
        return self._npis.get(npi, "") if npi else ""

    def _by_name(self, charge: Charge) -> str:
        """Of those whose own NPI is not another."""
        may_be = [each for each in self.clinicians if not (charge.npi and each.npi) and _fits(charge, each.name)]
        exact = [each for each in may_be if _whole(charge.practitioner) == _whole(each.name)]
        found = exact or may_be
        return OTHER if not found else str(found[0].key) if len(found) == 1 else ""


def key_of(charge: Charge) -> str:
    """How choices name whoever a row names: by NPI, else by name."""
    return charge.npi or compact(charge.practitioner) or NOBODY


def _label(charge: Charge) -> str:
    return " · ".join(part for part in (charge.practitioner, charge.npi) if part) or "Rows that name nobody"


def _whole(written: str) -> str:
    person = read_person(written)
    return sort_name(person.family, person.given)


def _fits(charge: Charge, name: str) -> bool:
    """The same family name, and the same first name as far as both are written: `Rivera`, `A. Rivera`, `Ana Rivera`."""
    written, known = read_person(charge.practitioner), read_person(name)
    if not written.family or sort_name(written.family, "") != sort_name(known.family, ""):
        return False
    one, other = sort_name(written.given, ""), sort_name(known.given, "")
    return one.startswith(other) or other.startswith(one)
