"""Who the servers run as, and what may be opened for them."""

import os
import stat

import pytest

from bhi.local.account import Account, account_for, make_folder, open_way, run_as, write_file
from bhi.local.errors import SetupError

STRANGER = Account("stranger", 54321, 54321)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_of_the_checkout_are_opened_to_pass_but_not_to_list(tmp_path, monkeypatch):
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & stat.S_IXOTH:
            monkeypatch.setattr("bhi.local.account.may_pass", passable_above(tmp_path))
    root = tmp_path / "checkout"
    inner = root / "inner"
    inner.mkdir(parents=True)
    for folder in (root, inner):
        folder.chmod(0o700)
    open_way(STRANGER, root, inner)
    assert (mode(root), mode(inner)) == (0o701, 0o701)


def passable_above(tmp_path):
    from bhi.local.account import may_pass

    return lambda folder, account: tmp_path.is_relative_to(folder) or may_pass(folder, account)


def test_a_parent_that_blocks_is_named_with_the_fix_and_left_alone(tmp_path):
    blocked = tmp_path / "blocked"
    root = blocked / "checkout"
    root.mkdir(parents=True)
    blocked.chmod(0o700)
    tmp_path.chmod(0o700)
    first = next(one for one in reversed([root, *root.parents]) if not one.stat().st_mode & stat.S_IXOTH)
    with pytest.raises(SetupError) as caught:
        open_way(STRANGER, root, root)
    assert f"`chmod o+x {first}`" in str(caught.value)
    assert mode(blocked) == 0o700


def test_my_own_servers_need_nothing_opened(tmp_path, me):
    tmp_path.chmod(0o700)
    open_way(me, tmp_path, tmp_path)
    assert mode(tmp_path) == 0o700


def test_made_folders_and_files_are_private(tmp_path, me):
    make_folder(tmp_path / "a" / "b", me)
    write_file(tmp_path / "a" / "b" / "file", "text", me)
    assert mode(tmp_path / "a" / "b") == 0o700
    assert mode(tmp_path / "a" / "b" / "file") == 0o600


def test_writing_replaces_a_planted_link_and_not_its_target(tmp_path, me):
    target = tmp_path / "target"
    target.write_text("kept")
    (tmp_path / "file").symlink_to(target)
    write_file(tmp_path / "file", "new", me)
    assert target.read_text() == "kept"
    assert (tmp_path / "file").read_text() == "new"


def test_a_command_does_not_inherit_the_callers_postgres_variables(tmp_path, me, monkeypatch):
    monkeypatch.setenv("PGHOST", "elsewhere")
    printed = run_as(me, ["/usr/bin/env"], folder=tmp_path).stdout
    assert "PGHOST" not in printed
    assert "TZ=UTC" in printed


def test_a_command_that_hangs_is_said(tmp_path, me):
    with pytest.raises(SetupError, match="sleep did not finish"):
        run_as(me, ["sleep", "60"], folder=tmp_path, seconds=0.05)


def test_data_of_my_own_are_served_by_me_unless_i_am_root(tmp_path, me):
    found = account_for(tmp_path)
    assert (found.name == "bhi-local") if os.geteuid() == 0 else (found == me)
