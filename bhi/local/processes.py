"""What can be learned of a process that may or may not be ours."""

import subprocess
from pathlib import Path


def belongs_to(pid: int, data: Path) -> bool:
    """Whether a living process has this number and works over this data folder.

    A number alone proves nothing: after kill -9 or a reboot it may be free, a zombie's or a stranger's.
    """
    if Path("/proc/self/cwd").exists():
        return folder_of(pid) == data
    return f"{data}" in command_of(pid)


def folder_of(pid: int) -> Path | None:
    """The folder a process works in, as Linux tells it; None for the dead, zombies and others' processes."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def command_of(pid: int) -> str:
    """The command line of a process, as ps tells it; empty when there is none."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()
