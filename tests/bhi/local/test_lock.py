"""One command at a time, and nothing stuck when its holder is gone."""

import subprocess
import sys

from bhi.local import up
from bhi.local.lock import locked, open_lock, taken

HOLD = (
    "import sys, bhi.local.lock as l; l.taken(l.open_lock(__import__('pathlib').Path(sys.argv[1]))); print(); input()"
)


def hold_elsewhere(path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def end(process):
    process.kill()
    process.communicate()


def test_a_lock_is_held_by_one_and_free_when_its_holder_is_killed(tmp_path):
    path = tmp_path / "new folder" / "lock"
    other = hold_elsewhere(path)
    handle = open_lock(path)
    assert taken(handle) is False
    end(other)
    assert taken(handle) is True


def test_a_lock_is_free_after_its_block(tmp_path):
    path = tmp_path / "lock"
    with locked(path):
        assert taken(open_lock(path)) is False
    assert taken(open_lock(path)) is True


def test_a_pid_left_by_a_dead_up_is_no_running_up(places):
    with up.only_one(places):
        pass
    assert places.up_lock.read_text() != ""
    assert up.running_pid(places) is None
