"""Where things lie, and when a path is too long for a socket."""

from pathlib import Path

import pytest

from bhi.local import servers
from bhi.local.account import known_account
from bhi.local.places import Cluster, Places, fits_a_socket


def test_a_checkout_and_its_passing_cluster_share_nothing():
    places = Places(Path("/srv/bhi"))
    own, passing = places.own, places.passing("test")
    assert own.postgres_data == Path("/srv/bhi/.local/postgres")
    assert passing.postgres_data == Path("/srv/bhi/.local/test/postgres")
    assert (own.is_durable, own.is_passing) == (True, False)
    assert (passing.is_durable, passing.is_passing) == (False, True)


@pytest.mark.parametrize(("length", "fits"), [(86, True), (87, False)])
def test_a_socket_path_may_have_a_hundred_bytes(length, fits):
    folder = Path("/" + "x" * (length - 1))
    assert fits_a_socket(folder) is fits


def test_bytes_count_not_letters():
    assert fits_a_socket(Path("/" + "é" * 42))
    assert not fits_a_socket(Path("/" + "é" * 43))


def test_a_long_path_gets_a_private_short_folder_and_keeps_it(tmp_path, me):
    cluster = Cluster(tmp_path / ("x" * 90))
    cluster.run.mkdir(parents=True)
    first = servers.sockets_for(cluster, me)
    try:
        assert fits_a_socket(first)
        assert servers.is_private(first, me)
        cluster.env_file.write_text(servers.env_text(first))
        assert servers.sockets_for(cluster, me) == first
    finally:
        first.rmdir()


def test_a_recorded_folder_that_others_may_enter_is_not_used_again(tmp_path, me):
    cluster = Cluster(tmp_path / ("x" * 90))
    cluster.run.mkdir(parents=True)
    opened = tmp_path / "opened"
    opened.mkdir(mode=0o755)
    cluster.env_file.write_text(servers.env_text(opened))
    found = servers.sockets_for(cluster, me)
    found.rmdir()
    assert found != opened


def test_a_link_is_not_a_private_folder(tmp_path, me):
    target, link = tmp_path / "target", tmp_path / "link"
    target.mkdir(mode=0o700)
    link.symlink_to(target)
    assert servers.is_private(target, me) is True
    assert servers.is_private(link, me) is False
    assert servers.is_private(tmp_path / "absent", me) is False
    assert servers.is_private(target, known_account(54321)) is False
