"""The environment, read once: what is missing or unreadable is named with what it should hold."""

import pytest

from bhi.environment import EnvironmentFault, read_environment

LEAST = {"BHI_SECRET_KEY": "k", "DATABASE_URL": "postgresql://bhi_app@/bhi"}


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("2", 2)])
def test_proxies_are_counted(text, count):
    assert read_environment(LEAST | {"BHI_PROXIES": text}).proxies == count
    assert read_environment(LEAST).proxies == 0


@pytest.mark.parametrize("text", ["one", "-1", "", "²"])
def test_a_number_of_proxies_that_is_none_is_named(text):
    with pytest.raises(EnvironmentFault) as fault:
        read_environment(LEAST | {"BHI_PROXIES": text})
    assert str(fault.value) == f"BHI_PROXIES is a whole number from 0 up, not {text!r}"


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("BHI_SECRET_KEY", "BHI_SECRET_KEY is not set."),
        ("DATABASE_URL", "DATABASE_URL is not set:"),
    ],
)
def test_what_is_missing_is_named(missing, sentence):
    with pytest.raises(EnvironmentFault, match=f"^{sentence}"):
        read_environment({name: value for name, value in LEAST.items() if name != missing})
