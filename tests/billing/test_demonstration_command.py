"""The command that loads the demonstration."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from bhi.accounts.models import User
from billing.operations.demonstration import SIGN_INS


def test_the_command_says_the_same_password_again(db, tmp_path: Path, monkeypatch):
    kept = tmp_path / "kept" / "demonstration.json"
    monkeypatch.setattr("billing.management.commands.load_demonstration.KEPT_IN", kept)
    said = [StringIO(), StringIO()]
    for out in said:
        call_command("load_demonstration", "--json", stdout=out)
    first, second = (json.loads(out.getvalue()) for out in said)
    assert first == second
    assert first["organization"] == "demo"
    assert [one["email"] for one in first["sign_ins"]] == [email for _, email, _, _ in SIGN_INS]
    assert User.objects.get(email="lead@demo.example").check_password(first["sign_ins"][4]["password"])
    assert kept.stat().st_mode & 0o077 == 0
    kept.unlink()
    plain = StringIO()
    call_command("load_demonstration", stdout=plain)
    assert plain.getvalue().count("(set on another machine)") == len(SIGN_INS)
