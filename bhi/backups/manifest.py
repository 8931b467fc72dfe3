"""What a backup says of itself: when, of which version, how many rows, and the wall as it stood."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from bhi.tenancy.catalogue_facts import Facts, read_facts

# Sessions are left out: whoever was signed in when the backup was made is not when it is restored.
LEFT_OUT: Final = ("django_session",)


@dataclass(frozen=True)
class Manifest:
    """`rows` counts each table as of the backup's snapshot; `catalogue` holds policies, keys and grants as text."""

    made_at: str
    server_version: int
    database: str
    migrations: tuple[str, ...]
    rows: Mapping[str, int]
    catalogue: Mapping[str, tuple[str, ...]]

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())


def packed(manifest: Manifest) -> bytes:
    return zlib.compress(json.dumps(asdict(manifest), sort_keys=True).encode())


def unpacked(content: bytes) -> Manifest:
    fields = json.loads(zlib.decompress(content))
    catalogue = {name: tuple(lines) for name, lines in fields.pop("catalogue").items()}
    return Manifest(**{**fields, "migrations": tuple(fields["migrations"])}, catalogue=catalogue)


def read_manifest(cursor: Any, *, at: datetime) -> Manifest:
    """Of the database and snapshot of this cursor. Counts every row, so it reads every table once."""
    facts = read_facts(cursor)
    cursor.execute("SELECT current_setting('server_version_num')::int, current_database()")
    version, database = cursor.fetchone()
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    migrations = tuple(name for (name,) in cursor.fetchall())
    rows = {table: _count(cursor, table) for table in sorted(_tables(facts))}
    return Manifest(at.isoformat(), version, database, migrations, rows, catalogue_of(facts))


def catalogue_of(facts: Facts) -> dict[str, tuple[str, ...]]:
    """The wall as lines that can be compared: policies, forced flags, keys, indexes, grants, triggers and the like."""
    sections: dict[str, Any] = {
        "tables": facts.relations,
        "policies": facts.policies,
        "foreign keys": facts.foreign_keys,
        "indexes": facts.indexes,
        "grants": facts.grants,
    }
    lines = {name: [json.dumps(asdict(one), sort_keys=True) for one in found] for name, found in sections.items()}
    lines["names"] = [f"{table} {name}" for table, names in facts.named.items() for name in names if _is_lasting(name)]
    lines["places"] = [" ".join(place) for place in facts.place_grants]
    lines["definers"] = list(facts.security_definers)
    return {name: tuple(sorted(found)) for name, found in lines.items()}


def differences(kept: Manifest, found: Manifest) -> list[str]:
    """What of a restored database is not as the backup says, in sentences; none is right."""
    said = [
        f"{name}: {sign} {line}"
        for name, lines in kept.catalogue.items()
        for sign, line in _changed(lines, found.catalogue.get(name, ()))
    ]
    said += [f"migrations: {sign} {line}" for sign, line in _changed(kept.migrations, found.migrations)]
    for table, count in kept.rows.items():
        there = found.rows.get(table)
        if there != count:
            said.append(f"rows: {table} had {count}, now {there}")
    return said


def _changed(before: tuple[str, ...], after: tuple[str, ...]) -> list[tuple[str, str]]:
    lost, new = set(before) - set(after), set(after) - set(before)
    return [("missing", line) for line in sorted(lost)] + [("new", line) for line in sorted(new)]


def _is_lasting(name: str) -> bool:
    """Postgres names the triggers of foreign keys by numbers, which a restore gives anew."""
    return not name.startswith("RI_ConstraintTrigger")


def _tables(facts: Facts) -> list[str]:
    return [one.name for one in facts.relations if one.kind == "r" and one.name not in LEFT_OUT]


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- a name of the catalogue
    return int(cursor.fetchone()[0])
