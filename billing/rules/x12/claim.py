"""Claims out: what a file needs, its text, and what keeps it from leaving."""

from billing.rules.x12.claim_checks import notes_of
from billing.rules.x12.compared import says_otherwise
from billing.rules.x12.faults import Fault, faults_in, faults_of
from billing.rules.x12.filed import (
    SELF,
    Address,
    Biller,
    ClaimFile,
    Clinician,
    Facility,
    FiledClaim,
    FiledLine,
    FileHead,
    Ids,
    Insured,
    Person,
    Support,
    Taker,
    address_of,
)
from billing.rules.x12.writing import VERSION, Written, write_837p, written

__all__ = [
    "SELF",
    "VERSION",
    "Address",
    "Biller",
    "ClaimFile",
    "Clinician",
    "Facility",
    "Fault",
    "FileHead",
    "FiledClaim",
    "FiledLine",
    "Ids",
    "Insured",
    "Person",
    "Support",
    "Taker",
    "Written",
    "address_of",
    "faults_in",
    "faults_of",
    "notes_of",
    "says_otherwise",
    "write_837p",
    "written",
]
