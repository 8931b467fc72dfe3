"""Who may ask what of outcomes' addresses: the part of the access table (access.py) that is below them."""

from __future__ import annotations

from typing import Final

from tests.walls.access_kinds import Url

OF_OUTCOMES: Final[dict[str, Url]] = {}
