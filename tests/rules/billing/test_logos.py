"""Which pictures can be a logo: judged by their bytes."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.logos import MOST_BYTES, LogoUnusable, read_logo


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 40, height: int = 10) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x66" * width for _ in range(height)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int = 40, height: int = 10) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHH", 11, 8, height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + frame + b"\xff\xd9"


def refused(content: bytes) -> str:
    with pytest.raises(LogoUnusable) as fault:
        read_logo(content)
    return str(fault.value).split(".")[0]


@pytest.mark.parametrize(("content", "kind"), [(png(), "image/png"), (jpeg(), "image/jpeg")])
def test_a_picture_is_known_by_its_bytes(content: bytes, kind: str) -> None:
    logo = read_logo(content)
    assert (logo.media_type, logo.width, logo.height, logo.content) == (kind, 40, 10, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is neither a PNG nor a JPEG picture"),
        (b"", "This is neither a PNG nor a JPEG picture"),
        (b"%PDF-1.7", "This is neither a PNG nor a JPEG picture"),
        (png()[:-6], "The picture is broken or cut short"),
        (png().replace(b"IDAT", b"IDAX"), "The picture is broken or cut short"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "The picture is broken or cut short"),
        (b"\x89PNG\r\n\x1a\n", "The picture is broken or cut short"),
        (jpeg()[:-2], "The picture is broken or cut short"),
        (b"\xff\xd8\xff\xd9", "The picture is broken or cut short"),
        (b"\xff\xd8\xff\xd0" + jpeg()[2:6] + b"\0" * 20 + b"\xff\xd9", "The picture is broken or cut short"),
        (png(4001, 1), "The picture has 4001 × 1 pixels; 4000 a side at most"),
        (jpeg(0, 4), "The picture has 0 × 4 pixels; 4000 a side at most"),
        (png() + b"x" * MOST_BYTES, "The picture is larger than 512 KB"),
    ],
)
def test_what_cannot_be_one_is_refused_with_the_reason(content: bytes, said: str) -> None:
    assert refused(content) == said


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
def test_any_bytes_are_a_logo_or_refused(content: bytes, start: bytes) -> None:
    try:
        logo = read_logo(start + content)
    except LogoUnusable:
        return
    assert 1 <= logo.width <= 4000
    assert 1 <= logo.height <= 4000
