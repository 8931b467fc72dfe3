"""What letters say, and what they must not."""

from __future__ import annotations

import pytest

from caseload.rules.letters import DEFAULTS, LANGUAGES, PLACES, faults_of_letter, filled

KINDS = ("unable_to_reach", "closing", "graduation")


def test_every_letter_is_there_in_every_language() -> None:
    assert set(DEFAULTS) == {(kind, language) for kind in KINDS for language, _ in LANGUAGES}


@pytest.mark.parametrize("which", sorted(DEFAULTS))
def test_ours_can_go_out_as_they_are(which: tuple[str, str]) -> None:
    body = filled(DEFAULTS[which], dict.fromkeys(PLACES, "Ana"))
    assert faults_of_letter(DEFAULTS[which], is_template=True) == ()
    assert faults_of_letter(body, is_template=False) == ()


def test_names_come_into_their_places_only() -> None:
    assert filled("Dear {name}, {else}", {"name": "Ana {else}"}) == "Dear Ana {else}, {else}"


@pytest.mark.parametrize(
    ("body", "is_template", "words"),
    [
        (" ", True, ["Write the letter."]),
        ("{nme} at {practice}", True, ["Nothing fills {nme}. Write what should stand there."]),
        ("Dear {name}", False, ["Nothing fills {name}. Write what should stand there."]),
        ("Your Depression", True, ["The letter tells others what the care is about."]),
        ("Su salud mental", True, ["The letter tells others what the care is about."]),
        ("A fundamental word", True, []),
    ],
)
def test_what_cannot_go_out(body: str, is_template: bool, words: list[str]) -> None:
    found = faults_of_letter(body, is_template=is_template)
    assert [one.removesuffix(" Leave that out: post is read by others.") for one in found] == words
