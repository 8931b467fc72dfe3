"""Which clinics the sheets mean, and which will be made."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from caseload.rules.imports.columns import compact
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.known import KnownClinic


@dataclass(frozen=True)
class Places:
    """The clinics of the organization, those that will be made, and what has to be settled before."""

    known: tuple[KnownClinic, ...]
    new: tuple[KnownClinic, ...] = ()
    questions: tuple[str, ...] = ()

    def find(self, written: str) -> KnownClinic | None:
        """The clinic that is meant; where none is written, the only one there is."""
        every = (*self.known, *self.new)
        if not written:
            return every[0] if len(every) == 1 else None
        return next((clinic for clinic in every if compact(clinic.name) == compact(written)), None)


def places(known: Sequence[KnownClinic], written: Iterable[str], corrections: Corrections) -> Places:
    """The clinics that the rows name. One that is not on record is made.

    Its time zone decides in which month its minutes fall, so it is chosen, or taken from the clinics on record
    where these share one; otherwise it is a question, and nothing is imported until it is answered.
    """
    names = sorted(set(written))
    found = Places(tuple(known), tuple(_new(name, known, corrections) for name in _unknown(names, known)))
    questions = [
        f"{clinic.name} is not a clinic on record. In which time zone is it?" for clinic in found.new if not clinic.zone
    ]
    if "" in names and found.find("") is None:
        questions.append("Some patients have no clinic. Which one is meant? Name the clinic of rows that name none.")
    return replace(found, questions=tuple(questions))


def _unknown(names: Iterable[str], known: Sequence[KnownClinic]) -> list[str]:
    have = {compact(clinic.name) for clinic in known}
    new: dict[str, str] = {}
    for name in names:
        if name and compact(name) not in have:
            new.setdefault(compact(name), name)
    return list(new.values())


def _new(name: str, known: Sequence[KnownClinic], corrections: Corrections) -> KnownClinic:
    shared = {clinic.zone for clinic in known}
    zone = corrections.zone_of(name) or (shared.pop() if len(shared) == 1 else "")
    return KnownClinic(key=f"new:{name}", name=name, zone=zone)
