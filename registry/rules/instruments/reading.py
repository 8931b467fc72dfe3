"""The reading of a tool's TOML definition."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from registry.rules.instruments.definition import (
    BUNDLED,
    LICENCE_STATUSES,
    Band,
    Condition,
    Instrument,
    Item,
    Remark,
    Source,
    TargetScale,
    Tier,
    Wording,
)

STEERING_FIELDS = ("elevated_from", "meaningful_change", "remission_below")
KNOWN_FIELDS = frozenset({
    "key", "name", "title", "topic", "for_whom", "items", "highest_answer", "points", "critical_item",
    "also_critical", "may_miss", "unscored", "optional", "asked_if", "counts_as", *STEERING_FIELDS, "improved_by",
    "licence_status", "licence", "languages", "is_asked_by_staff", "loinc", "band", "cut", "tier", "remark",
    "text", "source",
})  # fmt: skip


class InstrumentMisdefined(ValueError):
    """A tool's definition contradicts itself or lacks a part; the message says which."""


def define(data: Mapping[str, Any]) -> Instrument:
    """Build a tool from its TOML table; raises InstrumentMisdefined, never guesses a missing part."""
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
    parts = _parts(data)
    if not any(field in data for field in (*STEERING_FIELDS, "improved_by")):
        return Instrument(**parts)
    steering = {field: data[field] for field in STEERING_FIELDS}
    return TargetScale(**parts, **steering, improved_by=data.get("improved_by"))


def _parts(data: Mapping[str, Any]) -> dict[str, Any]:
    loinc, cut = data.get("loinc", {}), dict(data.get("cut", {}))
    points = tuple(_points(data))
    critical = data.get("critical_item")
    unscored = frozenset(data.get("unscored", ()))
    counted = sum(max(most) for number, most in enumerate(points, start=1) if number not in unscored)
    return {
        **{field: data[field] for field in ("key", "name", "title", "topic", "may_miss", "licence_status", "licence")},
        "for_whom": data.get("for_whom", ""),
        "is_asked_by_staff": data.get("is_asked_by_staff", False),
        "points": points,
        "critical_item": critical,
        "critical_items": (*([critical] if critical else []), *data.get("also_critical", ())),
        "unscored": unscored,
        "optional": frozenset(data.get("optional", ())),
        "asked_if": {int(number): Condition(**row) for number, row in data.get("asked_if", {}).items()},
        "counts_as": data.get("counts_as", ""),
        "bands": tuple(_bands(data.get("band", []), counted)),
        "cut_from": cut.pop("from", None),
        "cut_from_by_sex": cut,
        "tiers": tuple(map(_tier, data.get("tier", ()))),
        "remarks": tuple(Remark(row["text"], tuple(row.get("only_items", ()))) for row in data.get("remark", ())),
        "wordings": {language: _wording(data["text"][language], loinc) for language in data["languages"]},
        **{f"loinc_{part}": loinc.get(part, "") for part in ("panel", "total", "difficulty", "tier")},
        "sources": tuple(Source(**source) for source in data["source"]),
    }


def _points(data: Mapping[str, Any]) -> Iterator[tuple[int, ...]]:
    """The points of each item: 0 to the highest answer, but for those that say otherwise."""
    count = data["items"] if "items" in data else len(data["text"][data["languages"][0]]["items"])
    usual = tuple(range(data["highest_answer"] + 1))
    own = data.get("points", {})
    return (tuple(own.get(str(number), usual)) for number in range(1, count + 1))


def _bands(rows: list[Mapping[str, Any]], highest_total: int) -> Iterable[Band]:
    ends = [row["from"] - 1 for row in rows[1:]] + [highest_total]
    for row, end in zip(rows, ends[: len(rows)], strict=True):
        yield Band(lowest=row["from"], highest=end, word=row["word"])


def _tier(row: Mapping[str, Any]) -> Tier:
    return Tier(row["key"], row["word"], tuple(row["any_of"]), row.get("recheck_days"), tuple(row["steps"]))


def _wording(text: Mapping[str, Any], loinc: Mapping[str, Any]) -> Wording:
    count = len(text["items"])
    codes = loinc.get("items", [""] * count)
    if not count == len(text["short"]) == len(codes):
        raise InstrumentMisdefined("items, short labels and LOINC codes must be of one number")
    labels = text.get("labels", [str(number) for number in range(1, count + 1)])
    leads = [text.get("leads", {}).get(str(number), "") for number in range(1, count + 1)]
    rows = zip(text["items"], text["short"], codes, labels, leads, _answers(text, count), strict=True)
    return Wording(
        instructions=text["instructions"],
        items=tuple(Item(number, *row) for number, row in enumerate(rows, start=1)),
        difficulty=text.get("difficulty", ""),
        difficulty_answers=tuple(text.get("difficulty_answers", ())),
    )


def _answers(text: Mapping[str, Any], count: int) -> list[tuple[str, ...]]:
    """The answers of each item: those of all items, or its own from `item_answers`."""
    usual, own = text.get("answers", []), text.get("item_answers", {})
    return [tuple(own.get(str(number), usual)) for number in range(1, count + 1)]


def _check(made: Instrument) -> None:
    _demand(bool(made.sources), f"{made.name}: no source is named")
    _demand(made.licence_status in LICENCE_STATUSES, f"{made.name}: unknown licence status")
    _demand(
        bool(made.wordings) == (made.licence_status == BUNDLED),
        f"{made.name}: its wording is here if and only if it is bundled",
    )
    for words in made.wordings.values():
        _demand(_answers_fit(made, words), f"{made.name}: each score needs its answer in every language")
    _check_items(made)
    _check_results(made)


def _answers_fit(made: Instrument, words: Wording) -> bool:
    given = [len(item.answers) for item in words.items]
    return given == [len(points) for points in made.points]


def _check_items(made: Instrument) -> None:
    known = range(1, made.item_count + 1)
    named: Sequence[int] = [*made.critical_items, *made.unscored, *made.optional, *made.asked_if]
    if any(item not in known for item in made.critical_items):
        raise InstrumentMisdefined(f"{made.name}: the critical item is not one of its items")
    _demand(all(item in known for item in named), f"{made.name}: an item is named that it does not have")
    _demand(
        all(1 <= condition.item < number for number, condition in made.asked_if.items()),
        f"{made.name}: an item may depend on an earlier one only",
    )
    _demand(made.may_miss < len(made.scored_items), f"{made.name}: not every item may be missing")


def _check_results(made: Instrument) -> None:
    _demand(not made.bands or made.bands[0].lowest == 0, f"{made.name}: the first band must begin at 0")
    _demand(all(band.lowest <= band.highest for band in made.bands), f"{made.name}: bands must rise")
    _demand(
        not made.tiers or [tier.any_of for tier in made.tiers].index(()) == len(made.tiers) - 1,
        f"{made.name}: the last tier, and only that, must stand for nothing found",
    )


def _demand(holds: bool, sentence: str) -> None:
    if not holds:
        raise InstrumentMisdefined(sentence)
