"""All rule books, in order of date within their family, and which of them holds on a day."""

import hashlib
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from billing.rules.books.options import OPTION_FIELD, Options, checked_all
from billing.rules.books.reading import (
    AUTHORIZATION_AFTER,
    NOTES,
    BookFile,
    BookMisdefined,
    Leaf,
    read_book,
    read_sources,
)
from billing.rules.books.rulebook import Access, CodeRule, Payment, Requirements, RuleBook
from billing.rules.findings import Citation, Source

SHELF = Path(__file__).parent
NOT_BOOKS = ("sources", "pins")
PRICES = "payment."
PROFILE = Source("payer_profile", "The organization's payer profile", "")


class NoBookInForce(LookupError):
    """No rule book of the family holds on that day: the family is unknown, or the day lies before its first
    book.
    """


def book_in_force(family: str, on: date) -> RuleBook:
    """The book of a payer family that holds on a day. Raises NoBookInForce; there is never a default."""
    books = library().get(family, ())
    place = bisect_right([book.effective for book in books], on)
    if place == 0:
        raise NoBookInForce(f"no rule book of {family} holds on {on.isoformat()}")
    return books[place - 1]


def has_book(family: str, on: date) -> bool:
    """Whether any book of the family holds on a day."""
    books = library().get(family, ())
    return bool(books) and books[0].effective <= on


def book_named(book_id: str) -> RuleBook:
    """The book with this id, as frozen facts name it. Raises NoBookInForce."""
    for books in library().values():
        for book in books:
            if book.id == book_id:
                return book
    raise NoBookInForce(f"there is no rule book {book_id}")


def with_options(book: RuleBook, overrides: Iterable[tuple[str, Any]] | Mapping[str, Any]) -> RuleBook:
    """The book as a payer profile overrides it; citations of what it sets name the profile.

    Raises UnknownOption or OptionOutOfBounds.
    """
    # Checked before the cache is asked, to which True and 1 are the same key.
    checked = checked_all(dict(overrides))
    return _overridden(book, tuple(sorted(checked.items())))


@lru_cache(maxsize=1024)
def _overridden(book: RuleBook, overrides: tuple[tuple[str, Any], ...]) -> RuleBook:
    said = {
        f"{OPTION_FIELD}{name}": Citation("payer_profile", f"{OPTION_FIELD}{name}", (PROFILE,), "read")
        for name, _ in overrides
    }
    return replace(
        book,
        options=replace(book.options, **dict(overrides)),
        values=MappingProxyType({**book.values, **{f"{OPTION_FIELD}{name}": value for name, value in overrides}}),
        citations=MappingProxyType({**book.citations, **said}),
    )


@cache
def library() -> Mapping[str, tuple[RuleBook, ...]]:
    """Every family's books, read once."""
    return load(SHELF)


def load(shelf: Path) -> Mapping[str, tuple[RuleBook, ...]]:
    """All books of a folder by family, in order of date. Raises BookMisdefined.

    Beside the books the folder holds `sources.toml` (what citations name) and may hold `pins.toml` (hashes of
    books).
    """
    sources = read_sources(tomllib.loads((shelf / "sources.toml").read_text()))
    texts = {path.stem: path.read_text() for path in shelf.glob("*.toml") if path.stem not in NOT_BOOKS}
    files = {name: read_book(name, tomllib.loads(text), sources) for name, text in texts.items()}
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    families: dict[str, list[RuleBook]] = {}
    for file in sorted(files.values(), key=lambda file: (file.family, file.effective)):
        families.setdefault(file.family, []).append(_book(_chain(file, files), hashes))
    for books in families.values():
        _check_order(books)
    return MappingProxyType({family: tuple(books) for family, books in families.items()})


def _check_order(books: list[RuleBook]) -> None:
    for earlier, later in pairwise(books):
        if earlier.effective == later.effective:
            raise BookMisdefined(f"{later.id} and {earlier.id} are effective on the same day")


def _chain(file: BookFile, files: Mapping[str, BookFile]) -> list[BookFile]:
    """The book and all that it extends, the oldest first; each extends one that is not later than itself."""
    chain = [file]
    while chain[-1].extends is not None:
        extended = files.get(chain[-1].extends)
        if extended is None or extended in chain or extended.effective > chain[-1].effective:
            raise BookMisdefined(f"{chain[-1].id} extends {chain[-1].extends}, which is absent or not earlier")
        chain.append(extended)
    return chain[::-1]


def _book(chain: list[BookFile], hashes: Mapping[str, str]) -> RuleBook:
    leaves = _leaves(chain)
    labels = {code: label for file in chain for code, label in file.labels.items()}
    file = chain[-1]
    said = _Said(file.id, leaves)
    return RuleBook(
        id=file.id,
        family=file.family,
        effective=file.effective,
        title=file.title,
        sha256=hashlib.sha256("".join(hashes[one.id] for one in chain).encode()).hexdigest(),
        codes=MappingProxyType(_codes(said, labels)),
        options=Options(**{field.name: said(f"options.{field.name}") for field in fields(Options)}),
        requirements=_requirements(said),
        run_gap_months=said("runs.gap_months"),
        facility_places=frozenset(said("places.facility")),
        clinic_settings=frozenset(said("clinics.settings")),
        clinic_cocm_code=said("clinics.cocm_code"),
        clinic_bhi_code=said("clinics.bhi_code"),
        apcm_base_codes=said("apcm.base_codes"),
        apcm_excludes=said("apcm.excludes"),
        has_apcm_addons=said.get("apcm.addons_need_base") is not None,
        access=_access(said),
        payment=MappingProxyType(_payment(leaves)),
        citations=MappingProxyType({path: leaf.citation for path, leaf in leaves.items()}),
        values=MappingProxyType({path: leaf.value for path, leaf in leaves.items()}),
        notes=MappingProxyType({name: said(f"notes.{name}") for name in NOTES if f"notes.{name}" in leaves}),
        authorization_after_months=said.get(f"notes.{AUTHORIZATION_AFTER}"),
        extends=file.extends,
    )


def _leaves(chain: list[BookFile]) -> dict[str, Leaf]:
    """What the chain says together. A payer takes another's rules over, never the other's prices."""
    family = chain[-1].family
    return {
        path: leaf
        for file in chain
        for path, leaf in file.leaves.items()
        if file.family == family or not path.startswith(PRICES)
    }


class _Said:
    """Looks up what a book says of a field; a book that does not say what it must is refused."""

    def __init__(self, name: str, leaves: Mapping[str, Leaf]) -> None:
        self.name = name
        self.leaves = leaves

    def __call__(self, path: str) -> Any:
        if path not in self.leaves:
            raise BookMisdefined(f"{self.name}: says nothing of {path}")
        return self.leaves[path].value

    def get(self, path: str) -> Any:
        return self.leaves[path].value if path in self.leaves else None


def _codes(said: _Said, labels: Mapping[str, str]) -> dict[str, CodeRule]:
    codes = sorted({path.split(".")[1] for path in said.leaves if path.startswith("codes.")})
    for code in codes:
        said(f"codes.{code}.since")
    if codes != sorted(labels):
        raise BookMisdefined(f"{said.name}: every code has a label and a date")
    return {
        code: CodeRule(
            code,
            labels[code],
            said.get(f"codes.{code}.full_minutes"),
            said.get(f"codes.{code}.midpoint_minutes"),
            said.get(f"codes.{code}.later_full_minutes"),
        )
        for code in codes
    }


MUST_SAY = ("one_family_a_month", "consent", "minutes", "within_program")


def _requirements(said: _Said) -> Requirements:
    for field in MUST_SAY:
        said(f"requirements.{field}")
    return Requirements(
        visit_codes=frozenset(said("requirements.visit_codes")),
        visit_within_years=said("requirements.visit_within_years"),
        diagnosis_prefixes=said("requirements.diagnosis_prefixes"),
        other_biller_codes=frozenset(said("requirements.other_biller_codes")),
        care_plan=said("requirements.care_plan"),
        rating_scale=said("requirements.rating_scale"),
        case_review=said("requirements.case_review"),
        engagement=said("requirements.engagement"),
    )


def _access(said: _Said) -> Access | None:
    if said.get("access.bars_participant") is None:
        return None
    return Access(
        said("access.comanagement_code"),
        said("access.comanagement_limit"),
        said("access.comanagement_months"),
    )


def _payment(leaves: Mapping[str, Leaf]) -> dict[tuple[int, str], Payment]:
    amounts: dict[tuple[int, str], dict[str, Any]] = {}
    for path, leaf in leaves.items():
        section, *rest = path.split(".")
        if section == "payment":
            amounts.setdefault((int(rest[0]), rest[1]), {})[rest[2]] = leaf.value
    return {key: Payment(**values) for key, values in amounts.items()}
