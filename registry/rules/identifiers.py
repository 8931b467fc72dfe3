"""The forms of the identifiers that care and billing run on: form only, not whether anyone has the number."""

import re

# CMS, Understanding the Medicare Beneficiary Identifier format: letters never S, L, O, I, B or Z.
_MBI_LETTER = "[AC-HJKMNP-RT-Y]"
_MBI_ANY = "[0-9AC-HJKMNP-RT-Y]"
_MBI = re.compile(f"[1-9]{_MBI_LETTER}{_MBI_ANY}[0-9]{_MBI_LETTER}{_MBI_ANY}[0-9]{_MBI_LETTER}{_MBI_LETTER}[0-9][0-9]")
# The same by place, for saying which character is wrong.
_MBI_LETTERS = frozenset("ACDEFGHJKMNPQRTUVWXY")
_DIGITS = frozenset("0123456789")
_MBI_KINDS = {
    "1": (_DIGITS - {"0"}, "a digit from 1 to 9"),
    "9": (_DIGITS, "a digit"),
    "A": (_MBI_LETTERS, "a letter, never S, L, O, I, B or Z"),
    "X": (_MBI_LETTERS | _DIGITS, "a digit or a letter, never S, L, O, I, B or Z"),
}
_MBI_PLACES = "1AX9AX9AA99"
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


def npi_fault(text: str) -> str:
    """What keeps a text from being an NPI, as a sentence; empty if nothing does."""
    if not re.fullmatch(r"[12][0-9]{9}", text):
        return "An NPI has ten digits and begins with 1 or 2."
    return "" if is_npi(text) else "The last digit does not fit the others, so one digit of this NPI is wrong."


def normal_mbi(text: str) -> str:
    """A Medicare number as claims carry it: capitals, no spaces or dashes. Empty if not of its form."""
    bare = re.sub(r"[\s-]", "", text).upper()
    return bare if _MBI.fullmatch(bare) else ""


def is_mbi(text: str) -> bool:
    """Whether the text is a Medicare number once spaces and dashes are taken out."""
    return bool(normal_mbi(text))


def mbi_fault(text: str) -> str:
    """What keeps a text from being a Medicare number, as a sentence that names the character; empty if nothing does.

    Spaces and dashes are left aside and not counted.
    """
    bare = re.sub(r"[\s-]", "", text).upper()
    if len(bare) != len(_MBI_PLACES):
        return f"A Medicare number has 11 letters and digits; this has {len(bare)}. Compare it with the card."
    for place, (character, kind) in enumerate(zip(bare, _MBI_PLACES, strict=True), start=1):
        allowed, words = _MBI_KINDS[kind]
        if character not in allowed:
            return f"Character {place} of a Medicare number is {words}; this has {character}. Compare it with the card."
    return ""


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
