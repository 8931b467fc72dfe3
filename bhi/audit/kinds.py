"""What kinds of acts the audit can be narrowed to."""

from __future__ import annotations

from bhi.audit.words import WORDS

# What pages and files are called that only show: the last word of their action.
_LOOKS = ("viewed", "opened", "shown", "found", "searched", "compared", "verified", "tried")
_PEOPLE = ("seat", "invitation", "access_review", "sign_in", "organization", "people")
_FILES = ("exported", "downloaded", "printed")
# What the audit can be narrowed to, beside all of it.
KINDS: dict[str, str] = {
    "looked": "Opened and looked",
    "files": "Took as a file or on paper",
    "changed": "Wrote or changed",
    "people": "People, access and sign-in",
    "refused": "Was refused",
}


def _kind_of(action: str) -> str:
    subject, _, act = action.partition(".")
    if action == "access.denied":
        return "refused"
    if act.endswith(_FILES):
        return "files"
    if act.endswith(_LOOKS):
        return "looked"
    return (
        "people"
        if subject.startswith(("seat", "invitation", "access_review", "sign_in", "organization"))
        else "changed"
    )


ACTIONS_OF: dict[str, tuple[str, ...]] = {
    kind: tuple(sorted(action for action in WORDS if _kind_of(action) == kind)) for kind in KINDS
}
