"""Passwords that are known to attackers, looked up on this machine: nothing of a password leaves it.

ASVS 5.0, 6.2.4 and 6.2.12. Django's list of common passwords is always asked, also for one that was only dressed up
with digits and signs. Whoever runs the installation may add the list of breached passwords of Have I Been Pwned
(BHI_BREACHED_PASSWORDS): one line `SHA-1:count` each, sorted, some forty gigabytes, in which a password is found by
halving. Nothing about what a password is made of is demanded, but twelve characters.
"""

from __future__ import annotations

import re
from hashlib import sha1
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

DRESSED_UP = re.compile(r"^[\W\d_]+|[\W\d_]+$")
LINE = re.compile(rb"[0-9A-F]{40}:\d+\r?\n?")
COMMON = (
    "This is a common password, or one with digits and signs around it. Several words that do not go together work."
)
BREACHED = "This password is known from a breach elsewhere. Choose another one, and change it wherever else you use it."


class CommonAtHeartValidator(CommonPasswordValidator):
    """Common passwords, also with digits and signs before and after."""

    def validate(self, password: str, user: Any = None) -> None:
        lowered = password.lower().strip()
        if {lowered, DRESSED_UP.sub("", lowered)} & self.passwords:
            raise ValidationError(COMMON, code="password_too_common")

    def get_help_text(self) -> str:
        return "Not a common password."


class BreachedPasswordValidator:
    """Passwords in the installation's file of breached ones; without a file nothing is breached."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.BREACHED_PASSWORDS and is_listed(password, Path(settings.BREACHED_PASSWORDS)):
            raise ValidationError(BREACHED, code="password_breached")

    def get_help_text(self) -> str:
        return "Not a password known from a breach."


def is_listed(password: str, file: Path) -> bool:
    """Whether the sorted file has the password's fingerprint. Raises OSError: a list that is promised must be there."""
    wanted = sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        return _line_from(lines, file.stat().st_size, wanted).startswith(wanted)


def _line_from(lines: BinaryIO, size: int, wanted: bytes) -> bytes:
    """The first line that is not before `wanted`; empty at the end."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        line = _line_after(lines, middle)
        if line and line[:40] < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_after(lines, low)


def _line_after(lines: BinaryIO, place: int) -> bytes:
    """The first line that begins at `place` or after it."""
    lines.seek(max(0, place - 1))
    if place:
        lines.readline()
    return lines.readline()


def fault_of(file: Path) -> str:
    """Why this cannot be a list of breached passwords, or nothing."""
    try:
        with file.open("rb") as lines:
            found = [line for line in (lines.readline() for _ in range(1000)) if line]
    except OSError as fault:
        return f"It cannot be read: {fault.strerror}."
    if not found or not all(LINE.fullmatch(line) for line in found):
        return "Its lines are not SHA-1 fingerprints in capital letters, a colon and a number."
    return "" if found == sorted(found) else "Its lines are not sorted."
