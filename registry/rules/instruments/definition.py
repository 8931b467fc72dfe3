"""What a rating scale is, and the reading of its TOML definition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LICENCE_STATUSES = ("bundled", "site_attested", "score_only")
KNOWN_FIELDS = frozenset({
    "key", "name", "title", "highest_answer", "critical_item", "may_miss", "elevated_from",
    "meaningful_change", "remission_below", "licence_status", "licence", "languages", "loinc",
    "band", "text", "source",
})  # fmt: skip


class InstrumentMisdefined(ValueError):
    """A scale's definition contradicts itself or lacks a part; the message says which."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals, both ends included, and the word for it."""

    lowest: int
    highest: int
    word: str


@dataclass(frozen=True, slots=True)
class Item:
    """One question: its number from 1, its owner's words, our short label, its code."""

    number: int
    text: str
    short: str
    loinc: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A scale in one language; `answers[n]` is the answer that scores n."""

    instructions: str
    items: tuple[Item, ...]
    answers: tuple[str, ...]
    difficulty: str
    difficulty_answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where parts of an instrument come from: their names, the publication, how sure we are."""

    of: str
    title: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """A rating scale. Scores are whole points; a higher one is worse.

    `elevated_from` is the lowest total that counts as elevated (T2), `meaningful_change` the points that
    matter (T7), `remission_below` the total that remission lies below (T5, T6). Up to `may_miss` missing
    items a total can still be worked out. `licence_status` says whether the wording may be shown.
    """

    key: str
    name: str
    title: str
    item_count: int
    highest_answer: int
    critical_item: int | None
    may_miss: int
    elevated_from: int
    meaningful_change: int
    remission_below: int
    bands: tuple[Band, ...]
    wordings: Mapping[str, Wording]
    loinc_panel: str
    loinc_total: str
    loinc_difficulty: str
    licence_status: str
    licence: str
    sources: tuple[Source, ...]

    @property
    def highest_total(self) -> int:
        return self.item_count * self.highest_answer

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.wordings)

    def band(self, total: int) -> Band:
        """The band that `total` (0 to `highest_total`) falls into."""
        return next(band for band in reversed(self.bands) if band.lowest <= total)


def define(data: Mapping[str, Any]) -> Instrument:
    """Build a scale from its TOML table; raises InstrumentMisdefined, never guesses a missing part."""
    name = str(data.get("name", "a scale without a name"))
    unknown = sorted(set(data) - KNOWN_FIELDS)
    _demand(not unknown, f"{name}: unknown field {', '.join(unknown)}")
    try:
        made = _build(data)
    except KeyError as absent:
        raise InstrumentMisdefined(f"{name}: {absent.args[0]} is missing") from None
    _check(made)
    return made


def _build(data: Mapping[str, Any]) -> Instrument:
    loinc = data["loinc"]
    count = len(loinc["items"])
    return Instrument(
        key=data["key"],
        name=data["name"],
        title=data["title"],
        item_count=count,
        highest_answer=data["highest_answer"],
        critical_item=data.get("critical_item"),
        may_miss=data["may_miss"],
        elevated_from=data["elevated_from"],
        meaningful_change=data["meaningful_change"],
        remission_below=data["remission_below"],
        bands=tuple(_bands(data["band"], count * data["highest_answer"])),
        wordings={language: _wording(data["text"][language], loinc) for language in data["languages"]},
        loinc_panel=loinc["panel"],
        loinc_total=loinc["total"],
        loinc_difficulty=loinc.get("difficulty", ""),
        licence_status=data["licence_status"],
        licence=data["licence"],
        sources=tuple(Source(**source) for source in data["source"]),
    )


def _bands(rows: list[Mapping[str, Any]], highest_total: int) -> Iterable[Band]:
    ends = [row["from"] - 1 for row in rows[1:]] + [highest_total]
    for row, end in zip(rows, ends, strict=True):
        yield Band(lowest=row["from"], highest=end, word=row["word"])


def _wording(text: Mapping[str, Any], loinc: Mapping[str, Any]) -> Wording:
    if not len(text["items"]) == len(text["short"]) == len(loinc["items"]):
        raise InstrumentMisdefined("items, short labels and LOINC codes must be of one number")
    rows = zip(text["items"], text["short"], loinc["items"], strict=True)
    return Wording(
        instructions=text["instructions"],
        items=tuple(Item(number, *row) for number, row in enumerate(rows, start=1)),
        answers=tuple(text["answers"]),
        difficulty=text.get("difficulty", ""),
        difficulty_answers=tuple(text.get("difficulty_answers", ())),
    )


def _check(made: Instrument) -> None:
    answers_fit = all(len(words.answers) == made.highest_answer + 1 for words in made.wordings.values())
    _demand(bool(made.sources), f"{made.name}: no source is named")
    _demand(answers_fit, f"{made.name}: each score needs its answer in every language")
    _demand(made.bands[0].lowest == 0, f"{made.name}: the first band must begin at 0")
    _demand(all(band.lowest <= band.highest for band in made.bands), f"{made.name}: bands must rise")
    _demand(made.licence_status in LICENCE_STATUSES, f"{made.name}: unknown licence status")
    _demand(
        made.critical_item is None or 1 <= made.critical_item <= made.item_count,
        f"{made.name}: the critical item is not one of its items",
    )


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise InstrumentMisdefined(sentence)
