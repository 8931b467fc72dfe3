"""What tests of pages share beyond tests/conftest.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def client(by: Any) -> Client:
    """The browser of whoever does what a test does."""
    client = Client()
    client.force_login(by.user)
    return client
