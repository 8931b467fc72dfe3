"""How an organization's files of one kind are read, saved under a name: recognized by their headings, and followed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from caseload.rules.imports.columns import SheetKind, compact
from caseload.rules.imports.corrections import NOT_USED, ON_RECORD, Corrections, read_corrections
from caseload.rules.imports.recognize import ROWS_SEARCHED, Recognition, Table, header_at
from caseload.rules.imports.sheets import Row, Sheet, as_text


@dataclass(frozen=True)
class SheetStyle:
    """One sheet: its headings in any order, and the field of each, NOT_USED for none. No `headings`: it has none.

    `names` are the headings as they are written, in their order.
    """

    headings: frozenset[str]
    kind: SheetKind
    columns: Mapping[str, str]
    date_order: str = ""
    names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SavedMapping:
    """The sheets of a kind of import, the words in it, and what its files do not say."""

    name: str
    sheets: tuple[SheetStyle, ...]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    unenrolled: str = ON_RECORD


def heading_keys(header: Row) -> tuple[str, ...]:
    """What the columns below a header row are known by: their headings without signs, the second of a name with its
    number, and those without a heading by their place."""
    keys: list[str] = []
    for position, cell in enumerate(header, start=1):
        heading = compact(as_text(cell)) or f"#{position}"
        seen = sum(key == heading or key.startswith(f"{heading}#") for key in keys)
        keys.append(f"{heading}#{seen + 1}" if seen else heading)
    return tuple(keys)


def mapping_of(name: str, recognition: Recognition, corrections: Corrections) -> SavedMapping:
    """The way in which these sheets are read, to be saved. What somebody attested for one file is not part of it."""
    return SavedMapping(
        name=name,
        sheets=tuple(_style(table, corrections) for table in recognition.tables),
        values=corrections.values,
        defaults=corrections.defaults,
        unenrolled=corrections.unenrolled,
    )


def follow(sheets: Sequence[Sheet], mappings: Iterable[SavedMapping], corrections: Corrections) -> Corrections:
    """Let each sheet that has exactly the headings of a saved mapping be read by it; the first such mapping wins.

    What is chosen already stays chosen.
    """
    followed = corrections
    for mapping in mappings:
        found = {
            sheet.key: (style, row)
            for sheet in sheets
            for style in mapping.sheets
            if sheet.key not in followed.followed and (row := _exact_header(style, sheet))
        }
        if found:
            followed = _with(followed, mapping, sheets, found)
    return followed


def apply(mapping: SavedMapping, sheets: Sequence[Sheet], corrections: Corrections) -> Corrections:
    """Read these sheets by a mapping that somebody chose: each by the style whose headings it has most of.

    Columns are read as the mapping says; words that were chosen by hand stay. A sheet that shares no heading with it
    stays as it is.
    """
    found = {}
    for sheet in sheets:
        score, row, style = max(
            ((*_most_headings(style, sheet), style) for style in mapping.sheets),
            key=lambda each: each[0],
            default=(0, 0, None),
        )
        if score and style:
            found[sheet.key] = (style, row)
    cleared = replace(corrections, left_out=corrections.left_out - set(found))
    return _with(cleared, mapping, sheets, found)


def stored_mapping(mapping: SavedMapping) -> tuple[list[list[str]], dict[str, Any]]:
    """The headings and the choices, as they are stored."""
    choices = {
        "sheets": [
            {
                "kind": style.kind,
                "columns": dict(style.columns),
                "date_order": style.date_order,
                "names": [list(name) for name in style.names],
            }
            for style in mapping.sheets
        ],
        "values": {key: dict(words) for key, words in mapping.values.items()},
        "defaults": dict(mapping.defaults),
        "unenrolled": mapping.unenrolled,
    }
    return [sorted(style.headings) for style in mapping.sheets], choices


def read_mapping(name: str, headings: Sequence[Sequence[str]], choices: Mapping[str, Any]) -> SavedMapping:
    """A mapping from the form in which it is stored. Raises CorrectionsUnreadable."""
    words = read_corrections({key: choices[key] for key in ("values", "defaults", "unenrolled") if key in choices})
    styles = (
        SheetStyle(
            headings=frozenset(own),
            kind=sheet["kind"],
            columns=sheet["columns"],
            date_order=sheet.get("date_order", ""),
            names=tuple((key, name) for key, name in sheet.get("names", ())),
        )
        for own, sheet in zip(headings, choices.get("sheets", ()), strict=True)
    )
    return SavedMapping(name, tuple(styles), words.values, words.defaults, words.unenrolled)


def _style(table: Table, corrections: Corrections) -> SheetStyle:
    keys = heading_keys(table.header)
    fields = {column.position: column.field or NOT_USED for column in table.columns}
    return SheetStyle(
        headings=_told(keys),
        kind=table.kind,
        columns={key: fields[position] for position, key in enumerate(keys) if position in fields},
        date_order=corrections.date_order(table.sheet.key),
        names=tuple((keys[column.position], column.header) for column in table.columns if column.position < len(keys)),
    )


def _told(keys: Iterable[str]) -> frozenset[str]:
    """The headings that are written; columns without one do not tell a file from another."""
    return frozenset(key for key in keys if not key.startswith("#"))


def _exact_header(style: SheetStyle, sheet: Sheet) -> int:
    """The number of the row that has the style's headings and no others; 0 where none has."""
    if not style.headings:
        return 0
    rows = enumerate(sheet.rows[:ROWS_SEARCHED], start=1)
    return next((number for number, row in rows if _told(heading_keys(row)) == style.headings), 0)


def _most_headings(style: SheetStyle, sheet: Sheet) -> tuple[int, int]:
    """How many of the style's headings the best row has, and its number. A sheet without headings: its width, row 0."""
    if not style.headings:
        return len(style.columns), 0
    rows = enumerate(sheet.rows[:ROWS_SEARCHED], start=1)
    counts = ((len(_told(heading_keys(row)) & style.headings), number) for number, row in rows)
    return max(counts, key=lambda each: each[0], default=(0, 0))


def _with(
    corrections: Corrections,
    mapping: SavedMapping,
    sheets: Sequence[Sheet],
    found: Mapping[str, tuple[SheetStyle, int]],
) -> Corrections:
    """The corrections with what the mapping chooses for the sheets that were found, each with its header row."""
    headers = {sheet.key: header_at(sheet, found[sheet.key][1]) for sheet in sheets if sheet.key in found}
    columns = {key: _columns(style, headers[key]) for key, (style, _) in found.items()}
    values = {key: {**mapping.values.get(key, {}), **own} for key, own in corrections.values.items()}
    orders = {key: style.date_order for key, (style, _) in found.items() if style.date_order}
    return replace(
        corrections,
        kinds={**corrections.kinds, **{key: style.kind for key, (style, _) in found.items()}},
        header_rows={**corrections.header_rows, **{key: row for key, (_, row) in found.items()}},
        columns={**corrections.columns, **columns},
        date_orders={**corrections.date_orders, **orders},
        followed={**corrections.followed, **dict.fromkeys(found, mapping.name)},
        values={**mapping.values, **values},
        defaults={**mapping.defaults, **corrections.defaults},
        unenrolled=mapping.unenrolled,
    )


def _columns(style: SheetStyle, header: Row) -> dict[int, str]:
    keys = heading_keys(header)
    return {position: style.columns[key] for position, key in enumerate(keys) if key in style.columns}
