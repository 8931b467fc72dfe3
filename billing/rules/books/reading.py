"""Reading one rule book file: which fields exist, what each must hold, and that each says where it
was read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.rules.books.options import BOUNDS, OptionOutOfBounds, checked
from billing.rules.findings import Citation, Source

EVIDENCE = ("read", "derived", "recalled")
UNLIMITED = "unlimited"
# What a book can only tell people: no verdict rests on it.
NOTES = ("scope", "settings", "billers", "attestation", "authorization", "cost_share")
AUTHORIZATION_AFTER = "authorization_after_months"
HEADINGS = ("family", "effective", "title", "extends", "sources", "codes", "payment")


class BookMisdefined(ValueError):
    """A rule book has an unknown field, a value it cannot have, no source, or a broken place in its
    family.
    """


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a book with its citation."""

    value: Any
    citation: Citation


@dataclass(frozen=True, slots=True)
class BookFile:
    """One file, flattened: values by field path, and the labels of codes."""

    id: str
    family: str
    effective: date
    title: str
    extends: str | None
    leaves: Mapping[str, Leaf]
    labels: Mapping[str, str]


def read_book(name: str, document: Mapping[str, Any], sources: Mapping[str, Source]) -> BookFile:
    """One book from its TOML document; `sources` are the shared list, to which it may add. Raises
    BookMisdefined.
    """
    unknown = document.keys() - {*HEADINGS, *SECTIONS}
    sources = {**sources, **read_sources(document.get("sources", {}))}
    if unknown:
        raise BookMisdefined(f"{name}: unknown field {min(unknown)}")
    for required, kind in (("family", str), ("effective", date), ("title", str)):
        if not isinstance(document.get(required), kind):
            raise BookMisdefined(f"{name}: {required} is missing or wrong")
    leaves = {
        path: _leaf(name, path, raw, sources, parse)
        for path, raw, parse in (
            *_sections(name, document),
            *_codes(name, document),
            *_payment(name, document),
        )
    }
    return BookFile(
        id=name,
        family=document["family"],
        effective=document["effective"],
        title=document["title"],
        extends=document.get("extends"),
        leaves=leaves,
        labels=_labels(name, document),
    )


def read_sources(document: Mapping[str, Any]) -> dict[str, Source]:
    """The list of sources by key. Raises BookMisdefined for one without title."""
    for key, raw in document.items():
        if not raw.get("title") or raw.keys() - {"title", "url"}:
            raise BookMisdefined(f"sources: {key} needs a title, and may have a url")
    return {key: Source(key, raw["title"], raw.get("url", "")) for key, raw in document.items()}


Parser = Callable[[Any], Any]
Field = tuple[str, Any, Parser]


def _sections(name: str, document: Mapping[str, Any]) -> list[Field]:
    return [
        (f"{section}.{field}", raw, _parser(name, SECTIONS[section], f"{section}.{field}", field))
        for section in SECTIONS
        for field, raw in document.get(section, {}).items()
    ]


def _codes(name: str, document: Mapping[str, Any]) -> list[Field]:
    return [
        (f"codes.{code}.{field}", raw, _parser(name, CODE_FIELDS, f"codes.{code}.{field}", field))
        for code, rule in document.get("codes", {}).items()
        for field, raw in rule.items()
        if field != "label"
    ]


def _payment(name: str, document: Mapping[str, Any]) -> list[Field]:
    return [
        (path, raw, _parser(name, PAYMENT_FIELDS, path, field))
        for year, codes in document.get("payment", {}).items()
        for code, amounts in codes.items()
        for field, raw in amounts.items()
        for path in (f"payment.{year}.{code}.{field}",)
    ]


def _labels(name: str, document: Mapping[str, Any]) -> dict[str, str]:
    labels = {code: rule["label"] for code, rule in document.get("codes", {}).items() if "label" in rule}
    if not all(isinstance(label, str) and label for label in labels.values()):
        raise BookMisdefined(f"{name}: a label is empty")
    return labels


def _parser(name: str, allowed: Mapping[str, Parser], path: str, field: str) -> Parser:
    if field not in allowed:
        raise BookMisdefined(f"{name}: unknown field {path}")
    return allowed[field]


def _leaf(name: str, path: str, raw: Any, sources: Mapping[str, Source], parse: Parser) -> Leaf:
    """One `{ value, cite, evidence, confidence }`; a value that nobody said, or that cannot be, is
    refused.
    """
    if not isinstance(raw, dict) or raw.keys() - {"value", "cite", "evidence", "confidence"} or "value" not in raw:
        raise BookMisdefined(f"{name}: {path} is written {{ value, cite, evidence, confidence }}")
    try:
        value = parse(raw["value"])
    except (ValueError, InvalidOperation) as fault:
        raise BookMisdefined(f"{name}: {path}: {fault}") from fault
    return Leaf(value, read_citation(name, path, raw, sources))


def read_citation(name: str, path: str, raw: Mapping[str, Any], sources: Mapping[str, Source]) -> Citation:
    """Who says what a field holds, from its `cite`, `evidence` and `confidence`. Raises BookMisdefined."""
    cited = raw.get("cite")
    if not cited or any(key not in sources for key in cited):
        raise BookMisdefined(f"{name}: {path} has no source, or one that the list of sources lacks")
    evidence, confidence = raw.get("evidence", "read"), raw.get("confidence")
    if evidence not in EVIDENCE or (evidence == "recalled" and confidence is None):
        raise BookMisdefined(f"{name}: {path}: evidence is read, derived, or recalled with a confidence")
    return Citation(
        book=name,
        field=path,
        sources=tuple(sources[key] for key in cited),
        evidence=evidence,
        confidence=None if confidence is None else Decimal(confidence),
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BookMisdefined("true or false is expected")
    return value


def _true(value: Any) -> bool:
    """For what no payer leaves open: the book states it, so that verdicts can cite it."""
    if value is not True:
        raise BookMisdefined("only true is expected")
    return True


def _minutes(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BookMisdefined("a whole number above 0 is expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BookMisdefined("a text is expected")
    return value


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BookMisdefined("a list of texts is expected")
    return tuple(_text(word) for word in value)


def _day(value: Any) -> date:
    if not isinstance(value, date):
        raise BookMisdefined("a date is expected")
    return value


def _dollars(value: Any) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d\d", value):
        raise BookMisdefined('dollars are written "160.32"')
    return Decimal(value)


def _option(name: str) -> Parser:
    """Options keep their bounds in books too; TOML has no null, so that no cap is written "unlimited"."""

    def parse(value: Any) -> Any:
        try:
            return checked(name, None if name == "addon_cap" and value == UNLIMITED else value)
        except OptionOutOfBounds as fault:
            raise BookMisdefined(str(fault)) from fault

    return parse


CODE_FIELDS: Mapping[str, Parser] = {
    "since": _day,
    "full_minutes": _minutes,
    "midpoint_minutes": _minutes,
    "later_full_minutes": _minutes,
}
PAYMENT_FIELDS: Mapping[str, Parser] = {"nonfacility": _dollars, "facility": _dollars}
SECTIONS: Mapping[str, Mapping[str, Parser]] = {
    "requirements": {
        "one_family_a_month": _true,
        "consent": _true,
        "care_plan": _flag,
        "rating_scale": _flag,
        "case_review": _flag,
        "engagement": _flag,
        "minutes": _true,
        "within_program": _true,
        "visit_codes": _words,
        "visit_within_years": _minutes,
        "diagnosis_prefixes": _words,
        "other_biller_codes": _words,
    },
    "runs": {"gap_months": _minutes},
    "places": {"facility": _words},
    "clinics": {"settings": _words, "cocm_code": _text, "bhi_code": _text},
    "apcm": {"base_codes": _words, "excludes": _words, "addons_need_base": _true},
    "access": {
        "bars_participant": _true,
        "comanagement_code": _text,
        "comanagement_limit": _minutes,
        "comanagement_months": _minutes,
    },
    "options": {name: _option(name) for name in BOUNDS},
    "notes": {**dict.fromkeys(NOTES, _text), AUTHORIZATION_AFTER: _minutes},
}
