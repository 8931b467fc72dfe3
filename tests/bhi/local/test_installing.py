"""When requirements are installed, and what is said when the machine lacks something."""

import os
import sys
from pathlib import Path

import pytest

from bhi.local import debian, installing
from bhi.local.errors import SetupError

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"


@pytest.mark.parametrize(
    ("wanted", "installed", "needed"),
    [("local", None, "local"), ("test", "local", "test"), ("local", "test", "test"), ("local", "local", "local")],
)
def test_a_larger_set_is_never_made_smaller(wanted, installed, needed):
    assert installing.larger(wanted, installed) == needed


def test_each_set_contains_the_smaller_at_the_same_versions():
    pins = [pins_of(REQUIREMENTS / f"{name}.txt") for name in installing.SETS]
    assert pins[0].items() <= pins[1].items() <= pins[2].items()


def pins_of(file):
    lines = [line for line in file.read_text().splitlines() if "==" in line]
    return dict(line.split(";")[0].rstrip(" \\").split("==") for line in lines)


def test_every_pin_is_hashed_and_no_index_is_named():
    for file in REQUIREMENTS.glob("*.txt"):
        lines = file.read_text().splitlines()
        assert [line for line in lines if "://" in line] == []
        pinned = [number for number, line in enumerate(lines) if "==" in line]
        assert [lines[number + 1].startswith("    --hash=sha256:") for number in pinned] == [True] * len(pinned)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"set": "all", "digest": "d"}', '{"set": "local"}'])
def test_an_unreadable_stamp_is_no_stamp(tmp_path, text):
    (tmp_path / "stamp").write_text(text)
    assert installing.read_stamp(tmp_path / "stamp") == (None, None)


def test_a_stamp_names_its_set_and_hash(tmp_path):
    (tmp_path / "stamp").write_text('{"set": "test", "digest": "d"}')
    assert installing.read_stamp(tmp_path / "stamp") == ("test", "d")
    assert installing.read_stamp(tmp_path / "absent") == (None, None)


def test_any_changed_pin_changes_the_hash(tmp_path):
    (tmp_path / "base.txt").write_text("a==1\n")
    first = installing.digest_of(tmp_path)
    (tmp_path / "base.txt").write_text("a==2\n")
    assert installing.digest_of(tmp_path) != first


def test_a_broken_environment_is_seen(tmp_path):
    assert installing.works(Path(sys.executable)) is True
    assert installing.works(tmp_path / "python") is False
    assert installing.works(Path("/bin/false")) is False


def test_the_pinned_version_is_read():
    assert installing.pinned_version(REQUIREMENTS / "test.txt", "no-such-package") is None
    assert installing.pinned_version(REQUIREMENTS / "uv.txt", "uv").count(".") == 2


def program(folder, name):
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_browser_is_the_one_named_else_the_first_found(tmp_path):
    chromium, chrome = program(tmp_path, "chromium"), program(tmp_path, "google-chrome")
    assert debian.find_chromium({"PATH": str(tmp_path), "CHROME_PATH": chrome}) == chrome
    assert debian.find_chromium({"PATH": str(tmp_path)}) == chromium


def test_a_named_browser_that_is_none_is_refused(tmp_path):
    with pytest.raises(SetupError, match="CHROME_PATH names"):
        debian.find_chromium({"CHROME_PATH": str(tmp_path / "absent")})


def test_without_a_browser_and_without_apt_the_sentence_tells_what_to_install(monkeypatch):
    monkeypatch.setattr(debian, "can_apt", lambda: False)
    monkeypatch.setattr(debian, "MAC_BROWSERS", ())
    with pytest.raises(SetupError, match="sudo apt-get install chromium"):
        debian.chromium({"PATH": os.devnull})


def test_pango_is_here_when_each_of_its_libraries_loads(monkeypatch):
    monkeypatch.setattr(debian, "PANGO_LIBRARIES", (("absent.so.9", "libc.so.6"),))
    assert debian.has_pango()
    monkeypatch.setattr(debian, "PANGO_LIBRARIES", (("libc.so.6",), ("absent.so.9",)))
    assert not debian.has_pango()


def test_missing_pango_is_installed_where_that_may_be(monkeypatch):
    installed = []
    monkeypatch.setattr(debian, "has_pango", lambda: bool(installed))
    monkeypatch.setattr(debian, "apt_install", lambda packages, reason: installed.append((packages, reason)))
    monkeypatch.setattr(debian, "can_apt", lambda: False)
    assert not debian.ensure_pango()
    monkeypatch.setattr(debian, "can_apt", lambda: True)
    assert debian.ensure_pango()
    assert debian.ensure_pango()
    assert installed == [(debian.PANGO_PACKAGES, "PDFs need Pango")]
