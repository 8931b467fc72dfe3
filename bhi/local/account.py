"""Who the servers run as. Postgres refuses root, so root's servers run as a system user."""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bhi.local.errors import SetupError
from bhi.local.saying import say

SERVER_USER = "bhi-local"


@dataclass(frozen=True)
class Account:
    """The system account that owns the servers' files and processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_someone_else(self) -> bool:
        """Whether the servers' account is not the one this command runs as."""
        return self.uid != os.geteuid()


def account_for(data: Path) -> Account:
    """The account of the servers over `data`: whoever owns it, else me, or for root the system user.

    Raises SetupError when the data belong to another person and I am not root.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() == 0:
        return known_account(owner) if owner else server_account()
    if owner not in (None, os.geteuid()):
        raise SetupError(
            f"{data} belongs to {known_account(owner or 0).name}: its servers run as that user, not as you.\n"
            f"Use that account, or hand it over: sudo ./dev down && sudo chown -R $(id -un) {data.parent}"
        )
    return known_account(os.geteuid())


def known_account(uid: int) -> Account:
    """The account of a user id; a container may have ids without a name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, os.getegid())
    return Account(entry.pw_name, uid, entry.pw_gid)


def server_account() -> Account:
    """The system user for root's servers, made when missing."""
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        make_server_user()
        entry = pwd.getpwnam(SERVER_USER)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def make_server_user() -> None:
    """Make the system user, aloud."""
    say(f"Postgres refuses to run as root: making the system user {SERVER_USER} for the servers")
    if not shutil.which("useradd"):
        raise SetupError(f"There is no useradd here. Make a system user named {SERVER_USER}, then run this again.")
    made = subprocess.run(
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", SERVER_USER],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    already_there = 9  # another checkout was faster
    if made.returncode not in (0, already_there):
        raise SetupError(f"The system user {SERVER_USER} could not be made: {made.stderr.strip()}")


def run_as(
    account: Account, command: Sequence[str | Path], *, folder: Path, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command as the account, in `folder`, in an environment of its own; output is captured.

    Raises SetupError when the account cannot reach the program or the command takes too long.
    """
    arguments = [str(part) for part in command]
    other = account if account.is_someone_else else None
    try:
        return subprocess.run(
            arguments, cwd=folder, env=plain_environment(), text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=seconds, check=False,
            start_new_session=True,
            user=other.uid if other else None, group=other.gid if other else None,
            extra_groups=[] if other else None,
        )  # fmt: skip
    except PermissionError as error:
        raise SetupError(unreachable(account, Path(arguments[0]), folder)) from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{Path(arguments[0]).name} did not finish within {seconds:.0f} seconds.") from error


def plain_environment() -> dict[str, str]:
    """What a server needs to know. The caller's PG* variables and language would change what it does."""
    return {"PATH": os.defpath + ":/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


def open_way(account: Account, root: Path, target: Path) -> None:
    """Let the account pass through the checkout's own folders down to `target`.

    Nothing outside the checkout is changed: raises SetupError naming the parent that blocks, and the fix.
    """
    if not account.is_someone_else:
        return
    for folder in reversed([target, *target.parents]):
        if may_pass(folder, account):
            continue
        if not folder.is_relative_to(root):
            raise SetupError(blocked_by(account, folder))
        say(f"Letting {account.name} pass through {folder} (it may enter the folder, not list it)")
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)


def may_pass(folder: Path, account: Account) -> bool:
    """Whether the account may enter a folder, by its permission bits."""
    facts = folder.stat()
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def unreachable(account: Account, program: Path, folder: Path) -> str:
    """Why the account could not start the program, as well as the permission bits tell."""
    for path in (program.resolve().parent, folder):
        for parent in reversed([path, *path.parents]):
            if not may_pass(parent, account):
                return blocked_by(account, parent)
    return f"{account.name} may not run {program}. Make it readable: chmod -R o+rX {program.parent.parent}"


def blocked_by(account: Account, folder: Path) -> str:
    """The sentence for a parent folder that the servers' account cannot enter."""
    return (
        f"The servers run as the user {account.name}, who cannot enter {folder}.\n"
        f"Nothing outside the checkout is changed for you: let that user pass with `chmod o+x {folder}`,\n"
        "or move the checkout to a folder that everyone may enter, such as one below /srv."
    )


def make_folder(path: Path, account: Account) -> None:
    """Make a folder that only the account (and root) can enter."""
    path.mkdir(parents=True, exist_ok=True)
    if account.is_someone_else:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)


def write_file(path: Path, text: str, account: Account) -> None:
    """Write a private file in one step: readers see the old or the new text; a planted link is replaced."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    if account.is_someone_else:
        os.chown(name, account.uid, account.gid)
    Path(name).replace(path)
