"""Passwords that attackers know are refused, without anything leaving the machine."""

from hashlib import sha1
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from bhi.accounts.breached import BREACHED, COMMON, is_listed


def line_of(password, count=3):
    return f"{sha1(password.encode()).hexdigest().upper()}:{count}"


def written(file: Path, passwords, newline="\r\n"):
    file.write_bytes(newline.join(sorted(line_of(each) for each in passwords)).encode())
    return file


@given(st.sets(st.text(max_size=8), min_size=1, max_size=40), st.text(max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_found_exactly_when_listed(tmp_path_factory, listed, other, newline):
    file = written(tmp_path_factory.mktemp("list") / "pwned.txt", listed, newline)
    assert [is_listed(each, file) for each in listed] == [True] * len(listed)
    assert is_listed(other, file) is (other in listed)


def test_in_an_empty_list_nothing_is(tmp_path):
    file = tmp_path / "empty"
    file.touch()
    assert is_listed("correct-horse-battery-staple", file) is False


@pytest.mark.parametrize(
    "password",
    ["qwerty123456", "Password1234!", "!!!Summer2026", "...iloveyou...123", "1q2w3e4r5t6y"],
)
def test_common_ones_are_refused_also_dressed_up(password):
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert refused.value.messages == [COMMON]


@pytest.mark.parametrize("password", ["correct-horse-battery-staple", "otter lamp 7 gravel", "ΑΒΓΔΕΖΗΘΙΚΛΜ"])
def test_others_pass_whatever_they_are_made_of(password):
    validate_password(password)


def test_eleven_signs_are_too_few():
    with pytest.raises(ValidationError):
        validate_password("otter lamp7")


def test_a_breached_one_is_refused(settings, tmp_path):
    settings.BREACHED_PASSWORDS = str(written(tmp_path / "list", ["otter lamp 7 gravel", "another one"]))
    with pytest.raises(ValidationError) as refused:
        validate_password("otter lamp 7 gravel")
    assert refused.value.messages == [BREACHED]
    validate_password("otter lamp 8 gravel")


def test_a_list_that_went_away_is_no_list(settings, tmp_path):
    """A fault that shows, rather than every password let through."""
    settings.BREACHED_PASSWORDS = str(tmp_path / "gone")
    with pytest.raises(OSError, match="No such file"):
        validate_password("otter lamp 7 gravel")


class TestTheCommand:
    def test_says_how_to_get_a_list(self, settings, capsys):
        settings.BREACHED_PASSWORDS = ""
        call_command("breached_passwords")
        assert capsys.readouterr().out.splitlines()[0].endswith("common passwords alone are refused.")

    def test_says_that_it_is_there(self, settings, tmp_path, capsys):
        settings.BREACHED_PASSWORDS = str(written(tmp_path / "list", ["a", "b"]))
        call_command("breached_passwords")
        assert capsys.readouterr().out == "The list is there: 86 bytes.\n"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", "Its lines are not"),
            ("password:3\n", "Its lines are not"),
            ("\n".join(sorted([line_of("a"), line_of("b")], reverse=True)), "Its lines are not sorted."),
            (None, "It cannot be read: No such file"),
        ],
    )
    def test_names_what_is_wrong(self, settings, tmp_path, content, sentence):
        file = tmp_path / "list"
        if content is not None:
            file.write_text(content)
        settings.BREACHED_PASSWORDS = str(file)
        with pytest.raises(CommandError, match=sentence):
            call_command("breached_passwords")
