"""A Postgres of this test's own, which may be killed or starved without anybody else noticing."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, connections

from bhi.backups.taking import restore_backup, take_backup
from bhi.environment import database
from bhi.local import postgres, servers
from bhi.local.places import Cluster, Places
from bhi.tenancy import roles

ROOT = Path(__file__).resolve().parents[2]
PLACES = Places(ROOT)
KEY = "of-this-test-alone" * 3
ALIASES = {"default": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "maintenance": "DATABASE_MAINTENANCE_URL"}
PATIENCE = 60


@contextmanager
def own_cluster(folder: Path) -> Iterator[postgres.Postgres]:
    """Filled from a backup of the test's database; every alias leads there meanwhile."""
    content = io.BytesIO()
    take_backup(content, secret=KEY, at=datetime.now(UTC))
    found = servers.prepared(PLACES, Cluster(folder, is_passing=True, is_durable=True))
    named = servers.urls(found.sockets)
    before = {alias: dict(connections[alias].settings_dict) for alias in ALIASES}
    try:
        servers.start(found, with_valkey=False)
        roles.create_roles(named["DATABASE_ADMIN_URL"], {})
        roles.create_database(named["DATABASE_ADMIN_URL"], database(named["DATABASE_URL"])["NAME"])
        _lead({alias: database(named[variable]) for alias, variable in ALIASES.items()})
        content.seek(0)
        assert restore_backup(content, keys=(KEY,), at=datetime.now(UTC))[1] == []
        yield found.postgres
    finally:
        _lead(before)
        postgres.stop(found.postgres)
        shutil.rmtree(folder, ignore_errors=True)
        if not found.sockets.is_relative_to(folder):
            shutil.rmtree(found.sockets, ignore_errors=True)


def _lead(to: dict[str, dict[str, Any]]) -> None:
    for alias, settings in to.items():
        connections[alias].close()
        for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"):
            connections[alias].settings_dict[name] = settings[name]


class Load:
    """People who write at once and try again with the same form until it is kept."""

    def __init__(self, write: Callable[[int, int], Any], people: int) -> None:
        self.kept: list[int] = [0] * people
        self.failures = 0
        self._write = write
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(place,)) for place in range(people)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def until(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while sum(self.kept) < count:
            assert time.monotonic() < deadline, f"{sum(self.kept)} of {count} were kept"
            time.sleep(0.02)

    def _work(self, place: int) -> None:
        try:
            while not self._over.is_set():
                try:
                    self._write(place, self.kept[place])
                except (DatabaseError, InterfaceError):
                    self.failures += 1
                    connection.close()
                    time.sleep(0.05)
                else:
                    self.kept[place] += 1
        finally:
            connection.close()


def crash(server: postgres.Postgres) -> float:
    """Kill every process of the server at once, start it again; the seconds until it answers."""
    began = time.monotonic()
    postgres.pg_ctl(server, "stop", "-m", "immediate")
    postgres.start(server)
    connections.close_all()  # this thread's, which died as well
    return time.monotonic() - began
