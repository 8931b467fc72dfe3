"""The packed ICD-10-CM, line by line: reading the package takes ten seconds."""

import lzma

import pytest

from registry.management.commands.pack_icd10 import table_text
from registry.rules.diagnoses import PACKED


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_the_packed_table_is_that_of_the_package() -> None:
    text = lzma.decompress(PACKED.read_bytes()).decode()
    assert text == table_text(), "run `manage.py pack_icd10`, and set RELEASE"
