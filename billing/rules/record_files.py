"""The structured copy of a record: a zip with one JSON document, one CSV file for each table, and what they mean."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from billing.rules.record_copy import LEFT_OUT, NOT_HELD, SCHEMA, SCHEMA_VERSION, SECTIONS

# A formula begins with one of these in a spreadsheet: text that does is given an apostrophe.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Tables = Mapping[str, Sequence[Mapping[str, Any]]]


def structured_copy(
    tables: Tables, *, made_at: datetime, span: tuple[str, str], notices: Iterable[str], withheld: Sequence[str] = ()
) -> bytes:
    """The zip: `record.json`, `csv/<table>.csv`, `README.txt`. `notices` are sentences that go with the record,
    `withheld` what is said of parts that were left out of it."""
    said = tuple(notices)
    document = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "made_at": made_at.isoformat(),
        "from": span[0] or None,
        "until": span[1] or None,
        "notices": list(said),
        "withheld": list(withheld),
        "not_held": list(NOT_HELD),
        "left_out": [{"what": label.split(".")[1], "because": why} for label, why in LEFT_OUT.items()],
        "tables": {name: list(rows) for name, rows in tables.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "record.json", json.dumps(document, indent=1, ensure_ascii=False), made_at)
        for name, rows in tables.items():
            _put(archive, f"csv/{name}.csv", table_text(rows, said), made_at)
        _put(archive, "README.txt", "\n".join(_explained(said, withheld)) + "\n", made_at)
    return out.getvalue()


def table_text(rows: Sequence[Mapping[str, Any]], notices: Sequence[str]) -> str:
    """A table as CSV. Where notices go with the record, a column of its own carries them on every line."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.writer(out)
    names = list(rows[0])
    extra = ["notice"] if notices else []
    writer.writerow([*names, *extra])
    for row in rows:
        writer.writerow([*(_text(row[name]) for name in names), *(" ".join(notices) for _ in extra)])
    return out.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    is_formula = isinstance(value, str) and text.startswith(_FORMULA)
    return f"'{text}" if is_formula else text


def _put(archive: zipfile.ZipFile, name: str, text: str, made_at: datetime) -> None:
    at = made_at.timetuple()[:6]
    archive.writestr(zipfile.ZipInfo(name, (at[0], at[1], at[2], at[3], at[4], at[5])), text.encode())


def _explained(notices: Sequence[str], withheld: Sequence[str]) -> Iterable[str]:
    yield f"Copy of a patient's record. Schema {SCHEMA}, version {SCHEMA_VERSION}."
    yield from notices
    yield from withheld
    yield ""
    yield "record.json holds everything; csv/ holds the same tables, one file each."
    yield "Days are year-month-day. Instants are in UTC. Amounts are US dollars. Empty means not known."
    yield "A row with voided_at was taken back as recorded in error, and why is said beside it."
    yield "A name that ends with _id is the id of a row in another table."
    yield ""
    for section in SECTIONS:
        yield f"{section.title}:"
        yield from (f"  {table.name}: {table.title}" for table in section.tables)
    yield ""
    yield "Not held:"
    yield from (f"  {line}" for line in NOT_HELD)
    yield "Left out:"
    yield from (f"  {label.split('.')[1]}: {why}" for label, why in LEFT_OUT.items())
