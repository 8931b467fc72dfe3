"""Which sheet holds what: its header row, its kind, and the field of each column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from caseload.rules.imports.columns import KINDS, Field, SheetKind, field_of, fields
from caseload.rules.imports.corrections import NOT_USED, Corrections
from caseload.rules.imports.sheets import Cell, Problem, Row, Sheet, as_text, is_blank

# Reports put titles, run dates and filters above the header; more rows than this is no header but a letter.
ROWS_SEARCHED = 30
# Fewer recognized headings than this may be chance ("Date" and "Name" head many lists).
_LEAST_HEADINGS = 3


@dataclass(frozen=True)
class Column:
    """A column: where it is, what its heading says (`Column C` for none), and the field it fills (empty: not used)."""

    position: int
    header: str
    field: str
    is_headed: bool = True


@dataclass(frozen=True)
class Table:
    """A sheet that is understood. `header_row` counts from 1, as the file shows it; 0: the sheet has no headings."""

    sheet: Sheet
    kind: SheetKind
    header_row: int
    columns: tuple[Column, ...]

    @property
    def header(self) -> Row:
        return header_at(self.sheet, self.header_row)

    @property
    def data(self) -> tuple[Row, ...]:
        """The rows below the header."""
        return self.sheet.rows[self.header_row :]

    def without(self, wanted: Mapping[str, object], fix: str) -> list[Problem]:
        """A problem for each wanted column that no heading names. `wanted`: label, and whether it is there."""
        at = self.sheet.label, self.header_row, ""
        return [Problem(*at, f"no column is headed {label}", fix) for label, is_there in wanted.items() if not is_there]

    @cached_property
    def _by_field(self) -> Mapping[str, Column]:
        return {column.field: column for column in reversed(self.columns) if column.field}

    def column(self, field: str) -> Column | None:
        return self._by_field.get(field)

    def heading(self, field: str) -> str:
        """What a sentence calls the field's column: its own heading, else the usual one."""
        column = self.column(field)
        return column.header if column else fields(self.kind)[field].label

    def cell(self, row: Row, field: str) -> Cell:
        column = self.column(field)
        return row[column.position] if column and column.position < len(row) else None


@dataclass(frozen=True)
class Recognition:
    """The sheets that are understood, what keeps others from being read, and what is worth knowing.

    `tables` includes those with a problem, so that their columns can be corrected.
    """

    tables: tuple[Table, ...]
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]

    def of_kind(self, kind: SheetKind) -> tuple[Table, ...]:
        return tuple(table for table in self.tables if table.kind == kind)


def recognize(sheets: Sequence[Sheet], corrections: Corrections | None = None) -> Recognition:
    """Find the header row, the kind and the fields of each sheet.

    A sheet without a recognized header is passed over with a remark when another is recognized; when none is,
    each is a problem. A missing required column is a problem that names the headings that would do.
    """
    chosen = corrections or Corrections()
    read = [sheet for sheet in sheets if sheet.key not in chosen.left_out]
    tables = tuple(table for sheet in read if (table := _table(sheet, chosen)))
    known = {table.sheet.key for table in tables}
    others = [sheet for sheet in read if sheet.key not in known]
    problems = tuple(problem for table in tables for problem in (*_missing(table), *_doubled(table)))
    remarks = tuple(remark for table in tables for remark in _remarks(table))
    if tables:
        return Recognition(tables, problems, remarks + tuple(_passed_over(sheet) for sheet in others))
    return Recognition((), tuple(_unrecognized(sheet) for sheet in others) or (_nothing(sheets),), ())


def header_at(sheet: Sheet, number: int) -> Row:
    """The row of that number, from 1; for 0, and for rows that there are not, nothing but blanks."""
    if 0 < number <= len(sheet.rows):
        return sheet.rows[number - 1]
    return (None,) * max((len(row) for row in sheet.rows[:ROWS_SEARCHED]), default=0)


def column_name(position: int) -> str:
    """What a spreadsheet calls the column at a position, from 0: A, Z, AA."""
    rest, letter = divmod(position, 26)
    return (column_name(rest - 1) if rest else "") + chr(ord("A") + letter)


def _table(sheet: Sheet, chosen: Corrections) -> Table | None:
    kind = chosen.kinds.get(sheet.key)
    kinds: Sequence[SheetKind] = (kind,) if kind else KINDS
    found = _chosen_header(sheet, kinds, chosen) or _header(sheet, kinds, least=0 if kind else _LEAST_HEADINGS)
    if found is None:
        return None
    kind, header_row = found
    columns = _columns(_wide_header(sheet, header_row), kind, chosen.columns.get(sheet.key, {}))
    return Table(sheet, kind, header_row, tuple(column for column in columns if _matters(column, sheet, header_row)))


def _chosen_header(sheet: Sheet, kinds: Sequence[SheetKind], chosen: Corrections) -> tuple[SheetKind, int] | None:
    """The header row that somebody chose, with the kind that its headings name most of."""
    number = chosen.header_rows.get(sheet.key)
    if number is None or number > len(sheet.rows):
        return None
    row = header_at(sheet, number)
    return max(kinds, key=lambda kind: _score(row, kind)), number


def _header(sheet: Sheet, kinds: Sequence[SheetKind], least: int) -> tuple[SheetKind, int] | None:
    """The kind and header row with the most headings recognized; the first of equals, contacts only if telling.

    Where any row will do (`least` is 0), the one with most cells filled goes before titles with one.
    """
    best: tuple[tuple[int, int], SheetKind, int] | None = None
    for number, row in enumerate(sheet.rows[:ROWS_SEARCHED], start=1):
        filled = sum(isinstance(cell, str) for cell in row) if least == 0 else 0
        for kind in kinds:
            score = _score(row, kind)
            if not is_blank(row) and score >= least and (best is None or (score, filled) > best[0]):
                best = ((score, filled), kind, number)
    return best and (best[1], best[2])


def _score(row: Row, kind: SheetKind) -> int:
    """How many fields of the kind the row's headings name; those that tell the kind apart count double."""
    named = {field_of(kind, cell) for cell in row if isinstance(cell, str)} - {None}
    known = fields(kind)
    return sum(2 if known[key].telling else 1 for key in named if key)


def _columns(header: Row, kind: SheetKind, chosen: Mapping[int, str]) -> tuple[Column, ...]:
    corrected = dict(chosen)
    taken = {key for key in corrected.values() if key != NOT_USED}
    columns = []
    for position, cell in enumerate(header):
        heading = as_text(cell)
        field = corrected.get(position)
        if field is None:
            field = field_of(kind, heading) or ""
            field = "" if field in taken else field
            taken.add(field)
        name = heading or f"Column {column_name(position)}"
        columns.append(Column(position, name, "" if field == NOT_USED else field, is_headed=bool(heading)))
    return tuple(columns)


def _wide_header(sheet: Sheet, number: int) -> Row:
    """The header row, with blanks above columns that have no heading."""
    header = header_at(sheet, number)
    width = max((len(row) for row in sheet.rows[number : number + ROWS_SEARCHED]), default=0)
    return header + (None,) * (width - len(header))


def _matters(column: Column, sheet: Sheet, number: int) -> bool:
    """Whether a column is worth showing: it has a heading, somebody chose it, or something stands in it."""
    if column.is_headed or column.field:
        return True
    near = sheet.rows[number : number + ROWS_SEARCHED]
    return any(as_text(row[column.position]) for row in near if column.position < len(row))


def _missing(table: Table) -> list[Problem]:
    known = fields(table.kind).values()
    alone = [[field] for field in known if field.required]
    groups = {field.one_of: [other for other in known if other.one_of == field.one_of] for field in known}
    groups.pop("", None)
    return [
        _missing_problem(table, wanted)
        for wanted in (*groups.values(), *alone)
        if not any(table.column(field.key) for field in wanted)
    ]


def _missing_problem(table: Table, wanted: list[Field]) -> Problem:
    headings = [header for field in wanted for header in field.headers[:4]]
    return Problem(
        sheet=table.sheet.label,
        row=table.header_row,
        column="",
        fault=f"no column is headed {' or '.join(field.label for field in wanted)}, which {table.kind} need",
        fix=f"Head the column {', '.join(headings[:-1])} or {headings[-1]}, or choose which column holds it.",
    )


def _doubled(table: Table) -> list[Problem]:
    """Fields for which two columns were chosen: only one of them could be read, and nobody said which."""
    by_field: dict[str, list[str]] = {}
    for column in table.columns:
        by_field.setdefault(column.field, []).append(column.header)
    known = fields(table.kind)
    return [
        Problem(
            sheet=table.sheet.label,
            row=table.header_row,
            column="",
            fault=f"{' and '.join(headers)} are both chosen for {known[field].label}",
            fix="Choose one of them, and Not used for the others.",
        )
        for field, headers in by_field.items()
        if field and len(headers) > 1
    ]


def _remarks(table: Table) -> list[str]:
    unused = [column.header for column in table.columns if column.is_headed and not column.field]
    remarks = [f"{table.sheet.label}: not used: {', '.join(unused)}."] if unused else []
    if table.kind == "patients" and not table.column("enrolled_on"):
        remarks.append(
            f"{table.sheet.label} has no date of enrolment: its patients join the caseload once a file has one."
        )
    name = f"{table.sheet.file} {table.sheet.name}".casefold()
    other = next(kind for kind in KINDS if kind != table.kind)
    if other[:-1] in name and table.kind[:-1] not in name:
        remarks.append(f"{table.sheet.label} is named for {other} but holds {table.kind}: read as {table.kind}.")
    return remarks


def _passed_over(sheet: Sheet) -> str:
    return f"{sheet.label} was not read: no row names columns of patients or contacts."


def _unrecognized(sheet: Sheet) -> Problem:
    first = next((row for row in sheet.rows if not is_blank(row)), ())
    seen = ", ".join(text for cell in first[:6] if (text := as_text(cell)[:30]))
    fault = f"no row names columns of patients or contacts; the first one says: {seen}" if seen else "it is empty"
    fix = (
        "A list of patients needs the columns MRN, Patient Name and DOB; a list of contacts needs Patient ID, "
        "Contact Date, Contact Type and Minutes. If it is one of them, say so and choose its columns."
    )
    return Problem(sheet.label, 0, "", fault, fix)


def _nothing(sheets: Sequence[Sheet]) -> Problem:
    label = sheets[0].file if sheets else "The upload"
    return Problem(label, 0, "", "no sheet was left to read", "Choose a file with patients or contacts.")
