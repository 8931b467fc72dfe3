"""What the words of contact and status columns mean, from words.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).with_name("words.toml")

# What a sentence suggests when a word is not known.
CONTACT_EXAMPLES = "Phone, Video, In person, No answer, Left voicemail, No show, Message or Chart review"


@dataclass(frozen=True)
class ContactType:
    """`activity` and `mode` are those of a contact; `outcome` is what else the word says, for the note."""

    activity: str
    mode: str
    outcome: str = ""


@dataclass(frozen=True)
class Status:
    """`state` is an episode's status, or `referred` for somebody not enrolled yet. `reason` is why it ended."""

    state: str
    reason: str = ""


def read_contact_type(text: str) -> ContactType | None:
    """What a word of a contact column means; None where it is not known.

    A word with more after a dash, colon, slash or bracket (`Phone - 20 min`) means what its first part means.
    """
    known = _contact_types()
    return known.get(_plain(text)) or known.get(_plain(_parts(text)[0]))


def read_status(text: str) -> Status | None:
    """What a status word means, also with a reason behind it (`Discharged - graduated`); None if not known."""
    known = _statuses()
    if whole := known.get(_plain(text)):
        return whole
    first, *others = [known.get(_plain(part)) for part in _parts(text)]
    if first is None:
        return None
    return next((other for other in others if other and other.reason), first)


def _parts(text: str) -> list[str]:
    return re.split(r" -|[–—:/(),;]", text)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", text.casefold()))


@cache
def _contact_types() -> Mapping[str, ContactType]:
    return {
        _plain(word): ContactType(entry["activity"], entry["mode"], entry.get("outcome", ""))
        for entry in _source()["contact_types"]
        for word in entry["words"]
    }


@cache
def _statuses() -> Mapping[str, Status]:
    return {
        _plain(word): Status(entry["state"], entry.get("reason", ""))
        for entry in _source()["statuses"]
        for word in entry["words"]
    }


@cache
def _source() -> Mapping[str, Any]:
    return tomllib.loads(_SOURCE.read_text(encoding="utf-8"))
