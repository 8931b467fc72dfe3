"""What may stand beside what in a month, and on whose word: explanations, on which no verdict rests.

The verdict decides by its rule book; this matrix says of the services that are known beside it how they go together.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

from billing.rules.books import RuleBook
from billing.rules.books.library import SHELF as BOOKS
from billing.rules.books.reading import BookMisdefined, read_citation, read_sources
from billing.rules.facts import MonthFacts
from billing.rules.findings import Citation, Source, Verdict
from caseload.rules.clock import last_day

MATRIX = Path(__file__).with_name("collisions.toml")
SAME, OTHER, ANY = "same", "other", "any"
RULES: Mapping[str, str] = {
    "never": "never",
    "distinct": "allowed, each with its own minutes",
    "allowed": "allowed; its minutes do not count here",
    "requires": "needed in the same month",
    "either": "one or the other",
    "hold": "held back until it is clear who bills the month",
    "unsettled": "not settled; ask the payer",
}
# What minutes reach: the first of these is what the month bills, or would bill if nothing stood in its way.
OWN = ("bills", "held", "missing")


@dataclass(frozen=True, slots=True)
class Pair:
    """One rule of the matrix: which codes stand how beside which, from which day on, and on whose word."""

    one: frozenset[str]
    beside: frozenset[str]
    who: str
    rule: str
    since: date
    because: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Collision:
    """How two services of a month go together. `is_barred` where they never do, or nobody may bill yet."""

    one: str
    beside: str
    rule: str
    sentence: str
    because: str
    citation: Citation

    @property
    def is_barred(self) -> bool:
        """Whether one of the two cannot be billed as things stand."""
        return self.rule in ("never", "hold")


@dataclass(frozen=True, slots=True)
class _Service:
    code: str
    is_ours: bool
    is_listed: bool


def collisions(facts: MonthFacts, verdict: Verdict, book: RuleBook) -> tuple[Collision, ...]:
    """How each service that is listed for the month goes with what the month bills and with the others, in order.

    Pairs of which the matrix says nothing, or not yet in the month, are left out; what holds of a base and its further
    units alike is said once.
    """
    found = (_collision(one, beside, book, last_day(facts.month)) for one, beside in _pairs(facts, verdict))
    told: dict[tuple[str, str], Collision] = {}
    for one in found:
        if one is not None:
            told.setdefault((one.beside, one.because), one)
    return tuple(told.values())


def matrix() -> tuple[Pair, ...]:
    """All rules of the matrix, in order."""
    return _read()


@cache
def _read() -> tuple[Pair, ...]:
    sources = read_sources(tomllib.loads((BOOKS / "sources.toml").read_text()))
    return read_matrix(tomllib.loads(MATRIX.read_text()), sources)


def read_matrix(document: Mapping[str, Any], sources: Mapping[str, Source]) -> tuple[Pair, ...]:
    """The rules of a matrix document. Raises BookMisdefined."""
    named = {name: frozenset(_expanded(codes)) for name, codes in document.get("codes", {}).items()}
    return tuple(_pair(place, raw, named, sources) for place, raw in enumerate(document["pair"], 1))


FIELDS = {"one", "beside", "who", "rule", "since", "because"}


def _pair(
    place: int, raw: Mapping[str, Any], named: Mapping[str, frozenset[str]], sources: Mapping[str, Source]
) -> Pair:
    wrong = FIELDS ^ (raw.keys() - {"cite", "evidence", "confidence"})
    if wrong or raw["rule"] not in RULES or raw["who"] not in (SAME, OTHER, ANY) or not raw["because"]:
        raise BookMisdefined(f"collisions: pair {place} has {', '.join(sorted(FIELDS))} as the file's head says")
    one, beside = (_codes(raw[side], named) for side in ("one", "beside"))
    citation = read_citation("collisions", f"pair {place}", raw, sources)
    return Pair(one, beside, raw["who"], raw["rule"], raw["since"], raw["because"], citation)


def _codes(words: Iterable[str], named: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(code for word in words for code in named.get(word, None) or _expanded([word]))


def _expanded(words: Iterable[str]) -> Iterator[str]:
    """Codes, ranges written out: 99492-99494."""
    for word in words:
        match = re.fullmatch(r"([A-Z]?)(\d{4,5})(?:-\1(\d{4,5}))?", word)
        if match is None:
            raise BookMisdefined(f"collisions: {word} is neither a code, a range of codes nor a name")
        letter, first, last = match.groups()
        yield from (f"{letter}{number:0{len(first)}d}" for number in range(int(first), int(last or first) + 1))


def _pairs(facts: MonthFacts, verdict: Verdict) -> list[tuple[_Service, _Service]]:
    """Every two services of the month of which one is listed beside it."""
    listed = dict.fromkeys(
        _Service(one.code, is_ours=one.by == "billing", is_listed=True) for one in facts.other_services
    )
    own = [line.code for line in verdict.lines]
    reached = [one.code for one in verdict.considered if one.outcome in OWN]
    if reached and not set(reached) & set(own):
        own.append(reached[0])
    known = {one.code for one in listed if one.is_ours}
    billed = dict.fromkeys(_Service(code, is_ours=True, is_listed=False) for code in own if code not in known)
    return [pair for pair in combinations([*billed, *listed], 2) if pair[1].is_listed]


def _collision(first: _Service, second: _Service, book: RuleBook, on: date) -> Collision | None:
    for pair in matrix():
        for one, beside in ((first, second), (second, first)):
            if one.code in pair.one and beside.code in pair.beside and pair.since <= on and _is_by(pair, one, beside):
                return _explained(pair, one, beside, book)
    return None


def _is_by(pair: Pair, one: _Service, beside: _Service) -> bool:
    if pair.who == OTHER:
        return one.is_ours and not beside.is_ours
    return pair.who == ANY or (one.is_ours and beside.is_ours)


def _explained(pair: Pair, one: _Service, beside: _Service, book: RuleBook) -> Collision:
    by = "the same practitioner" if one.is_ours and beside.is_ours else "another practitioner"
    codes = f"{_labelled(one.code, book)} beside {_labelled(beside.code, book)} by {by}"
    return Collision(
        one=one.code,
        beside=beside.code,
        rule=pair.rule,
        sentence=f"{codes}: {RULES[pair.rule]}, since {pair.since.year}.",
        because=pair.because,
        citation=pair.citation,
    )


def _labelled(code: str, book: RuleBook) -> str:
    return f"{code} ({book.codes[code].label})" if code in book.codes else code
