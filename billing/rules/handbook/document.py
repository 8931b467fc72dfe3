"""The rule books as Markdown: one book, two compared, and `docs/rules.md` with everything."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from billing.rules.books import RuleBook, book_named
from billing.rules.books.library import library
from billing.rules.collisions import RULES, Pair, matrix
from billing.rules.fees import Schedule, schedules
from billing.rules.findings import Source
from billing.rules.handbook.changes import Change, changes
from billing.rules.handbook.fields import (
    LABELS,
    code_citations,
    label,
    plain_fields,
    sources_words,
    time_words,
    value_words,
)
from billing.rules.handbook.prices import dollars, prices
from billing.rules.payer_options import BY_NAME, OPTION_WORDS, book_says, families
from billing.rules.words import FLAGS, GAPS, RECORD_FLAGS

Shelf: TypeAlias = Mapping[str, tuple[RuleBook, ...]]

OPEN_QUESTIONS = Path(__file__).with_name("open_questions.toml")
WHO = {"same": "the same practitioner", "other": "another practitioner bills the second", "any": "whoever bills them"}
HEAD = """# Rules

Written by `manage.py rules docs` from the rule books, fee schedules and the matrix; edit those, not this page
([how](rules-how-to.md)). Keys in brackets name the sources at the end; "derived" is by arithmetic or logic from a
source, "recalled" is general knowledge that nobody has verified, with how sure it is. Nothing here is legal or coding
advice: a certified coder signs off what is open.
"""


def document(shelf: Shelf | None = None) -> str:
    """Everything that the books say (None: those of this product), as `docs/rules.md` holds it."""
    shelf = library() if shelf is None else shelf
    parts = (
        HEAD,
        _families(shelf),
        _timeline(shelf),
        *(_family(shelf[family], name) for family, name in families()),
        _options(shelf),
        _amounts(),
        _matrix(),
        _words(),
        _open(),
        _sources(shelf),
    )
    return "\n".join(parts)


def book_text(book: RuleBook) -> str:
    """One book with everything that it and what it extends say."""
    return "\n".join((f"# {book.id}", "", _headline(book), "", *_body(book)))


def changes_text(before: RuleBook, after: RuleBook) -> str:
    """What changed from one book to another, and the sources of it."""
    found = changes(before, after)
    said = [f"- {change.words}" for change in found] or ["Nothing changed."]
    return "\n".join(
        (f"# From {before.id} to {after.id}", "", _headline(before), _headline(after), "", *said, *_cited(found))
    )


def _cited(found: Iterable[Change]) -> list[str]:
    sources = {source.key: source for one in found for citation in one.citations for source in citation.sources}
    return ["", *(_source(sources[key]) for key in sorted(sources, key=_place))] if sources else []


def _headline(book: RuleBook) -> str:
    return f"{book.title}. In force from {book.effective.isoformat()}; sha256 {book.sha256[:12]}."


def _table(*head: str, rows: Iterable[Iterable[str]]) -> list[str]:
    lines = (f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    return ["", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines, ""]


def _families(shelf: Shelf) -> str:
    rows = (
        (name, f"`{family}`", books[0].effective.isoformat(), ", ".join(f"`{book.id}`" for book in books))
        for family, name in families()
        for books in (shelf[family],)
    )
    table = _table("Family", "Name in profiles", "First day", "Books", rows=rows)
    return "\n".join(("## Families", "", "A month before a family's first book is not judged.", *table))


def _timeline(shelf: Shelf) -> str:
    books = sorted((book for books in shelf.values() for book in books), key=lambda book: (book.effective, book.id))
    rows = ((book.effective.isoformat(), f"`{book.id}`", book.title) for book in books)
    return "\n".join(("## Timeline", *_table("From", "Book", "What", rows=rows)))


def _family(books: Sequence[RuleBook], name: str) -> str:
    """The family's newest book in full where it stands by itself, and what each of its books changed."""
    lines = [f"## {name}", ""]
    for book in books:
        lines += [f"### {book.id}", "", _headline(book), ""]
        lines += _what_it_changed(book)
        lines.append("")
    if books[0].extends is None:
        lines += [f"### {name}: everything that holds now", *_body(books[-1])]
    return "\n".join(lines)


def _what_it_changed(book: RuleBook) -> list[str]:
    if book.extends is None:
        return ["The first book: what it says is below, as far as later ones left it."]
    said = [f"- {change.words}" for change in changes(book_named(book.extends), book)]
    return [f"Extends `{book.extends}`.", "", *(said or ["- As the book that it extends."])]


def _body(book: RuleBook) -> list[str]:
    codes = (
        (code, rule.label, time_words(rule), _since(book, code), sources_words(code_citations(book, code)))
        for code, rule in book.codes.items()
    )
    fields = (
        (label(path), value_words(path, book.values[path]), sources_words([book.cite(path)]))
        for path in plain_fields(book)
    )
    return [
        *_table("Code", "What", "Minutes", "Since", "Sources", rows=codes),
        *_table("Rule", "Says", "Sources", rows=fields),
        *_prices(book),
    ]


def _since(book: RuleBook, code: str) -> str:
    return str(book.values[f"codes.{code}.since"].isoformat())


def _prices(book: RuleBook) -> list[str]:
    rows = [
        (code, dollars(price.nonfacility), dollars(price.facility), sources_words([price.citation]))
        for code, price in prices(book).items()
    ]
    heading = f"National amounts of one unit in {book.effective.year}, estimates:"
    return [heading, *_table("Code", "Outside a facility", "Inside", "Sources", rows=rows)] if rows else []


def _options(shelf: Shelf) -> str:
    head = "What a payer's profile may set otherwise. Unsettled ones put a flag on the months that they decide."
    rows = (
        (
            option.label,
            f"`{option.name}`",
            option.decides,
            "; ".join(words for _, words in option.choices) or option.typed,
            *(book_says(shelf[family][-1], option.name) for family in ("medicare_ffs", "commercial")),
            option.unsettled,
        )
        for option in OPTION_WORDS
    )
    heads = ("Option", "Name", "Decides", "May be", "Medicare", "Commercial", "Flag")
    return "\n".join(("## Options", "", head, *_table(*heads, rows=rows)))


def _amounts() -> str:
    head = "A relative value unit times the year's factor, rounded half up to the cent. National, before any deduction."
    return "\n".join(("## Amounts", "", head, "", *(line for one in schedules() for line in _schedule(one))))


def _schedule(schedule: Schedule) -> Iterator[str]:
    yield f"### {schedule.title}"
    factors = (
        (one.from_on.isoformat(), f"${one.standard}", f"${one.qualifying}", sources_words(one.citations))
        for one in schedule.conversions
    )
    yield from _table("From", "Factor", "Qualifying APM participants", "Sources", rows=factors)
    if schedule.units:
        yield from _table("Code", "Units outside", "Inside", "Outside", "Inside", "Sources", rows=_units(schedule))


def _units(schedule: Schedule) -> Iterator[tuple[str, ...]]:
    day = schedule.conversions[-1].from_on
    for code, units in sorted(schedule.units.items()):
        paid = (dollars(schedule.amount(code, day, "standard", facility=facility)) for facility in (False, True))
        known = ("not known" if one is None else str(one) for one in (units.nonfacility, units.facility))
        yield (code, *known, *paid, sources_words([units.citation]))


def _matrix() -> str:
    head = "In one patient's calendar month; of two codes the first row that fits speaks."
    rows = (
        (_codes(pair.one), _codes(pair.beside), WHO[pair.who], RULES[pair.rule], str(pair.since.year), *_why(pair))
        for pair in matrix()
    )
    heads = ("Code", "Beside", "When", "Rule", "Since", "Why", "Sources")
    return "\n".join(("## What stands beside what", "", head, *_table(*heads, rows=rows)))


def _why(pair: Pair) -> tuple[str, str]:
    return pair.because, sources_words([pair.citation])


def _codes(codes: Iterable[str]) -> str:
    return " ".join(sorted(codes))


def _words() -> str:
    gaps = ((word, sentence, closes, _field(field)) for word, (field, sentence, closes) in GAPS.items())
    flags = ((word, sentence, _field(field)) for word, (field, sentence) in (FLAGS | RECORD_FLAGS).items())
    return "\n".join(
        (
            "## Gaps: why a month bills nothing, or less",
            *_table("Gap", "Says", "Closed by", "Rests on", rows=gaps),
            "## Flags: billable, but a coder should look",
            *_table("Flag", "Says", "Rests on", rows=flags),
        )
    )


def _field(path: str) -> str:
    return label(path) if path in LABELS or path.startswith("options.") else path


@cache
def _questions() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(OPEN_QUESTIONS.read_text())


def _open() -> str:
    asked = (
        (one["question"], one["answer"], BY_NAME[one["option"]].label if "option" in one else "", one.get("flag", ""))
        for one in _questions()["unsettled"]
    )
    absent = ((one["what"], one["why"]) for one in _questions()["not_held"])
    return "\n".join(
        (
            "## What is not settled",
            *_table("Question", "What the product does", "Option", "Flag", rows=asked),
            "## Not held",
            *_table("What", "Why", rows=absent),
        )
    )


def _sources(shelf: Shelf) -> str:
    cited = [citation for books in shelf.values() for book in books for citation in book.citations.values()]
    cited += [pair.citation for pair in matrix()]
    cited += [one for schedule in schedules() for factor in schedule.conversions for one in factor.citations]
    cited += [units.citation for schedule in schedules() for units in schedule.units.values()]
    known = {source.key: source for citation in cited for source in citation.sources}
    return "\n".join(("## Sources", "", *(_source(known[key]) for key in sorted(known, key=_place)), ""))


def _place(key: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, key))
    return int(digits or 999), key


def _source(source: Source) -> str:
    return f"- {source.key}: {source.title}{f', {source.url}' if source.url else ''}"
