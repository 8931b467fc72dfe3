"""Counters that web processes share, and what becomes of them while Redis is away."""

import os
from uuid import uuid4

import pytest
import time_machine

from bhi.web import shared_cache
from bhi.web.shared_cache import SharedCache

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def prefix():
    return {"KEY_PREFIX": f"test-{uuid4()}"}


@pytest.fixture
def two(prefix):
    """Two processes."""
    return [SharedCache(os.environ["REDIS_URL"], dict(prefix)) for _ in range(2)]


def test_what_one_counts_the_other_sees(two):
    one, other = two
    assert (one.add("tries", 0, 60), other.add("tries", 0, 60)) == (True, False)
    assert [one.incr("tries"), other.incr("tries"), one.get("tries")] == [1, 2, 2]


def test_a_code_is_used_once_by_both(two):
    assert [cache.add("used", "y", 30) for cache in two] == [True, False]


def test_the_rest_of_it(two):
    one, other = two
    one.set("history", [1.5, 2.5], 60)
    assert other.get("history") == [1.5, 2.5]
    assert (other.touch("history", 60), other.delete("history"), one.get("history", "none")) == (True, True, "none")


def test_clearing_leaves_what_others_keep_there(two):
    one, other = two
    one.set("kept", 1, 60)
    other.clear()
    assert one.get("kept") == 1
    one.delete("kept")


def test_a_redis_that_does_not_answer_is_left_alone_for_a_while(monkeypatch):
    asked = []
    cache = SharedCache("redis://127.0.0.1:9/1", {})
    monkeypatch.setattr(shared_cache, "_alone_until", {})
    monkeypatch.setattr(cache._shared, "get", lambda *given: asked.append(given) or cache._shared.add("x", 1))
    with time_machine.travel(0, tick=False):
        assert [cache.get("tries", 7) for _ in range(3)] == [7, 7, 7]
    assert len(asked) == 1


def test_while_redis_is_away_a_process_counts_for_itself(prefix):
    cache = SharedCache(NOWHERE, prefix)
    cache.clear()
    assert (cache.incr("tries"), cache.incr("tries"), cache.get("tries")) == (1, 2, 2)
    assert (cache.add("used", "y", 30), cache.add("used", "y", 30)) == (True, False)
    cache.clear()
