"""What claims kept of a file that left gives its bytes for ever, whatever the writer has learnt since."""

import json
from pathlib import Path

from billing.rules.canonical import read
from billing.rules.x12.claim import ClaimFile, FiledClaim, FileHead, write_837p

KEPT = json.loads((Path(__file__).parent / "claims_kept_in_2026.json").read_text())


def test_a_file_of_2026_is_written_again_byte_for_byte():
    claims = tuple(read(FiledClaim, one) for one in KEPT["claims"])
    assert write_837p(ClaimFile(read(FileHead, KEPT["head"]), claims)).split("\n") == KEPT["text"]
