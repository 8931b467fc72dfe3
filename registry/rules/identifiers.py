"""The forms of the identifiers that care and billing run on: form only, not whether anyone has the number."""

import re

# CMS, Understanding the Medicare Beneficiary Identifier format: letters never S, L, O, I, B or Z.
_MBI_LETTER = "[AC-HJKMNP-RT-Y]"
_MBI_ANY = "[0-9AC-HJKMNP-RT-Y]"
_MBI = re.compile(f"[1-9]{_MBI_LETTER}{_MBI_ANY}[0-9]{_MBI_LETTER}{_MBI_ANY}[0-9]{_MBI_LETTER}{_MBI_LETTER}[0-9][0-9]")
# ICD-10-CM guidelines I.A.2: three to seven characters, a letter, a digit, a dot after the third.
_ICD10 = re.compile(r"([A-Z][0-9][0-9A-Z])(?:\.?([0-9A-Z]{1,4}))?")
# The health industry's issuer prefix, which the check digit of an NPI covers though it is not written.
_NPI_PREFIX = "80840"


def is_npi(text: str) -> bool:
    """Ten digits beginning with 1 or 2, whose last is the Luhn check digit of 80840 and the rest."""
    return bool(re.fullmatch(r"[12][0-9]{9}", text)) and _passes_luhn(_NPI_PREFIX + text)


def _passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right doubled, digits of all added, a multiple of ten."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def normal_mbi(text: str) -> str:
    """A Medicare number as claims carry it: capitals, no spaces or dashes. Empty if not of its form."""
    bare = re.sub(r"[\s-]", "", text).upper()
    return bare if _MBI.fullmatch(bare) else ""


def is_mbi(text: str) -> bool:
    """Whether the text is a Medicare number once spaces and dashes are taken out."""
    return bool(normal_mbi(text))


def normal_icd10(text: str) -> str:
    """An ICD-10-CM code in capitals with its dot (`f321` is F32.1). Empty where it has not the form."""
    found = _ICD10.fullmatch(text.strip().upper())
    if not found:
        return ""
    category, rest = found.groups()
    return f"{category}.{rest}" if rest else str(category)


def is_behavioral(code: str) -> bool:
    """Whether a normal ICD-10-CM code is of chapter 5 (F01-F99), which these programs treat."""
    return code.startswith("F")


def normal_mrn(text: str) -> str:
    """A record number without what spreadsheets add to it: blanks, a leading apostrophe, a final `.0`.

    Leading zeros are part of the number and stay. Empty where nothing is left.
    """
    bare = re.sub(r"\s+", "", text).lstrip("'").removesuffix(".0") if _is_number(text) else text.strip(" '\t\n")
    return bare.upper()


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[\s']*[0-9][0-9\s]*(\.0)?\s*", text))


def bare_mrn(mrn: str) -> str:
    """A record number without leading zeros, which a spreadsheet may have dropped: for comparing only."""
    return mrn.lstrip("0")
