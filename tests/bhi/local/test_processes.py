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
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert belongs_to(worker.pid, tmp_path) is False, "a zombie works nowhere"
    worker.communicate()
    assert belongs_to(worker.pid, tmp_path) is False


def test_my_own_number_does_not_make_a_server_of_me():
    assert belongs_to(os.getpid(), Path("/nowhere")) is False


def test_where_there_is_no_proc_ps_tells_the_command(tmp_path, monkeypatch):
    ps = tmp_path / "ps"
    ps.write_text('#!/bin/sh\n[ "$*" = "-ww -o command= -p 321" ] && echo "postgres -D /data "\n')
    ps.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert command_of(321) == "postgres -D /data"
    assert command_of(322) == ""
