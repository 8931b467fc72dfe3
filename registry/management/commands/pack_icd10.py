"""Pack the codes of simple-icd-10-cm into the table that the registry searches."""

from __future__ import annotations

import lzma
from typing import Any

from django.core.management.base import BaseCommand

from registry.rules.diagnoses import PACKED


class Command(BaseCommand):
    help = "Pack ICD-10-CM anew, after an update of simple-icd-10-cm. Set RELEASE in registry/rules/diagnoses.py too."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the table, the same bytes for the same release."""
        text = table_text()
        PACKED.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
        self.stdout.write(f"{text.count(chr(10)) + 1} codes")


def table_text() -> str:
    """One line a code: code, + where it needs more digits, title, other names (of the behavioral ones)."""
    import simple_icd_10_cm as icd  # seconds and 190 MB: only here

    codes = (code for code in icd.get_all_codes() if not icd.is_chapter_or_block(code))
    return "\n".join("\t".join(_columns(icd, code)) for code in dict.fromkeys(codes))


def _columns(icd: Any, code: str) -> tuple[str, str, str, str]:
    names = "; ".join(icd.get_inclusion_term(code)) if code.startswith("F") else ""
    return code, "" if icd.is_leaf(code) else "+", _plain(icd.get_description(code)), _plain(names)


def _plain(text: str) -> str:
    """Titles of the release hold stray tabs."""
    return " ".join(text.split())
