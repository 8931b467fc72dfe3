import os

import pytest

from bhi.local.account import Account, known_account
from bhi.local.places import Places


@pytest.fixture
def me() -> Account:
    return known_account(os.geteuid())


@pytest.fixture
def places(tmp_path) -> Places:
    return Places(tmp_path)
