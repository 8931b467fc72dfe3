"""Whether a picture can be an organization's logo: judged by its bytes, whatever it is called.

PNG and JPEG only: both hold nothing but a picture. A drawing (SVG) could hold scripts and links, and is refused.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

MOST_BYTES = 512 * 1024
MOST_PIXELS = 4000

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_SIZES = frozenset({0xC0, 0xC1, 0xC2})
_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


class LogoUnusable(ValueError):
    """The picture cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture that can be printed: its bytes as they came, what they are, and its size in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def read_logo(content: bytes) -> Logo:
    """The picture in these bytes. Raises LogoUnusable where they are too many, none, another format, or broken."""
    if len(content) > MOST_BYTES:
        raise LogoUnusable(f"The picture is larger than {MOST_BYTES // 1024} KB. Make it smaller.")
    if content.startswith(_PNG):
        kind, size = "image/png", _png_size(content)
    elif content.startswith(_JPEG):
        kind, size = "image/jpeg", _jpeg_size(content)
    else:
        raise LogoUnusable("This is neither a PNG nor a JPEG picture. Save the logo as PNG and choose that.")
    if size is None:
        raise LogoUnusable("The picture is broken or cut short. Save it again and choose that file.")
    width, height = size
    if not (1 <= width <= MOST_PIXELS and 1 <= height <= MOST_PIXELS):
        raise LogoUnusable(f"The picture has {width} × {height} pixels; {MOST_PIXELS} a side at most. Make it smaller.")
    return Logo(content, kind, width, height)


def _png_size(content: bytes) -> tuple[int, int] | None:
    """Width and height, if every chunk is whole up to the last one."""
    size, place = None, len(_PNG)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        check = content[place + 8 + length : place + 12 + length]
        if len(check) != 4 or zlib.crc32(kind + data) != int.from_bytes(check, "big"):
            return None
        if size is None and (kind != b"IHDR" or length != 13):
            return None
        if size is None:
            size = struct.unpack_from(">II", data)
        if kind == b"IEND":
            return size
        place += 12 + length
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of the frame, if the picture has one and ends."""
    if not content.rstrip(b"\0").endswith(b"\xff\xd9"):
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, place + 5)
            return width, height
        place += 2 if marker in _NO_LENGTH else 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
