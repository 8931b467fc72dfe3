"""What keeps a whole file from leaving: who files it, and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator

from billing.rules.filing import STATES, is_box
from billing.rules.x12.characters import is_cut, is_plain, is_written_whole
from billing.rules.x12.filed import FileHead
from billing.rules.x12.found import Found, npi_sentence, whole_postal_fault
from billing.rules.x12.layout import HEAD, Block
from billing.rules.x12.segments import USUAL

# The National Uniform Claim Committee's codes: ten characters, the last an X.
SHORTEST_CITY = 2
SOCIAL = "SY"
_TAXONOMY = re.compile(r"[0-9]{3}[0-9A-Z]{6}X")


def found_in(block: Block, head: FileHead) -> Iterator[Found]:
    """The faults of a file's head, in the order in which it is written."""
    yield from _envelope(block)
    yield from _sender(block)
    yield from _taker(block)
    yield from _biller(block, head)
    yield from _address(block)
    yield from _cut(block, head)


def _envelope(block: Block) -> Iterator[Found]:
    if block.loop(HEAD).first("ISA").at(11) != USUAL.repetition:
        yield Found("repetition", "The file's own repetition sign is not the usual one.", "Repetition sign", "product")
    if not all(is_plain("".join(one.elements).translate(_SIGNS)) for one in block.segments):
        yield Found("characters", "The file's head holds characters that may not be sent.", "Names", "provider")


_SIGNS = {ord(sign): None for sign in USUAL.all}


def _sender(block: Block) -> Iterator[Found]:
    sender = block.loop("41")
    if not sender.first("NM1").at(3):
        yield Found("submitter_name", "Enter the name under which you send files.", "Submitter’s name", "provider")
    if not sender.first("NM1").at(9):
        yield Found(
            "submitter_id", "Enter the identifier that the clearinghouse gave you.", "Submitter’s id", "provider"
        )
    contact = sender.first("PER")
    if not contact.at(2) or not re.fullmatch(r"[0-9]{10}", contact.at(4)):
        yield Found(
            "contact", "Name a person or office to call, with a phone number of ten digits.", "Contact", "provider"
        )


def _taker(block: Block) -> Iterator[Found]:
    envelope = block.loop(HEAD)
    numbers = (envelope.first("ISA").at(6), envelope.first("ISA").at(8), envelope.first("GS").at(3))
    if not block.loop("40").first("NM1").at(9) or not all(number.strip() for number in numbers):
        yield Found(
            "receiver_id",
            "Enter the identifiers by which the receiver and you know each other, as its agreement names them.",
            "Receiver’s ids",
            "receiver",
        )


def _biller(block: Block, head: FileHead) -> Iterator[Found]:
    biller = block.loop("85")
    name = biller.first("NM1")
    if not name.at(3) or not is_written_whole(head.biller.name + head.biller.given_name):
        yield Found("biller_name", "Enter the billing provider’s legal name in Latin letters.", "Name", "provider")
    if name.at(8) != "XX" or not name.at(9):
        yield Found("biller_npi_missing", "The billing provider has no NPI.", "NPI", "provider")
    elif fault := npi_sentence("The billing provider", name.at(9)):
        yield Found("biller_npi", fault, "NPI", "provider")
    if not re.fullmatch(r"[0-9]{9}", biller.first("REF").at(2)):
        yield Found("biller_tax_id", "The tax id has nine digits.", "Tax id", "provider")
    if biller.first("REF").at(1) == SOCIAL and not head.biller.is_person:
        sentence = "A social security number is a person’s: enter the given name of who bills alone, or the EIN."
        yield Found("biller_tax_kind", sentence, "Given name", "provider")
    taxonomy = next((one for one in block.segments if one.tag == "PRV"), None)
    if taxonomy is not None and not _TAXONOMY.fullmatch(taxonomy.at(3)):
        sentence = "A taxonomy code has ten characters and ends with X: 207Q00000X, for example."
        yield Found("taxonomy", sentence, "Taxonomy code", "provider")


def _address(block: Block) -> Iterator[Found]:
    biller = block.loop("85")
    place = biller.first("N4")
    if not biller.first("N3").at(1) or len(place.at(1)) < SHORTEST_CITY:
        yield Found("biller_address", "Enter the billing provider’s street and city.", "Address", "provider")
    elif is_box(biller.first("N3").at(1)):
        yield Found("biller_address", "Claims need a street address here, not a PO box.", "Address", "provider")
    if place.at(2) not in STATES:
        yield Found("biller_state", "Enter the state as two letters, such as CO.", "State", "provider")
    if fault := whole_postal_fault("The billing provider", place.at(3)):
        yield Found("biller_zip", fault, "Postal code", "provider")


def _cut(block: Block, head: FileHead) -> Iterator[Found]:
    """What has no room is said, so that no name or street goes out without its end."""
    biller, provider, sender = head.biller, block.loop("85"), block.loop("41")
    told = (
        (provider.first("NM1").at(3), biller.name, "Name"),
        (provider.first("NM1").at(4), biller.given_name, "Given name"),
        (provider.first("N3").at(1), biller.address.street, "Street"),
        (provider.first("N3").at(2), biller.address.street2, "Street"),
        (provider.first("N4").at(1), biller.address.city, "City"),
        (sender.first("PER").at(2), biller.contact_name, "Contact"),
    )
    for written, on_record, field in told:
        if is_cut(written, on_record):
            yield Found(
                "too_long", f"{field}: claims have room for {len(written)} signs. Shorten it.", field, "provider"
            )
