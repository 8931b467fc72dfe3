"""A tool in a form: its fields, what was typed in them, and how the form shows it.

Used by every form in which a tool is answered, so that it looks and behaves the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from registry.operations.assessments import ScoreGiven
from registry.operations.errors import ScoreUnusable
from registry.queries.tools import Tool
from registry.rules.instruments import Instrument, Item, Wording, lowest_critical

LANGUAGES = {"en": "English", "es": "Spanish"}


@dataclass(frozen=True)
class OptionShown:
    """One answer that an item offers: the points that it gives, and its words."""

    value: str
    label: str


@dataclass(frozen=True)
class ItemShown:
    """One question in the form. `asked_if` is the field of the item that it depends on, if any."""

    field: str
    number: str
    text: str
    value: str
    error: str
    lead: str = ""
    options: tuple[OptionShown, ...] = ()
    asked_if: str = ""
    at_least: int = 0
    is_unscored: bool = False


@dataclass(frozen=True)
class StepsShown:
    """What to do about danger: shown while a field of `shown_by` is above 0 and none of `hidden_by` is."""

    title: str
    steps: tuple[str, ...]
    shown_by: str
    hidden_by: str
    is_shown: bool


@dataclass(frozen=True)
class ToolShown:
    """A tool in the form."""

    tool: Tool
    legend: str
    keys: str
    items: tuple[ItemShown, ...]
    options: tuple[OptionShown, ...]
    risks: tuple[StepsShown, ...]
    difficulty: forms.BoundField | None
    total: forms.BoundField | None
    critical: forms.BoundField | None
    is_open: bool

    @property
    def key(self) -> str:
        return self.tool.key

    @property
    def name(self) -> str:
        return self.tool.instrument.name


RISK_TITLE = "An answer about self-harm is above 0: assess safety now"
RISK_STEPS = (
    "Ask about thoughts, plan, intent, means and past attempts; use the Columbia screener today.",
    "With a plan or intent: do not leave the patient alone. Call 911 or arrange an emergency evaluation now.",
    "Otherwise: make or review the safety plan and reduce access to means.",
    "Tell the treating clinician today, and the psychiatric consultant.",
    "Give the crisis line to the patient and to those close by: call or text 988, at any hour.",
    "Write down what was found and done, and when you will check again.",
)


def risk_title(scale: Instrument) -> str:
    """What the steps are for: `Item 9 is above 0: assess safety now`."""
    has_one = len(scale.critical_items) == 1
    return f"Item {scale.critical_item} is above 0: assess safety now" if has_one else RISK_TITLE


def item_field(key: str, number: int) -> str:
    """The name of one item's field."""
    return f"{key}_{number}"


def part_field(key: str, part: str) -> str:
    """The name of a tool's other fields: `total`, `critical` (the critical item beside a total), `difficulty`."""
    return f"{key}_{part}"


def add_fields(form: forms.Form, tool: Tool, *, with_total: bool) -> None:
    """Give a form the fields of a tool. Text fields all: what is impossible is refused in our own words."""
    scale = tool.instrument
    if tool.takes_items:
        for number in range(1, scale.item_count + 1):
            form.fields[item_field(scale.key, number)] = forms.CharField(required=False)
        if _has_difficulty(scale):
            form.fields[part_field(scale.key, "difficulty")] = _difficulty_field(scale)
    if with_total and scale.has_total:
        form.fields[part_field(scale.key, "total")] = _number("Total", scale.highest_total)
        if scale.critical_item is not None:
            most = max(scale.points[scale.critical_item - 1])
            form.fields[part_field(scale.key, "critical")] = _number(f"Item {scale.critical_item}, if known", most)


def _has_difficulty(scale: Instrument) -> bool:
    return any(words.difficulty for words in scale.wordings.values())


def _difficulty_field(scale: Instrument) -> forms.Field:
    words = next(words for words in scale.wordings.values() if words.difficulty)
    choices = [("", "Not answered"), *((str(place), label) for place, label in enumerate(words.difficulty_answers))]
    return forms.ChoiceField(label=words.difficulty, required=False, choices=choices)


def _number(label: str, most: int) -> forms.Field:
    attributes = {"inputmode": "numeric", "autocomplete": "off", "size": 4}
    return forms.CharField(
        label=label, required=False, help_text=f"0 to {most}", widget=forms.TextInput(attrs=attributes)
    )


def score_given(form: forms.Form, tool: Tool, values: Mapping[str, Any], *, language: str = "") -> ScoreGiven | None:
    """What was typed of a tool; None where nothing was, or where a fault is now said at its field."""
    key = tool.key
    total, critical = _typed(values, part_field(key, "total")), _typed(values, part_field(key, "critical"))
    typed = [_typed(values, item_field(key, number)) for number in range(1, tool.instrument.item_count + 1)]
    if any(typed) and (total or critical):
        form.add_error(part_field(key, "total"), "Enter the answers or the total, not both.")
        return None
    if any(typed):
        return _by_items(form, tool.instrument, typed, values, language)
    return _by_total(form, tool.instrument, total, critical) if total or critical else None


def _typed(values: Mapping[str, Any], field: str) -> str:
    return str(values.get(field) or "").strip()


def _by_items(
    form: forms.Form, scale: Instrument, typed: list[str], values: Mapping[str, Any], language: str
) -> ScoreGiven | None:
    for number, (answer, points) in enumerate(zip(typed, scale.points, strict=True), start=1):
        if answer and answer not in map(str, points):
            form.add_error(
                item_field(scale.key, number),
                f"{scale.name} {_label(scale, number)} is answered with {points[0]} to {points[-1]}.",
            )
    if any(item_field(scale.key, number) in form.errors for number in range(1, scale.item_count + 1)):
        return None
    difficulty = _typed(values, part_field(scale.key, "difficulty"))
    return ScoreGiven(
        scale.key,
        items=tuple(int(answer) if answer else None for answer in typed),
        difficulty=int(difficulty) if difficulty else None,
        language="" if language == "en" else language,
    )


def _label(scale: Instrument, number: int) -> str:
    words = next(iter(scale.wordings.values()), None)
    label = words.items[number - 1].label if words else str(number)
    return f"item {label}" if label else f"question “{words.items[number - 1].short}”" if words else ""


def _by_total(form: forms.Form, scale: Instrument, total: str, critical: str) -> ScoreGiven | None:
    if not total:
        form.add_error(part_field(scale.key, "total"), f"Enter the total beside item {scale.critical_item}.")
        return None
    for part, given, most in (
        ("total", total, scale.highest_total),
        ("critical", critical, max(scale.points[scale.critical_item - 1]) if scale.critical_item else 0),
    ):
        if given and not (given.isascii() and given.isdigit() and int(given) <= most):
            what = f"{scale.name} item {scale.critical_item}" if part == "critical" else f"The {scale.name} total"
            form.add_error(part_field(scale.key, part), f"{what} is a whole number from 0 to {most}.")
            return None
    if critical and int(critical) < (lowest := lowest_critical(scale, int(total))):
        form.add_error(
            part_field(scale.key, "critical"),
            f"With a total of {total}, {scale.name} item {scale.critical_item} is at least {lowest}. Correct one.",
        )
        return None
    return ScoreGiven(scale.key, total=int(total), item9=int(critical) if critical else None)


def field_of(fault: ScoreUnusable, form: forms.Form) -> str | None:
    """The field at which a refused score is shown; None is above the form."""
    item = item_field(fault.instrument, fault.item) if fault.item is not None else ""
    for field in (
        part_field(fault.instrument, "critical") if _is_by_total(form, fault.instrument) else item,
        part_field(fault.instrument, "total"),
    ):
        if field in form.fields:
            return field
    return None


def _is_by_total(form: forms.Form, key: str) -> bool:
    field = part_field(key, "total")
    return field in form.fields and bool(form[field].value())


def is_risk_typed(form: forms.Form, tool: Tool) -> bool:
    """An answer about self-harm that is above 0, as typed."""
    return any(steps.is_shown for steps in _risks(form, tool))


def tool_shown(form: forms.Form, tool: Tool, *, language: str = "en") -> ToolShown:
    """A tool with what was typed, in `language` where its wording is here in it."""
    scale = tool.instrument
    words = scale.wordings.get(language) or next(iter(scale.wordings.values()), None)
    items = _worded(form, scale, words) if words else _numbered(form, tool)
    shared = words.answers if words else ()
    fields = [name for name in form.fields if name.startswith(f"{scale.key}_")]
    return ToolShown(
        tool=tool,
        legend=words.instructions if words else f"{scale.name}: the points of each item, from your own form",
        keys=f"0 to {scale.highest_answer}",
        items=items,
        options=tuple(OptionShown(str(points), label) for points, label in zip(scale.points[0], shared, strict=False)),
        risks=_risks(form, tool),
        difficulty=_bound(form, scale, "difficulty"),
        total=_bound(form, scale, "total"),
        critical=_bound(form, scale, "critical"),
        is_open=any(form[name].value() or form[name].errors for name in fields),
    )


def _bound(form: forms.Form, scale: Instrument, part: str) -> forms.BoundField | None:
    field = part_field(scale.key, part)
    return form[field] if field in form.fields else None


def _worded(form: forms.Form, scale: Instrument, words: Wording) -> tuple[ItemShown, ...]:
    return tuple(_item(form, scale, item, is_own=not words.answers) for item in words.items)


def _item(form: forms.Form, scale: Instrument, item: Item, *, is_own: bool) -> ItemShown:
    field = item_field(scale.key, item.number)
    condition = scale.asked_if.get(item.number)
    points = scale.points[item.number - 1]
    return ItemShown(
        field=field,
        number=item.label,
        text=item.text,
        value=str(form[field].value() or ""),
        error=" ".join(map(str, form[field].errors)),
        lead=item.lead,
        options=tuple(OptionShown(str(n), label) for n, label in zip(points, item.answers, strict=True))
        if is_own
        else (),
        asked_if=item_field(scale.key, condition.item) if condition else "",
        at_least=condition.at_least if condition else 0,
        is_unscored=item.number in scale.unscored,
    )


def _numbered(form: forms.Form, tool: Tool) -> tuple[ItemShown, ...]:
    """Items without words, for a site that has its own form of the tool."""
    if not tool.takes_items:
        return ()
    scale = tool.instrument
    shown = []
    for number, points in enumerate(scale.points, start=1):
        field = item_field(scale.key, number)
        options = tuple(OptionShown(str(given), "") for given in points)
        error = " ".join(map(str, form[field].errors))
        shown.append(
            ItemShown(field, str(number), f"Item {number}", str(form[field].value() or ""), error, "", options)
        )
    return tuple(shown)


def _risks(form: forms.Form, tool: Tool) -> tuple[StepsShown, ...]:
    """The steps that answers to this tool call for: those of its tiers, or the general ones."""
    scale = tool.instrument
    if scale.tiers:
        return tuple(_tier_steps(form, scale))
    if not scale.critical_items:
        return ()
    fields = [item_field(scale.key, number) for number in scale.critical_items]
    return (_steps(form, risk_title(scale), RISK_STEPS, [*fields, part_field(scale.key, "critical")], []),)


def _tier_steps(form: forms.Form, scale: Instrument) -> Iterator[StepsShown]:
    worse: list[str] = []
    for tier in scale.tiers[:-1]:
        fields = [item_field(scale.key, number) for number in tier.any_of]
        yield _steps(form, tier.word, tier.steps, fields, worse)
        worse = [*worse, *fields]


def _steps(form: forms.Form, title: str, steps: tuple[str, ...], fields: list[str], worse: list[str]) -> StepsShown:
    showing, hiding = [name for name in fields if name in form.fields], [name for name in worse if name in form.fields]
    is_shown = any(_is_above_zero(form, name) for name in showing)
    is_worse = any(_is_above_zero(form, name) for name in hiding)
    return StepsShown(title, steps, " ".join(showing), " ".join(hiding), is_shown and not is_worse)


def _is_above_zero(form: forms.Form, name: str) -> bool:
    typed = str(form[name].value() or "").strip()
    return typed.isascii() and typed.isdigit() and int(typed) > 0
