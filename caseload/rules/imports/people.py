"""Finding staff, clinicians, payers and clinics by the names that sheets use for them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from caseload.rules.imports.columns import compact
from caseload.rules.imports.known import KnownName
from registry.rules.names import read_person

_SELF_PAY = frozenset({"selfpay", "uninsured", "cash", "privatepay", "noinsurance", "selfpaid", "patientpay"})


@dataclass(frozen=True)
class Directory:
    """Who is known by name, and who will be made because nobody known is meant."""

    known: tuple[KnownName, ...]
    new: tuple[KnownName, ...] = ()

    @cached_property
    def _found(self) -> dict[str, tuple[KnownName, ...]]:
        return {}

    def find(self, written: str) -> tuple[KnownName, ...]:
        """Everybody whom the name can mean: one when it is clear, several when it is not."""
        if written not in self._found:
            self._found[written] = meant_by(written, (*self.known, *self.new))
        return self._found[written]


def directory(known: Sequence[KnownName], written: Iterable[str]) -> Directory:
    """The known ones and, for each name that means none of them, a new one.

    Names of several words go first, so that a short one (`Ken`) can mean a new person named in full elsewhere.
    """
    new: list[KnownName] = []
    names = sorted({name for name in written if name}, key=_fullest_first)
    for name in names:
        if not meant_by(name, (*known, *new)):
            new.append(_made(name))
    return Directory(tuple(known), tuple(new))


def meant_by(written: str, names: Sequence[KnownName]) -> tuple[KnownName, ...]:
    """Whom a name can mean: all its words in theirs, or their initials. A full or credentialed match wins."""
    words = _words(written)
    close = [name for name in names if words and words <= _words(name.name)]
    if not close and re.fullmatch(r"[A-Z]{2,3}", written.strip()):
        close = [name for name in names if _initials(name.name) == written.strip()]
    if len(close) > 1:
        close = [name for name in close if words == _words(name.name)] or close
    credential = compact(read_person(written).credential)
    if len(close) > 1 and credential:
        close = [name for name in close if compact(name.credential) == credential] or close
    return tuple(close)


def payers(known: Sequence[KnownName], written: Iterable[str]) -> Directory:
    """Payers are the same only under the same name, but for capitals, spaces and punctuation."""
    have = {compact(name.name) for name in known}
    new: dict[str, KnownName] = {}
    for name in sorted({name for name in written if name}):
        if compact(name) not in have:
            new.setdefault(compact(name), KnownName(key=f"new:{name}", name=name))
    return Directory(tuple(known), tuple(new.values()))


def same_name(written: str, names: Iterable[KnownName]) -> KnownName | None:
    """The first of `names` written the same, but for capitals, spaces and punctuation."""
    return next((name for name in names if compact(name.name) == compact(written)), None)


def is_self_pay(payer: str) -> bool:
    """Whether the payer column says that the patient pays, so that nobody is billed."""
    return compact(payer) in _SELF_PAY


def _fullest_first(written: str) -> tuple[int, bool, str]:
    return -len(_words(written)), not read_person(written).credential, written


def _made(written: str) -> KnownName:
    person = read_person(written)
    name = " ".join(part for part in (person.given, person.middle, person.family, person.suffix) if part)
    return KnownName(key=f"new:{written}", name=name or written, credential=person.credential)


def _words(written: str) -> frozenset[str]:
    person = read_person(written)
    words = re.findall(r"[^\W\d_]+", f"{person.given} {person.family}".casefold())
    return frozenset(words)


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()).upper()
