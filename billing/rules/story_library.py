"""The worked examples: the billing stories by topic, as the product shows them."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from billing.rules.payer_options import Difference, book_for, differences, family_name
from billing.rules.story import load_story
from billing.rules.story_parts import Story

EXAMPLES = Path(__file__).with_name("examples")

# How sources of stories that are no publications are said.
SOURCES = {
    "stories.md": "A reading of this product, where the rules leave a choice open",
    "billing-rules.md": "The billing rules collected for this product",
    "derived": "Follows from other rules by arithmetic or logic",
    "recalled": "From memory, not checked against a source",
}


# Titles of stories that speak of their file.
TITLES = {"bs-81": "40 min, and no papers at all"}


@dataclass(frozen=True, slots=True)
class Example:
    """One worked example; `document` is its file as it was written."""

    key: str
    story: Story
    document: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What it shows, in a line."""
        return TITLES.get(self.key, self.story.title)

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is from, in words."""
        return tuple(dict.fromkeys(_source(one) for one in self.story.source))

    @property
    def bills(self) -> tuple[tuple[tuple[str, int], ...], ...]:
        """What each of its months bills, in order; months of which nothing is expected are left out."""
        months = self.story.expect.months if self.story.expect else {}
        return tuple(one.lines for _, one in sorted(months.items()) if one.lines is not None)

    @property
    def words(self) -> frozenset[str]:
        """The gaps and flags of its months."""
        months = self.story.expect.months.values() if self.story.expect else ()
        return frozenset(word for one in months for word in (*(one.gaps or ()), *(one.flags or ())))

    @property
    def payer(self) -> str:
        """The family of rule books, as people call it."""
        return family_name(self.story.book)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Where the payer differs from its book."""
        return differences(book_for(self.story.book, self.story.enrolled_on), dict(self.story.options))

    @property
    def sureness(self) -> str:
        """How sure it is that this must come out."""
        return "not said" if self.story.confidence is None else f"{self.story.confidence} of 1"


@dataclass(frozen=True, slots=True)
class Topic:
    """Examples of one kind, in the order in which they are read."""

    key: str
    title: str
    says: str
    examples: tuple[Example, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """Every worked example by topic, read once."""
    texts = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.json")]
    known = {one.key: one for one in map(_example, texts)}
    table = tomllib.loads((EXAMPLES / "topics.toml").read_text(encoding="utf-8"))
    return tuple(
        Topic(key, one["title"], one["says"], tuple(known[name] for name in one["examples"]))
        for key, one in table.items()
    )


@cache
def examples() -> Mapping[str, Example]:
    """All worked examples by their key, in the order of their topics."""
    return {example.key: example for topic in topics() for example in topic.examples}


def examples_of(word: str) -> tuple[Example, ...]:
    """The examples in which a month has this gap or flag, in the order of their topics."""
    return tuple(example for example in examples().values() if word in example.words)


def neighbours_of(key: str) -> tuple[Example | None, Example | None]:
    """The example before and the one after, in the order of the topics. Raises KeyError."""
    keys = list(examples())
    if key not in examples():
        raise KeyError(key)
    place = keys.index(key)
    before = examples()[keys[place - 1]] if place else None
    following = examples()[keys[place + 1]] if place + 1 < len(keys) else None
    return before, following


def topic_of(key: str) -> Topic:
    """The topic in which an example stands. Raises KeyError."""
    for topic in topics():
        if any(example.key == key for example in topic.examples):
            return topic
    raise KeyError(key)


def without_amounts(text: str) -> str:
    """A sentence for whom amounts are not for: as it is, but for dollars."""
    return re.sub(r" ?\(\d+\.\d\d\)| \d+\.\d\d\b", "", text)


def _source(named: str) -> str:
    return next((words for begins, words in SOURCES.items() if named.startswith(begins)), named)


def _example(text: str) -> Example:
    story = load_story(text)
    return Example(story.id.lower(), story, json.loads(text))
