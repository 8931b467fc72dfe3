"""The form of a backup: whatever was done to it after it was written, it does not open."""

import io
from itertools import pairwise

import pytest

from bhi.backups.errors import BackupFault
from bhi.backups.stream import FRAME_BYTES, MAGIC, SealedWriter, frames

KEY = "k" * 50
HEAD = len(MAGIC) + 32
NAME = b"Zebediah Quuxworth "


def sealed(*contents: bytes, manifest: bytes = b"manifest", key: str = KEY) -> bytes:
    sink = io.BytesIO()
    writer = SealedWriter(sink, key)
    writer.write_frame(manifest)
    for content in contents:
        writer.write(content)
    writer.finish()
    assert writer.bytes_written == len(sink.getvalue())
    return sink.getvalue()


def opened(content: bytes, *keys: str) -> list[bytes]:
    return list(frames(io.BytesIO(content), keys or (KEY,)))


def borders(content: bytes) -> list[int]:
    """Where each frame begins, and the end."""
    found, place = [], HEAD
    while place < len(content):
        found.append(place)
        place += 4 + int.from_bytes(content[place : place + 4], "big")
    return [*found, place]


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES + 7])
def test_what_was_written_comes_back(size):
    content = (NAME * (size // len(NAME) + 1))[:size]
    manifest, *rest = opened(sealed(content[:100], content[100:]))
    assert (manifest, b"".join(rest)) == (b"manifest", content)


def test_nothing_of_it_can_be_read():
    once, again = sealed(NAME * 100, manifest=NAME), sealed(NAME * 100, manifest=NAME)
    assert (NAME.strip() in once, once == again) == (False, False)


def test_a_changed_key_still_opens_what_the_old_one_sealed():
    assert opened(sealed(b"rows"), "n" * 50, KEY) == [b"manifest", b"rows"]


def test_another_key_does_not():
    with pytest.raises(BackupFault, match="No key in BHI_BACKUP_KEY opens this backup"):
        opened(sealed(b"rows"), "n" * 50)


def test_a_short_key_is_refused_before_anything_is_written():
    sink = io.BytesIO()
    with pytest.raises(BackupFault, match="shorter than 20 characters"):
        SealedWriter(sink, "short")
    assert sink.getvalue() == b""


def test_one_changed_byte_anywhere_is_found():
    whole = sealed(b"rows of patients")
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(BackupFault):
            opened(bytes(changed))


def test_a_backup_cut_anywhere_is_found():
    whole = sealed(b"rows of patients")
    for end in range(len(whole)):
        with pytest.raises(BackupFault):
            opened(whole[:end])


def test_frames_left_out_swapped_repeated_or_added_are_found():
    whole = sealed(b"a" * (3 * FRAME_BYTES))
    parts = [whole[begin:end] for begin, end in pairwise(borders(whole))]
    assert len(parts) == 4
    head = whole[:HEAD]
    one, two, three, four = parts
    for wrong in (
        [one, two, four],
        [one, three, two, four],
        [one, two, two, three, four],
        [one, two, three],
        [*parts, four],
    ):
        with pytest.raises(BackupFault):
            opened(head + b"".join(wrong))


def test_frames_of_two_backups_of_one_key_do_not_mix():
    first, second = sealed(b"a"), sealed(b"b")
    begin = borders(first)[1]
    with pytest.raises(BackupFault, match="frame 1 does not open"):
        opened(first[:begin] + second[begin:])


def test_a_frame_that_claims_too_much_is_not_waited_for():
    whole = sealed(b"a")
    with pytest.raises(BackupFault, match="longer than any is"):
        opened(whole[:HEAD] + b"\xff\xff\xff\xff" + whole[HEAD + 4 :])


def test_something_else_is_no_backup():
    with pytest.raises(BackupFault, match="not a backup of BHI"):
        opened(b"PGDMP" * 20)
