"""What keeps the settings of filing from being right: form only, each fault said at its field.

Lengths and forms are those of the professional claim (005010X222A1, loops 1000A, 1000B, 2010AA and 2010BB).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from registry.rules.identifiers import npi_fault

Faults = dict[str, str]

# SBR09, in the words of people who bill. Of the code list of the format, what practices of this kind meet.
FILING_CODES: tuple[tuple[str, str], ...] = (
    ("MB", "MB Medicare Part B"),
    ("MC", "MC Medicaid"),
    ("CI", "CI Commercial insurance"),
    ("BL", "BL Blue Cross or Blue Shield"),
    ("HM", "HM Health maintenance organization (HMO)"),
    ("16", "16 Medicare Advantage HMO"),
    ("12", "12 Preferred provider organization (PPO)"),
    ("13", "13 Point of service (POS)"),
    ("14", "14 Exclusive provider organization (EPO)"),
    ("15", "15 Indemnity insurance"),
    ("CH", "CH TRICARE or CHAMPUS"),
    ("VA", "VA Veterans Affairs plan"),
    ("OF", "OF Other federal program"),
    ("WC", "WC Workers’ compensation"),
    ("11", "11 Other, not a federal program"),
    ("ZZ", "ZZ Not known or several"),
)
QUALIFIERS: tuple[tuple[str, str], ...] = (
    ("ZZ", "ZZ Agreed between the two"),
    ("30", "30 Federal tax id"),
    ("01", "01 D-U-N-S number"),
    ("14", "14 D-U-N-S number and suffix"),
    ("20", "20 HIN"),
    ("27", "27 Carrier number of CMS"),
    ("28", "28 Fiscal intermediary number of CMS"),
    ("29", "29 Medicare provider number"),
    ("33", "33 NAIC company code"),
)
_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP"
)
STATES = frozenset(_STATES.split())
# Written into a file they would end its elements.
_SEPARATORS = re.compile(r"[*~:^|>]")
_TAXONOMY = re.compile(r"[0-9A-Z]{9}X")
_ID = re.compile(r"[0-9A-Za-z .\-]{2,}")
_BOX = re.compile(r"\b(p\.?\s*o\.?\s*box|post office box|lock\s*box)\b", re.IGNORECASE)
MOST_DAYS = 3650


def provider_faults(said: Mapping[str, str]) -> Faults:
    """What is wrong with a billing provider and its submitter, by field. A given name makes it a person, who alone may
    bill under a social security number.
    """
    faults = _found(
        said,
        {
            "name": lambda text: _text(text, "Enter the name under which the practice bills."),
            "npi": lambda text: npi_fault(text) if text else "Enter the practice’s NPI, of ten digits.",
            "taxonomy": _taxonomy,
            "tax_id": lambda text: "" if _digits(text, 9) else "A tax id has nine digits.",
            "address": _street,
            "city": lambda text: _text(text, "Enter the city."),
            "state": state_fault,
            "postal_code": whole_postal_code_fault,
            "given_name": lambda text: _text(text, "") if text else "",
            "submitter_name": lambda text: _text(text, "Enter who sends the files, mostly the practice itself."),
            "submitter_id": lambda text: _id(text, "Enter the id by which the clearinghouse knows the sender."),
            "contact_name": lambda text: _text(text, "Enter whom the clearinghouse may call about a file."),
            "contact_phone": lambda text: "" if _digits(text, 10) else "Enter ten digits, with the area code.",
        },
    )
    if said.get("tax_id_kind") == "SY" and not said.get("given_name"):
        faults["given_name"] = "A social security number is a person’s: enter the given name, or take the employer id."
    return faults


def receiver_faults(said: Mapping[str, str]) -> Faults:
    """What is wrong with a clearinghouse, by field."""
    return _found(
        said,
        {
            "name": lambda text: _text(text, "Enter the clearinghouse’s name."),
            "receiver_id": lambda text: _id(text, "Enter the receiver id that its agreement names."),
            "application_id": lambda text: _id(text, "Enter the application id; often the receiver id again."),
            "sender_id": lambda text: _id(text, "Enter the sender id by which it knows the practice."),
            "submitter_id": lambda text: _id(text, "") if text else "",
            "receiver_qualifier": lambda text: _one_of(text, QUALIFIERS),
            "sender_qualifier": lambda text: _one_of(text, QUALIFIERS),
        },
    )


def route_faults(said: Mapping[str, str]) -> Faults:
    """What is wrong with the way in which a payer is filed with, by field. The address is whole or empty."""
    faults = _found(
        said,
        {
            "payer_identifier": lambda text: "" if not text else _id(text, ""),
            "filing_code": lambda text: _one_of(text, FILING_CODES),
        },
    )
    if any(said.get(name) for name in ("address", "city", "state", "postal_code")):
        faults |= _found(
            said,
            {
                "address": lambda text: _text(text, "Enter the street or the box, or clear the rest of the address."),
                "city": lambda text: _text(text, "Enter the city, or clear the rest of the address."),
                "state": state_fault,
                "postal_code": postal_code_fault,
            },
        )
    return faults


def clinic_faults(said: Mapping[str, str]) -> Faults:
    """What is wrong with the address at which a clinic sees patients, by field: it is whole, or empty (loop 2310C,
    which wants all nine digits of the ZIP code as the billing provider's address does).
    """
    if not any(said.get(name) for name in ("address", "city", "state", "postal_code")):
        return {}
    return _found(
        said,
        {
            "address": lambda text: _street(text) if text else "Enter the street, or clear the rest of the address.",
            "city": lambda text: _text(text, "Enter the city, or clear the rest of the address."),
            "state": state_fault,
            "postal_code": whole_postal_code_fault,
        },
    )


def state_fault(text: str) -> str:
    """What keeps a text from being a state's two letters; empty if nothing does."""
    return "" if text in STATES else "Enter the two letters of the state, such as CO."


def postal_code_fault(text: str) -> str:
    """What keeps digits from being a ZIP code of five or nine."""
    return "" if _digits(text, 5) or _digits(text, 9) else "A ZIP code has five or nine digits."


def whole_postal_code_fault(text: str) -> str:
    """What keeps digits from being a ZIP code of nine, which loops 2010AA and 2310C want; empty if nothing does."""
    if not _digits(text, 9):
        return "Enter all nine digits of the ZIP code: files without the last four are refused."
    return "The last four digits cannot be 0000. Look them up at the post office." if text.endswith("0000") else ""


def code_fault(text: str) -> str:
    """What keeps a text from being a procedure code."""
    return "" if re.fullmatch(r"[A-Z]\d{4}|\d{4}[0-9A-Z]", text) else "Enter the code’s five characters, as 99492."


def is_box(street: str) -> bool:
    """Whether a street is a post office box or lock box, where claims need a place to go to (loops 2010AA, 2310C)."""
    return bool(_BOX.search(street))


def bare_digits(text: str) -> str:
    """A number as people write it, with its digits only."""
    return re.sub(r"\D", "", text)


def _found(said: Mapping[str, str], checks: Mapping[str, Callable[[str], str]]) -> Faults:
    faults = {field: check(said.get(field, "")) for field, check in checks.items()}
    return {field: fault for field, fault in faults.items() if fault}


def _text(text: str, missing: str) -> str:
    if not text.strip():
        return missing
    return "Leave out * ~ : ^ | and >: files use them as separators." if _SEPARATORS.search(text) else ""


def _street(text: str) -> str:
    if is_box(text):
        return "Claims need a street address here, no post office box or lock box."
    return _text(text, "Enter the street and the number.")


def _taxonomy(text: str) -> str:
    if not text or _TAXONOMY.fullmatch(text):
        return ""
    return "A taxonomy code has ten characters and ends with X, such as 207Q00000X."


def _id(text: str, missing: str) -> str:
    if not text.strip():
        return missing
    return "" if _ID.fullmatch(text) else "Use two or more letters and digits, as the agreement writes it."


def _one_of(text: str, known: Sequence[tuple[str, str]]) -> str:
    return "" if text in dict(known) else "Choose from the list."


def _digits(text: str, count: int) -> bool:
    return bool(re.fullmatch(rf"[0-9]{{{count}}}", text))
