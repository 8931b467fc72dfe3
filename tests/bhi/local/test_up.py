"""Ports, and the processes that `./dev up` runs beside itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from bhi.local import testing, up
from bhi.local.children import Children, Ended, endable
from bhi.local.errors import SetupError

CHILD_WITH_CHILD = """
import subprocess, sys
inner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
open(sys.argv[1], "w").write(str(inner.pid))
inner.wait()
"""
STARTS_ONE_AND_IS_KILLED = """
import os, signal, sys
from bhi.local.children import Children
children = Children()
children.start("child", [sys.executable, "-c", "import time; time.sleep(60)"], folder=".", environ=os.environ)
print(children.running[0].process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_web_port_moves_on_when_taken():
    with up.listen(18000) as first:
        taken = first.getsockname()[1]
        with up.listen(taken) as second:
            assert second.getsockname()[1] > taken
            assert second.getsockname()[0] == "127.0.0.1"


def test_no_port_left_is_said():
    with socket.socket() as last:
        last.bind(("127.0.0.1", 65535))
        last.listen()
        with pytest.raises(SetupError, match="No free port from 65535 on"):
            up.listen(65535)


def test_web_knows_the_applications_role_alone():
    every = {"DATABASE_URL": "a", "DATABASE_OWNER_URL": "b", "DATABASE_MAINTENANCE_URL": "c", "DATABASE_ADMIN_URL": "d"}
    assert [name for name in up.web(every) if name.startswith("DATABASE")] == ["DATABASE_URL"]
    assert up.web(every)["BHI_PROCESS"] == "web"
    assert [name for name in up.worker(every) if name.startswith("DATABASE")] == [
        "DATABASE_URL",
        "DATABASE_MAINTENANCE_URL",
    ]


def wait_for(file):
    while not (file.exists() and file.read_text()):
        pass
    return int(file.read_text())


def is_gone(pid):
    """Whether a process ended; one that nobody collects stays as a zombie, which has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_ending_ends_grandchildren_too(tmp_path):
    children = Children()
    command = [sys.executable, "-c", CHILD_WITH_CHILD, str(tmp_path / "pid")]
    children.start("child", command, folder=tmp_path, environ=os.environ)
    grandchild = wait_for(tmp_path / "pid")
    assert children.first_dead() is None
    children.end()
    while not is_gone(grandchild):
        pass
    assert children.running == []


def test_a_child_that_dies_is_noticed_with_its_code(tmp_path):
    children = Children()
    children.start("web", [sys.executable, "-c", "raise SystemExit(3)"], folder=tmp_path, environ=os.environ)
    with pytest.raises(SetupError, match=r"The web process ended by itself \(code 3\)"):
        up.watch(children)
    children.end()


def test_children_end_when_their_parent_is_killed_outright():
    parent = subprocess.run(
        [sys.executable, "-c", STARTS_ONE_AND_IS_KILLED], capture_output=True, text=True, check=False
    )
    assert parent.returncode == -signal.SIGKILL
    child = int(parent.stdout)
    while not is_gone(child):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_once_and_does_not_cut_short_the_tidying(number):
    before = signal.getsignal(number)
    tidied = []

    def work_and_tidy():
        with endable():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                tidied.append(number)

    with pytest.raises(Ended):
        work_and_tidy()
    assert tidied == [number]
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(
    ("report", "line"),
    [
        ('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="0"/></testsuites>', "7 passed, 2 failed"),
        ('<testsuites><testsuite tests="3" failures="0" errors="0" skipped="1"/></testsuites>',
         "2 passed, 0 failed, 1 skipped"),
    ],
)  # fmt: skip
def test_the_closing_line_counts_what_pytest_reported(tmp_path, report, line):
    (tmp_path / "pytest.xml").write_text(report)
    assert str(testing.counted(tmp_path / "pytest.xml")) == line


def test_a_run_without_a_report_failed(tmp_path, capsys):
    assert testing.counted(tmp_path / "pytest.xml") is None
    assert testing.conclude([testing.Outcome("pytest", 0, 1.0)], None) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "pytest did not finish; see above"


@pytest.mark.parametrize(("codes", "code"), [([0, 0], 0), ([1, 0], 1), ([0, 2], 1)])
def test_one_failed_step_fails_the_whole(codes, code, capsys):
    outcomes = [testing.Outcome("step", one, 0.0) for one in codes]
    assert testing.conclude(outcomes, testing.Count(5, 0, 0)) == code
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 0 failed"


def test_another_servers_roles_get_addresses_with_one_new_password():
    named = testing.urls_on("postgresql://admin:secret@db.example:6432/postgres?sslmode=require")
    password = named["DATABASE_URL"].split(":")[2].split("@")[0]
    assert named["DATABASE_URL"] == f"postgresql://bhi_app:{password}@db.example:6432/bhi_tests?sslmode=require"
    assert named["DATABASE_OWNER_URL"] == f"postgresql://bhi_owner:{password}@db.example:6432/bhi_tests?sslmode=require"
    assert named["DATABASE_ADMIN_URL"] == "postgresql://admin:secret@db.example:6432/postgres?sslmode=require"


@pytest.fixture
def places(tmp_path):
    return SimpleNamespace(python=sys.executable, root=tmp_path)


def test_a_check_beside_the_others_tells_what_it_said_and_how_it_ended(tmp_path, places, capsys):
    check = ("a check", ("-c", "print('Two faults'); raise SystemExit(3)"))
    with testing.meanwhile(places, check, os.environ, tmp_path / "log") as ended:
        outcomes = ended()
    assert [(one.name, one.code) for one in outcomes] == [("a check", 3)]
    assert capsys.readouterr().out == "Two faults\n"


def test_a_check_beside_the_others_ends_with_them(tmp_path, places):
    check = ("a check", ("-c", "import time; time.sleep(60)"))
    began = time.monotonic()
    with pytest.raises(Ended), testing.meanwhile(places, check, os.environ, tmp_path / "log"):
        raise Ended
    assert time.monotonic() - began < 30


def test_nothing_beside_has_no_outcome(tmp_path, places):
    with testing.meanwhile(places, None, os.environ, tmp_path / "log") as ended:
        assert ended() == []
