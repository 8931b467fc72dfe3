"""The head of a file as its claims keep it, with the tax id sealed to the claim: it may be somebody's own number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bhi.sealing import place, seal_text, unseal_text
from billing.models import Claim
from billing.rules.canonical import plain
from billing.rules.canonical import read as read_kept
from billing.rules.x12.claim import FileHead


def head_to_keep(claim: Claim, head: FileHead) -> dict[str, Any]:
    """As `claim.content["head"]` holds it."""
    kept: dict[str, Any] = plain(head)
    biller = kept["biller"]
    return kept | {"biller": biller | {"tax_id": seal_text(biller["tax_id"], bound_to=_place(claim))}}


def kept_head(claim: Claim) -> FileHead:
    """What the claim keeps, opened. Raises SealBroken, KeyError where it keeps none."""
    kept: Mapping[str, Any] = claim.content["head"]
    biller = kept["biller"]
    tax_id = unseal_text(biller["tax_id"], bound_to=_place(claim))
    return read_kept(FileHead, {**kept, "biller": {**biller, "tax_id": tax_id}})


def _place(claim: Claim) -> str:
    return place(claim.organization_id, Claim._meta.db_table, "content", claim.id)
