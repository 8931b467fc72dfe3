"""From the bytes of an upload to text, or to a sentence that says what the upload is instead."""

from __future__ import annotations

from typing import Final


class Unreadable(ValueError):
    """An upload that is no answer of ours to read; the sentence says what it is and holds nothing of a patient."""


MOST_BYTES: Final = 25 * 1024 * 1024
TOO_LARGE: Final = "The file is larger than 25 MB. Ask the clearinghouse for it in parts, by day or by payment."

_LOCKED: Final = "encrypted"
_LOCKED_ZIP: Final = "a ZIP file that is locked with a password"
_MARKS: Final = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP file or an Excel workbook"),
    (b"\x1f\x8b", "a compressed file"),
    (b"{\\rtf", "a Word document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document"),
    (b"MZ", "a program"),
    (b"RIFF", "a picture"),
    (b"PK\x05\x06", "an empty ZIP file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"-----BEGIN PGP MESSAGE", _LOCKED),
)
_UNPACK: Final = ("a ZIP file or an Excel workbook", "a compressed file")
_UNLOCK: Final = (_LOCKED, _LOCKED_ZIP)
_STARTS: Final = (("<!doctype html", "a web page"), ("<html", "a web page"), ("<", "an XML file"), ("{", "a JSON file"))


def text_of(content: bytes) -> str:
    """The text of an upload, whatever its encoding. Raises Unreadable with what it is instead of an answer."""
    if len(content) > MOST_BYTES:
        raise Unreadable(TOO_LARGE)
    if not content.strip(b"\x00\t\r\n\x1a "):
        raise Unreadable("The file is empty.")
    if what := _marked(content):
        raise Unreadable(_instead(what))
    text = _decoded(content).lstrip("\ufeff").strip("\x00\t\r\n\x1a\x0c ")
    if not text:
        raise Unreadable("The file is empty.")
    if "\x00" in text:
        raise Unreadable("The file is not text. " + _WANTED)
    for start, what in _STARTS:
        if text[:20].lower().startswith(start):
            raise Unreadable(_instead(what))
    return text


def _marked(content: bytes) -> str:
    """What the first bytes say that it is; empty where they say nothing.

    A ZIP says in the first bit of its flags whether it asks for a password; phones' pictures have their mark later.
    """
    if content.startswith(b"PK\x03\x04") and content[6:7] and content[6] & 1:
        return _LOCKED_ZIP
    if content[4:8] == b"ftyp":
        return "a picture"
    for mark, what in _MARKS:
        if content.startswith(mark) and not (mark.isalpha() and content[:200].isascii() and b"*" in content[:200]):
            return what
    return ""


_WANTED: Final = "Choose the 999, 277CA or 835 as the clearinghouse or payer gave it."


def _instead(what: str) -> str:
    unpack = " Unpack it first." if what in _UNPACK else " Unlock it first." if what in _UNLOCK else ""
    return f"The file is {what}, not an answer to claims.{unpack} {_WANTED}"


def _decoded(content: bytes) -> str:
    """UTF-8 or UTF-16 where the bytes say so; otherwise each byte is a letter, as in old systems."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if content[1:2] == b"\x00" and content[3:4] == b"\x00":
        return content.decode("utf-16-le", errors="replace")
    if content[:1] == b"\x00" and content[2:3] == b"\x00":
        return content.decode("utf-16-be", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
