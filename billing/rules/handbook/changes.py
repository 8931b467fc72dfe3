"""What changed from one rule book to another, in sentences with their sources."""

from collections.abc import Iterator
from dataclasses import dataclass

from billing.rules.books import RuleBook
from billing.rules.findings import Citation
from billing.rules.handbook.fields import (
    CODE_LABELS,
    LABELS,
    code_citations,
    code_words,
    label,
    plain_fields,
    sources_words,
    time_words,
    value_words,
)
from billing.rules.handbook.prices import factor_of, prices, schedule_of


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the later book says otherwise."""

    sentence: str
    citations: tuple[Citation, ...]

    @property
    def words(self) -> str:
        """The sentence, and who says it."""
        return f"{self.sentence} [{sources_words(self.citations)}]"


def changes(before: RuleBook, after: RuleBook) -> tuple[Change, ...]:
    """Everything that `after` says otherwise than `before`: codes, then rules and options, notes, and amounts.

    Amounts are compared as they are in the year in which each book begins.
    """
    return (*_codes(before, after), *_fields(before, after), *_amounts(before, after))


def _codes(before: RuleBook, after: RuleBook) -> Iterator[Change]:
    for code in sorted(before.codes.keys() | after.codes.keys()):
        if code not in after.codes:
            yield Change(f"{code_words(before.codes[code])} is no longer known.", tuple(code_citations(before, code)))
        elif code not in before.codes:
            rule = after.codes[code]
            yield Change(f"{code_words(rule)} begins: {time_words(rule)}.", tuple(code_citations(after, code)))
        else:
            yield from _code_fields(before, after, code)


def _code_fields(before: RuleBook, after: RuleBook, code: str) -> Iterator[Change]:
    if before.codes[code].label != after.codes[code].label:
        words = f"{code_words(before.codes[code])} is now called {after.codes[code].label}."
        yield Change(words, tuple(code_citations(after, code)))
    for field, words in CODE_LABELS.items():
        path = f"codes.{code}.{field}"
        if before.values.get(path) != after.values.get(path):
            yield _changed(before, after, path, f"{code_words(after.codes[code])}, {words}")


def _fields(before: RuleBook, after: RuleBook) -> Iterator[Change]:
    ordered = dict.fromkeys((*plain_fields(before), *plain_fields(after)))
    for path in sorted(ordered, key=lambda path: (path.startswith("notes."), path not in LABELS)):
        if before.values.get(path) != after.values.get(path):
            yield _changed(before, after, path, label(path))


def _changed(before: RuleBook, after: RuleBook, path: str, name: str) -> Change:
    """A field's new value and its old one; fields that only one of the books has are begun or dropped."""
    if path not in after.values:
        return Change(f"{name}: no longer said.", (before.cite(path),))
    now = value_words(path, after.values[path])
    was = f", was {value_words(path, before.values[path])}" if path in before.values else ""
    sentence = f"{name}: {now}" if now.endswith(".") else f"{name}: {now}{was}."
    return Change(sentence, (after.cite(path),))


def _amounts(before: RuleBook, after: RuleBook) -> Iterator[Change]:
    yield from _factor(before, after)
    old, new = prices(before), prices(after)
    year, then = after.effective.year, before.effective.year
    for code in sorted(new):
        if code not in old:
            yield Change(f"{code} pays {new[code].words} in {year}.", (new[code].citation,))
        elif old[code].words != new[code].words:
            was = f"{old[code].words} in {then}"
            yield Change(f"{code} pays {new[code].words} in {year}; it was {was}.", (new[code].citation,))
    lost = sorted(old.keys() - new.keys())
    if lost:
        pays = "pays" if len(lost) == 1 else "pay"
        cited = tuple({old[code].citation: None for code in lost})
        yield Change(f"What {', '.join(lost)} {pays} in {year} is not known.", cited)


def _factor(before: RuleBook, after: RuleBook) -> Iterator[Change]:
    old, new = factor_of(before), factor_of(after)
    if new is None or schedule_of(before) is schedule_of(after):
        return
    both = "" if new.qualifying == new.standard else f" (${new.qualifying} for qualifying APM participants)"
    was = "" if old is None else f", was ${old.standard}"
    yield Change(f"A relative value unit pays ${new.standard}{both}{was}.", new.citations)
