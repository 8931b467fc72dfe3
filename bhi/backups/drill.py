"""The restore drill: the newest backup goes into a database beside, and what comes out is compared and used."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from bhi.audit.chain import chain_fault
from bhi.backups.errors import BackupFault
from bhi.backups.manifest import Manifest
from bhi.backups.taking import read_through, restore_backup
from bhi.files import operations as files
from bhi.files.models import StoredFile
from bhi.tenancy import roles
from bhi.tenancy.catalogue import findings
from bhi.tenancy.catalogue_facts import read_facts
from bhi.tenancy.context import tenant
from bhi.tenancy.expected import expected_tables
from bhi.tenancy.models import Organization

_FILES_TRIED = 3


@dataclass(frozen=True)
class Step:
    """One thing that was tried, how long it took, and what is wrong, in sentences; none is right."""

    what: str
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Drill:
    """How a drill went."""

    manifest: Manifest
    steps: tuple[Step, ...]

    @property
    def is_passed(self) -> bool:
        return not any(step.faults for step in self.steps)


def drill(backup: Path, *, keys: Sequence[str], admin_url: str, at: datetime) -> Drill:
    """Restore a backup into a database of its own, compare, use, and drop it again. BackupFault."""
    steps: list[Step] = []
    held: list[Manifest] = []

    def tried(what: str, work: Callable[[], Sequence[str]]) -> None:
        began = time.monotonic()
        faults = tuple(work())
        steps.append(Step(what, time.monotonic() - began, faults))

    def read() -> Sequence[str]:
        with backup.open("rb") as source:
            held.append(read_through(source, keys=keys))
        return ()

    def restored() -> Sequence[str]:
        with backup.open("rb") as source:
            return restore_backup(source, keys=keys, at=at)[1]

    tried("read through, every frame opens", read)
    with _database_beside(admin_url):
        tried("restored; policies, forced flags, keys, grants, rows as backed up", restored)
        tried("brought to this version", _migrated)
        tried("the wall as this version's models ask for it", _wall_faults)
        tried("without an organization the application sees nothing", _seen_without_tenant)
        tried("audit chain of every organization", _chain_faults)
        tried("stored files open with this installation's keys", _file_faults)
    return Drill(held[0], tuple(steps))


def newest(folder: str) -> Path:
    """The newest finished backup of the folder. BackupFault when there is none."""
    found = sorted(backups_in(folder), key=lambda path: path.stat().st_mtime)
    if not found:
        raise BackupFault("There is no backup yet. Make one: manage.py backup (BHI_BACKUPS names the folder).")
    return found[-1]


def backups_in(folder: str) -> list[Path]:
    """Finished backups: one that is being written has another ending."""
    return list(Path(folder).glob("*.bhi")) if folder else []


@contextmanager
def _database_beside(admin_url: str) -> Iterator[None]:
    """Both aliases on a new, empty database, dropped afterwards."""
    name = f"bhi_drill_{secrets.token_hex(6)}"
    own = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "owner")}
    roles.create_database(admin_url, name)
    try:
        _point(dict.fromkeys(own, name))
        yield
    finally:
        _point(own)
        with psycopg.connect(admin_url, dbname=roles.FIRST_DATABASE, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _point(databases: dict[str, str]) -> None:
    for alias, name in databases.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _migrated() -> Sequence[str]:
    """A backup may be older than the program that has to use it."""
    call_command("migrate", skip_checks=True, verbosity=0)
    return ()


def _wall_faults() -> list[str]:
    with connections["owner"].cursor() as cursor:
        found = findings(read_facts(cursor), expected_tables())
    return [f"{finding.kind}: {finding.where} {finding.what}" for finding in found]


def _seen_without_tenant() -> list[str]:
    """As the application's role, each tenant table shows no row before an organization is chosen."""
    tables = [table.name for table in expected_tables() if table.is_tenant]
    seen = []
    with connections["default"].cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')  # noqa: S608 -- a model's name
            seen += [table] if cursor.fetchone()[0] else []
    return [f"{table} shows rows without an organization" for table in seen]


def _chain_faults() -> list[str]:
    faults = []
    for one in Organization.objects.order_by("slug"):
        with tenant(one.id):
            fault = chain_fault(one.id)
        faults += [f"{one.slug}, {fault.day}: {fault.what}"] if fault else []
    return faults


def _file_faults() -> list[str]:
    """The newest files of each organization: a backup without its keys would be half a backup."""
    faults = []
    for one in Organization.objects.order_by("slug"):
        with tenant(one.id):
            kept = StoredFile.objects.filter(organization_id=one.id).exclude(sealed=b"").order_by("-id")
            shut = [file.id for file in kept[:_FILES_TRIED] if _is_shut(file)]
            faults += [f"{one.slug}: the file {file_id} does not open" for file_id in shut]
    return faults


def _is_shut(file: StoredFile) -> bool:
    try:
        files.read(file)
    except files.FileUnreadable:
        return True
    return False
