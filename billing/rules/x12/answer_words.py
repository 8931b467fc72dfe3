"""Codes of answers in our own words, where they matter to this work; all others are shown as codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CLAIM: Final = {
    "1": "Decided",
    "2": "Decided as second payer",
    "3": "Decided as third payer",
    "4": "Denied",
    "19": "Decided and passed on",
    "20": "Decided as second payer and passed on",
    "21": "Decided as third payer and passed on",
    "22": "Payment taken back",
    "23": "Not this payer's; passed on",
    "25": "An estimate only; nothing is paid",
}
_CATEGORY: Final = {
    "A0": "Passed on",
    "A1": "Received",
    "A2": "Taken on",
    "A3": "Returned as it could not be processed",
    "A4": "Not found",
    "A5": "Split into several",
    "A6": "Rejected, something is missing",
    "A7": "Rejected, something is invalid",
    "A8": "Rejected, data do not fit together",
}
# Of claims: what most rejections before a payer's decision come down to.
_STATUS: Final = {
    "19": "received by a clearinghouse or payer",
    "20": "taken on to be decided",
    "21": "a required element is missing or wrong",
    "24": "the provider is not known to the payer",
    "25": "the provider is not approved to file",
    "26": "the member number is not known",
    "27": "not covered on the day",
    "33": "the member is not known",
    "54": "a duplicate of an earlier claim",
    "97": "the member is not insured with this payer",
    "116": "sent to the wrong payer",
    "124": "the member's name or number",
    "125": "the member's name",
    "126": "an address",
    "128": "the provider's tax number",
    "132": "the provider's address",
    "145": "the provider's specialty (taxonomy)",
    "153": "the provider's identifier",
    "158": "the birth date",
    "164": "the member number",
    "187": "the day of service",
    "228": "the type of bill",
    "247": "a line of the claim",
    "249": "the place of service",
    "254": "the first diagnosis",
    "255": "a diagnosis",
    "400": "the claim does not add up",
    "453": "the modifiers",
    "454": "a procedure code",
    "455": "a revenue code",
    "476": "the units",
    "478": "the charge",
    "500": "the postal code",
    "507": "a code",
    "562": "an NPI",
    "718": "filed too late",
}
_FILE: Final = {
    "A": "Taken",
    "E": "Taken, with errors noted",
    "P": "Taken in part",
    "R": "Rejected",
    "M": "Rejected: not authentic",
    "W": "Rejected: not assured",
    "X": "Rejected: could not be read",
}
_FAULT: Final = {
    "1": "missing",
    "2": "missing for what else is said",
    "3": "too many",
    "4": "too short",
    "5": "too long",
    "6": "letters that are not allowed",
    "7": "not a code of its list",
    "8": "no day",
    "9": "no time",
    "10": "not allowed here",
}
# Remarks that come with this work, in our own words.
_REMARK: Final = {
    "M15": "part of another service",
    "M20": "the procedure code is missing or wrong",
    "M25": "the record does not support the level",
    "M27": "the patient is not liable",
    "M51": "the procedure code is missing or wrong",
    "M52": "the first day of service is missing or wrong",
    "M53": "the units are missing or wrong",
    "M64": "another diagnosis is missing or wrong",
    "M76": "the diagnosis is missing or wrong",
    "M77": "the place of service is missing or wrong",
    "M80": "not together with another service of that day",
    "M86": "a similar service was paid in this period",
    "M127": "the record is asked for",
    "MA01": "may be appealed",
    "MA07": "passed on to Medicaid",
    "MA18": "passed on to the second payer",
    "MA27": "the member number or name does not fit",
    "MA61": "the member number is missing or wrong",
    "MA63": "the first diagnosis is missing or wrong",
    "MA130": "could not be processed as it came: send it anew, an appeal is not possible",
    "N4": "the first payer's remittance is asked for",
    "N20": "not paid with another service of the same day",
    "N56": "the code is not right for the service or the day",
    "N115": "decided by a local coverage rule",
    "N130": "look into the plan's benefits",
    "N179": "something was asked of the patient",
    "N290": "the rendering provider's identifier is missing or wrong",
    "N362": "more units than are payable",
    "N382": "the patient's identifier is missing or wrong",
    "N386": "decided by a national coverage rule",
    "N522": "a duplicate of a claim that the first payer passed on",
    "N570": "the provider's papers at the payer are missing or wrong",
}
_SEGMENT_FAULT: Final = {
    "1": "not known",
    "2": "not expected here",
    "3": "missing",
    "4": "too often",
    "5": "too often in a loop",
    "6": "not of this kind of file",
    "7": "out of order",
    "8": "has errors in its elements",
}


def claim_words(status: str) -> str:
    """What CLP02 says became of a claim; a code that we do not know as the code."""
    return _CLAIM.get(status, f"Status {status}" if status else "No status said")


def said_words(kind: str, code: str) -> str:
    """What an acknowledgement's code says: of a 277CA category and status, else the verdict on a file."""
    if kind != "277CA":
        return _FILE.get(code, f"Code {code}" if code else "Nothing said")
    category, _, status = code.partition(":")
    said = _CATEGORY.get(category, f"Category {category}")
    what = _STATUS.get(status, f"status {status}" if status else "")
    return f"{said}: {what}" if what else said


def fault_words(kind: str, segment: str, element: str, code: str) -> str:
    """What is wrong at a place of a file; for a 277CA its further status."""
    if kind == "277CA":
        return said_words(kind, code)
    words = _FAULT if element else _SEGMENT_FAULT if segment else {}
    return words.get(code, f"code {code}")


def remark_said(code: str) -> str:
    """A remark code and what it means to us; of one that we do not describe, the code."""
    words = _REMARK.get(code)
    return f"{code} {words}" if words else code


def named_besides(names: Mapping[str, str]) -> tuple[str, ...]:
    """Whom an answer names besides patient and payer: where it went on to, who is to be asked first, and the member as
    the payer knows them.
    """
    said = (
        ("passed on to", "passed_to", ""),
        ("to be asked first:", "first_payer", "first_payer_number"),
        ("the payer knows the patient as", "corrected", "corrected_number"),
    )
    return tuple(
        ", number ".join(part for part in (f"{words} {names.get(key, '')}".strip(), names.get(number, "")) if part)
        for words, key, number in said
        if names.get(key) or names.get(number)
    )
