"""Translations of what patients read: locale/*/LC_MESSAGES/django.po, compiled here to the .mo that Django reads.

The .mo is in the repository, so that no machine needs gettext's tools; a test holds it against its .po.
"""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator

_ENTRY = re.compile(r"^(msgid|msgid_plural|msgstr(?:\[\d\])?)\s+(\".*\")$")
_MAGIC = 0x950412DE


class CatalogUnreadable(ValueError):
    """A line of a .po that this does not read. The sentence has its number."""


def entries(po: str) -> dict[str, str]:
    """Translations by original, as a .mo holds them: plural forms after each other with NUL between.

    Reads what our own files use: msgid, msgid_plural, msgstr, msgstr[n], strings over several lines, comments.
    What is not translated is left out. Raises CatalogUnreadable.
    """
    found: dict[str, str] = {}
    for entry in _blocks(po):
        original = "\0".join(entry[key] for key in ("msgid", "msgid_plural") if key in entry)
        forms = [text for key, text in entry.items() if key.startswith("msgstr")]
        if all(forms):
            found[original] = "\0".join(forms)
    return found


def compiled(po: str) -> bytes:
    """The bytes of the .mo of a .po: the same for the same translations."""
    pairs = sorted((key.encode(), text.encode()) for key, text in entries(po).items())
    keys, texts = (b"".join(part + b"\0" for part in parts) for parts in zip(*pairs, strict=True))
    table = 7 * 4
    start = table + 2 * 8 * len(pairs)
    key_places = _places([key for key, _ in pairs], start)
    text_places = _places([text for _, text in pairs], start + len(keys))
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), table, table + 8 * len(pairs), 0, 0)
    return head + key_places + text_places + keys + texts


def _places(parts: list[bytes], start: int) -> bytes:
    """Length and place of each, as the file's tables have them."""
    out, place = b"", start
    for part in parts:
        out += struct.pack("<2I", len(part), place)
        place += len(part) + 1
    return out


def _blocks(po: str) -> Iterator[dict[str, str]]:
    """One dictionary per entry, in the order of its lines."""
    entry: dict[str, str] = {}
    last = ""
    for number, line in enumerate([*po.splitlines(), ""], start=1):
        text = line.strip()
        match = _ENTRY.match(text)
        if match:
            last = match[1]
            entry[last] = str(ast.literal_eval(match[2]))
        elif text.startswith('"') and last:
            entry[last] += str(ast.literal_eval(text))
        elif not text:
            if entry:
                yield entry
            entry, last = {}, ""
        elif not text.startswith("#"):
            raise CatalogUnreadable(f"line {number} is none of a catalog")
