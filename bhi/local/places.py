"""Where everything of one checkout lies. Pure: it names paths and makes nothing."""

from dataclasses import dataclass
from pathlib import Path

# Linux allows 107 bytes for a Unix socket's path and macOS 103; what is longer goes to the temporary folder.
LONGEST_SOCKET_PATH = 100
POSTGRES_PORT = 5432
POSTGRES_SOCKET = f".s.PGSQL.{POSTGRES_PORT}"
VALKEY_SOCKET = "valkey.sock"
DATABASE = "bhi"
SUPERUSER = "postgres"
ROLES = {
    "DATABASE_URL": "bhi_app",
    "DATABASE_OWNER_URL": "bhi_owner",
    "DATABASE_MAINTENANCE_URL": "bhi_maintenance",
    "DATABASE_ADMIN_URL": SUPERUSER,
}


@dataclass(frozen=True)
class Cluster:
    """One pair of servers: the checkout's own (`.local`), or a passing one for tests or measurements."""

    folder: Path
    is_passing: bool = False
    is_durable: bool = True

    @property
    def postgres_data(self) -> Path:
        return self.folder / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.folder / "valkey"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def lock(self) -> Path:
        """Held by the one run that uses a passing cluster; beside the folder, which comes and goes."""
        return self.folder.with_name(f"{self.folder.name}.lock")

    @property
    def env_file(self) -> Path:
        return self.run / "env"


@dataclass(frozen=True)
class Places:
    """The paths of one checkout."""

    root: Path

    @property
    def local(self) -> Path:
        return self.root / ".local"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements"

    @property
    def lock(self) -> Path:
        return self.local / "lock"

    @property
    def up_lock(self) -> Path:
        return self.local / "up.lock"

    @property
    def secret_key(self) -> Path:
        return self.local / "secret_key"

    @property
    def sign_ins(self) -> Path:
        return self.local / "sign_ins.json"

    @property
    def demonstration(self) -> Path:
        """Where load_demonstration keeps the password that it made."""
        return self.local / "demonstration.json"

    @property
    def own(self) -> Cluster:
        return Cluster(self.local)

    def passing(self, name: str, *, is_durable: bool = False) -> Cluster:
        """The cluster that one command makes, uses and ends, such as `test`."""
        return Cluster(self.local / name, is_passing=True, is_durable=is_durable)


def fits_a_socket(folder: Path) -> bool:
    """Whether the sockets of both servers can be made in this folder."""
    return len(bytes(folder / POSTGRES_SOCKET)) <= LONGEST_SOCKET_PATH
