"""The embedded Postgres: its settings, its pid file after a crash, and the whole of it once for real."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from bhi.local import postgres, servers, valkey
from bhi.local.errors import SetupError
from bhi.local.places import Cluster, Places
from bhi.local.postgres import Postgres

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def idle(tmp_path, me) -> Postgres:
    """A server over data that nothing serves."""
    server = Postgres(Path("/nowhere"), Cluster(tmp_path / ".local"), tmp_path / "run", me)
    server.data.mkdir(parents=True)
    server.sockets.mkdir()
    return server


@pytest.fixture
def whole():
    """Both servers of a checkout of their own, below a folder that the servers' account can reach."""
    root = Path(tempfile.mkdtemp()).resolve()
    root.chmod(0o755)
    (root / ".venv").symlink_to(CHECKOUT / ".venv")
    places = Places(root)
    found = servers.prepared(places, places.passing("test"))
    yield found
    servers.stop(found)
    shutil.rmtree(root)


def test_settings_listen_on_nothing_but_the_socket_and_keep_rows_out_of_the_log():
    lines = postgres.settings(Path('/a b/it\'s, "here"'), is_durable=True).splitlines()
    assert lines[:3] == [
        "listen_addresses = ''",
        "port = 5432",
        'unix_socket_directories = \'"/a b/it\'\'s, ""here"""\'',
    ]
    told = {"log_statement = 'none'", "log_min_error_statement = panic", "log_error_verbosity = terse"}
    assert told - set(lines) == set()
    assert "fsync = off" not in lines


def test_only_passing_clusters_forget_on_power_loss():
    durable = postgres.settings(Path("/run"), is_durable=True).splitlines()
    passing = postgres.settings(Path("/run"), is_durable=False).splitlines()
    assert passing[len(durable) :] == ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]


@pytest.mark.parametrize(
    ("text", "pid"), [("4321\n/data\n", 4321), ("-4321\n", 4321), ("", None), ("nonsense\n", None)]
)
def test_the_pid_is_the_first_line(tmp_path, text, pid):
    (tmp_path / "postmaster.pid").write_text(text)
    assert postgres.first_number(tmp_path / "postmaster.pid") == pid


def test_without_a_pid_file_there_is_no_pid(tmp_path):
    assert postgres.first_number(tmp_path / "postmaster.pid") is None


def test_a_pid_that_a_stranger_has_now_is_forgotten(idle):
    socket_lock = idle.sockets / ".s.PGSQL.5432.lock"
    for file in (idle.pid_file, socket_lock):
        file.write_text(f"{os.getpid()}\n")
    postgres.forget_stale_pid(idle)
    assert (idle.pid_file.exists(), socket_lock.exists()) == (False, False)


def test_the_pid_of_a_server_that_works_here_is_kept(idle, monkeypatch):
    idle.pid_file.write_text(f"{os.getpid()}\n")
    monkeypatch.chdir(idle.data)
    postgres.forget_stale_pid(idle)
    assert idle.pid_file.exists()


def test_data_of_another_version_are_refused(idle):
    (idle.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(SetupError, match="made by Postgres 15; this is 18"):
        postgres.check_version(idle)


def test_both_servers_start_once_survive_a_kill_and_stop(whole):
    server = whole.postgres
    assert servers.start(whole) == servers.Started(postgres=True, valkey=True)
    assert servers.start(whole) == servers.Started(postgres=False, valkey=False)
    assert postgres.ask(server, "SHOW server_encoding") == "UTF8"
    assert postgres.ask(server, "SHOW listen_addresses") == ""
    assert valkey.ask(whole.valkey, "CONFIG GET maxmemory-policy") == "*2"

    # The worst that a reboot can leave: a pid file whose number is now a stranger's.
    assert postgres.ask(server, "CREATE TABLE kept AS SELECT 1 AS one") == ""
    assert postgres.ask(server, "CHECKPOINT") == ""
    os.kill(postgres.first_number(server.pid_file), signal.SIGKILL)
    while postgres.is_running(server):
        pass
    server.pid_file.write_text(server.pid_file.read_text().replace(first_line(server.pid_file), str(os.getpid()), 1))
    assert servers.start(whole) == servers.Started(postgres=True, valkey=False)
    assert postgres.ask(server, "SELECT one FROM kept") == "1"

    assert servers.stop(whole) is True
    assert servers.stop(whole) is False
    assert (postgres.is_running(server), valkey.is_running(whole.valkey)) == (False, False)


def first_line(file: Path) -> str:
    return file.read_text().split("\n", 1)[0]
