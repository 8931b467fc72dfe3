"""Every billing story comes out, played through the pure rules alone."""

import pytest

from billing.rules.story import load_story
from tests.rules.billing.billing_stories import differences, story_files, story_in


@pytest.mark.parametrize("path", story_files("billing"), ids=lambda path: path.stem)
def test_a_billing_story_comes_out(path):
    assert differences(story_in(path)) == {}


def test_no_billing_story_is_left_out():
    assert len(story_files("billing")) == 118
    assert all(story_in(path).expect.months for path in story_files("billing"))


@pytest.mark.parametrize("path", story_files("clinical"), ids=lambda path: path.stem)
def test_a_clinical_story_is_read_whole(path):
    story = load_story(path.read_text())
    assert story.expect.signals.keys() == story.expect.state.keys()
    assert story.expect.state
