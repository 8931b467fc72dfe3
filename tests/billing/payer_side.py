"""The payer's side, played by others' code: pyx12 checks a file and acknowledges it, x12sdk reads it and pays it.

Their traps: pyx12 reads bytes as ASCII but text as anything, so files are decoded as ASCII here; it cannot answer a
correct 835, so those are checked without an acknowledgement. x12sdk looks at no envelope.
"""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pyx12.params import params
from pyx12.x12n_document import x12n_document
from x12sdk.generate import ClaimSpec, generate_835
from x12sdk.io import X12ModelReader


def strict_faults(content: bytes) -> list[str]:
    """What pyx12 finds in a file, segment and sentence; nothing where it is valid."""
    told = io.StringIO()
    is_valid = x12n_document(params(), io.StringIO(content.decode("ascii")), None, None, fd_json=told)
    found = list(_errors(json.loads(told.getvalue())))
    assert is_valid == (found == [])
    return found


def receipt(content: bytes) -> bytes:
    """pyx12's 999 for a file."""
    answer = io.StringIO()
    x12n_document(params(), io.StringIO(content.decode("ascii")), answer, None)
    return answer.getvalue().encode()


def read_back(content: bytes) -> str:
    """The transaction set as x12sdk understood it and writes it again. Raises where it finds it wrong."""
    with X12ModelReader(content.decode("ascii")) as reader:
        return "".join(model.x12() for model in reader.models()).replace("\n", "")


def transaction_set(content: bytes) -> str:
    """From ST to SE, without line breaks."""
    text = content.decode("ascii").replace("\n", "")
    return text[text.index("ST*837") : text.index("GE*")]


def remittance(seed: int, claims: Sequence[ClaimSpec], payer: str = "Medicare Part B") -> bytes:
    """x12sdk's 835 for these claims; another seed is another payment. It marks all of its files as tests: paid in
    earnest, it says P.
    """
    text: str = generate_835(seed=seed, claims=claims, payer_name=payer, payee_name="Maple Grove")
    assert text.count("*0*T*:~") == 1
    return text.replace("*0*T*:~", "*0*P*:~").encode()


def _errors(node: Any) -> Iterator[str]:
    """Every error of pyx12's report, whatever it hangs on."""
    if isinstance(node, list):
        for one in node:
            yield from _errors(one)
    elif isinstance(node, dict):
        for one in node.get("errors", ()):
            yield f"{node.get('seg_id', '')} {one['err_str']}".strip()
        for key, value in node.items():
            if key != "errors":
                yield from _errors(value)
