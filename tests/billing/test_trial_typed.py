"""Whatever is typed into "What would this bill?": it is answered, or refused at a field; it never breaks."""

from typing import Any

from django.utils.datastructures import MultiValueDict
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.forms.trial import ROWS, Trial, TrialForm, typed_of
from billing.queries.trial import months_shown
from billing.rules.story_months import told_months

LIKELY = (
    "",
    "2026-10-05",
    "2026-11-20",
    "2019-12-31",
    "9999-12-31",
    "0001-01-01",
    "2026-02-30",
    "10:00",
    "23:59:59",
    "+05:00",
    "2026-10",
    "2026-13",
    "20",
    "0",
    "720",
    "721",
    "99999999",
    "15:30",
    "on",
    "99492",
    "g0557",
    "F32.1",
    "other",
    "billing",
    "cocm",
    "bhi",
    "America/Los_Angeles",
    "../../etc",
    "no limit",
    "month",
)
TEXT = st.one_of(st.sampled_from(LIKELY), st.text(max_size=12))


def names() -> list[str]:
    rows = [f"{of.KIND}-{place}-{name}" for of in ROWS for place in range(2) for name in of.base_fields]
    return [*TrialForm().fields, *rows, *(f"{of.KIND}-rows" for of in ROWS)]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(typed=st.dictionaries(st.sampled_from(names()), TEXT, max_size=14))
def test_anything_typed_is_answered_or_refused_at_a_field(typed: dict[str, str]):
    data = typed_of({"enrolled_on": "2026-10-01", "work": [{"at": "2026-10-05", "minutes": 40}]})
    for name, text in typed.items():
        data[name] = text
    trial = Trial(data, is_read=True)
    story = trial.story()
    faults = [trial.form.errors, *(row.errors for rows in trial.rows.values() for row in rows.forms)]
    if story is None:
        assert any(faults)
    else:
        assert [one.month for one in months_shown(story)] == [one.facts.month for one in told_months(story)]
        again = Trial(typed_of(trial.document()), is_read=True)
        assert again.story() is not None
        assert again.document() == trial.document()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(typed=st.dictionaries(st.sampled_from(names()), TEXT, max_size=14))
def test_more_rows_keep_anything_typed(typed: dict[str, str]):
    data: Any = MultiValueDict({name: [text] for name, text in typed.items()})
    shown = Trial(data, is_read=False, more="work")
    for name, text in typed.items():
        kind, _, rest = name.partition("-")
        place, _, field = rest.partition("-")
        if not field:
            continue
        assert int(place) >= len(shown.rows[kind].forms) or shown.rows[kind].forms[int(place)].initial[field] == text
