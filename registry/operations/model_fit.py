"""Keeping what was answered to "which model fits us?", and the advice that it gave then."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from registry.models import ModelFit
from registry.operations.setting_up import SetupRefused
from registry.rules.model_fit import Advice, Answers, faults_of


@transaction.atomic
def keep_model_fit(*, by: Membership, at: datetime, answers: Answers, advice: Advice, source: str) -> ModelFit:
    """Keep answers and advice as they are; asked again, it is another row, unless both are those of the last one.

    Raises SetupRefused for answers that cannot be.
    """
    for field, sentence in faults_of(answers).items():
        raise SetupRefused(sentence, field=field)
    said, advised = plain(asdict(answers)), {**plain(asdict(advice)), "source": source}
    last = ModelFit.objects.filter(organization_id=by.organization_id).order_by("-id").first()
    if last is not None and (last.answers, last.advice) == (said, advised):
        return last
    fit = ModelFit(organization_id=by.organization_id, answers=said, advice=advised, answered_at=at, answered_by=by)
    fit.save(force_insert=True)
    record("model_fit.answered", by=by, at=at, object_id=fit.id)
    return fit


def plain(value: Any) -> Any:
    """As JSON keeps it: decimals as text, tuples as lists."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, bool | int | str) or value is None else str(value)
