"""A process id proves nothing by itself."""

import os
import subprocess
import sys
from pathlib import Path

from bhi.local.processes import belongs_to, command_of


def test_a_process_belongs_to_the_folder_it_works_in(tmp_path):
    worker = subprocess.Popen([sys.executable, "-c", "input()", str(tmp_path)], cwd=tmp_path, stdin=subprocess.PIPE)
    assert belongs_to(worker.pid, tmp_path) is True
    assert belongs_to(worker.pid, tmp_path / "other") is False
    assert str(tmp_path) in command_of(worker.pid)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert belongs_to(worker.pid, tmp_path) is False, "a zombie works nowhere"
    worker.communicate()
    assert belongs_to(worker.pid, tmp_path) is False
    assert command_of(worker.pid) == ""


def test_my_own_number_does_not_make_a_server_of_me():
    assert belongs_to(os.getpid(), Path("/nowhere")) is False
