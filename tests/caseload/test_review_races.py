"""Two who write or sign one review at once: real connections, every transaction commits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from caseload.models import CaseReview, Recommendation, ReviewDraft
from caseload.operations.review_drafts import save_review_draft
from caseload.operations.review_errors import DraftGone
from caseload.operations.reviews import ReviewSigned, sign_review
from caseload.rules.reviews import Advice, ReviewText
from registry.operations.plan_errors import EditedMeanwhile
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

REVIEW = ReviewText(recommendations=(Advice(kind="continue"),))


@pytest.fixture
def episode(organization: Any) -> Any:
    with tenant(organization):
        return EpisodeFactory(organization=organization, enrolled_on=date(2026, 2, 2))


@pytest.fixture
def consultant(organization: Any) -> Any:
    return MembershipFactory(organization=organization, user=None, roles=["psychiatric_consultant"])


def test_of_two_who_save_a_draft_at_once_one_is_shown_both(
    organization: Any, episode: Any, consultant: Any, now: datetime
) -> None:
    def save(words: str) -> Any:
        content = ReviewText(summary=words)
        return lambda: save_review_draft(by=consultant, at=now, episode_id=episode.id, based_on=0, content=content)

    answers = at_once(organization, [save("One"), save("Other")])
    assert sorted(type(answer).__name__ for answer in answers) == ["DraftKept", "EditedMeanwhile"]
    assert any(isinstance(answer, EditedMeanwhile) for answer in answers)
    with tenant(organization):
        assert list(ReviewDraft.objects.values_list("number", flat=True)) == [1]


def test_of_ten_submits_of_one_form_one_review_is_signed(
    organization: Any, episode: Any, consultant: Any, now: datetime
) -> None:
    token = uuid4()

    def sign() -> ReviewSigned:
        return sign_review(
            by=consultant, at=now, episode_id=episode.id, based_on=0, content=REVIEW, on=date(2026, 3, 2),
            client_token=token,
        )  # fmt: skip

    answers = at_once(organization, [sign] * 10)
    assert sorted(answer.was_new for answer in answers) == [False] * 9 + [True]
    with tenant(organization):
        assert (CaseReview.objects.count(), Recommendation.objects.count()) == (1, 1)


def test_of_two_who_sign_one_draft_at_once_one_is_told(
    organization: Any, episode: Any, consultant: Any, now: datetime
) -> None:
    with tenant(organization):
        save_review_draft(by=consultant, at=now, episode_id=episode.id, based_on=0, content=REVIEW)

    def sign() -> ReviewSigned:
        return sign_review(
            by=consultant, at=now, episode_id=episode.id, based_on=1, content=REVIEW, on=date(2026, 3, 2),
            client_token=uuid4(),
        )  # fmt: skip

    answers = at_once(organization, [sign, sign])
    assert sum(isinstance(answer, ReviewSigned) for answer in answers) == 1
    assert sum(isinstance(answer, DraftGone) for answer in answers) == 1
    with tenant(organization):
        assert CaseReview.objects.count() == 1
