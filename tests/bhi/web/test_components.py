"""The parts that pages are made of: words, markup that the content policy allows, contrast, weight."""

import gzip
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace as Thing

import pytest
from django import forms
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from bhi.web.charts import score_chart
from bhi.web.templatetags import bhi as words
from bhi.web.templatetags.parts import NO_ID, minutes_bar, score_cell, signal_chip, signal_chips

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TODAY = date(2026, 10, 19)


class Text(HTMLParser):
    """What a reader gets of markup, spaces evened."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(markup)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.parts).split())


def text(part, **context):
    return str(Text(render_to_string(f"components/{part}.html", context)))


def said(source, **context):
    return str(Text(Template("{% load bhi parts %}" + source).render(Context(context))))


class TestDays:
    @pytest.mark.parametrize(
        ("on", "today", "expected"),
        [
            (date(2026, 10, 12), TODAY, "Oct 12"),
            (date(2026, 1, 2), TODAY, "Jan 2"),
            (date(2025, 10, 12), TODAY, "Oct 12, 2025"),
            (date(2025, 12, 20), date(2026, 1, 5), "Dec 20"),
            (date(2025, 10, 7), date(2026, 1, 5), "Oct 7"),
            (date(2025, 10, 6), date(2026, 1, 5), "Oct 6, 2025"),
            (date(2027, 1, 4), date(2026, 12, 30), "Jan 4"),
            (date(2026, 10, 12), None, "Oct 12, 2026"),
            (None, TODAY, ""),
        ],
    )
    def test_day_has_its_year_where_it_may_be_doubted(self, on, today, expected):
        assert words.day(on, today) == expected

    @pytest.mark.parametrize("say", [words.day, words.ago_days, words.age])
    def test_an_instant_is_refused_for_a_day(self, say):
        with pytest.raises(words.InstantAsDay):
            say(datetime(2026, 10, 12, tzinfo=UTC), TODAY)

    @pytest.mark.parametrize(
        ("on", "expected"),
        [
            (TODAY, "today"),
            (date(2026, 10, 18), "yesterday"),
            (date(2026, 10, 20), "tomorrow"),
            (date(2026, 10, 7), "12 days ago"),
            (date(2026, 10, 22), "in 3 days"),
            (None, ""),
        ],
    )
    def test_ago_days(self, on, expected):
        assert words.ago_days(on, TODAY) == expected

    @pytest.mark.parametrize(
        ("on", "expected"),
        [
            (TODAY, "0 d"),
            (date(2026, 8, 25), "55 d"),
            (date(2026, 8, 24), "8 wk"),
            (date(2026, 10, 22), "in 3 d"),
            (None, ""),
        ],
    )
    def test_age(self, on, expected):
        assert words.age(on, TODAY) == expected

    def test_an_instant_is_said_in_its_clinics_zone(self):
        at = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
        assert words.local_day(at, "America/Chicago") == date(2026, 10, 31)
        assert words.clock(at, "America/Chicago") == "11:30 pm"
        assert said("{{ at|local_day:zone|day:today }}", at=at, zone="America/Chicago", today=TODAY) == "Oct 31"

    @pytest.mark.parametrize(("hour", "expected"), [(0, "12:05 am"), (9, "9:05 am"), (12, "12:05 pm"), (14, "2:05 pm")])
    def test_clock(self, hour, expected):
        assert words.clock(datetime(2026, 10, 12, hour, 5, tzinfo=UTC), "UTC") == expected

    @pytest.mark.parametrize(
        ("form", "shown"),
        [("", "Oct 12, 2026, 2:05 pm UTC"), ("day", "Oct 12, 2026")],
    )
    def test_an_instant_is_shown_on_the_readers_own_clock_and_without_script_in_utc(self, form, shown):
        at = datetime(2026, 10, 12, 14, 5, tzinfo=UTC)
        time = f'<time datetime="2026-10-12T14:05:00+00:00" data-local-time="{form}">{shown}</time>'
        assert (words.instant(at, form), words.instant(None, form)) == (time, "")

    def test_a_fields_name_is_said_in_words(self):
        assert words.spaced("gave_care_manager") == "gave care manager"

    def test_no_instant_says_nothing(self):
        assert (words.clock(None, "UTC"), words.local_day(None, "UTC")) == ("", None)


class TestNumbers:
    @pytest.mark.parametrize(("seconds", "expected"), [(0, "0"), (59, "0"), (60, "1"), (1859, "30"), (None, "")])
    def test_minutes_are_whole(self, seconds, expected):
        assert words.minutes(seconds) == expected

    @pytest.mark.parametrize(
        ("last", "baseline", "expected"), [(9, 18, "−9"), (18, 9, "+9"), (9, 9, "0"), (None, 9, ""), (9, None, "")]
    )
    def test_change_from(self, last, baseline, expected):
        assert words.change_from(last, baseline) == expected

    @given(st.integers(0, 200), st.integers(0, 200))
    def test_to_go_is_never_below_nothing(self, goal, reached):
        assert words.to_go(goal, reached) == (goal - reached if goal > reached else 0)


def signal_of(**values: object) -> Thing:
    """A signal as its chip needs it."""
    plain = {"label": "Word", "family": "course", "rule": "T1", "since": TODAY, "evidence": (), "clears": ""}
    beside = {"refs": (), "tone": "danger", "aside": "", "note": "", "put_off_until": None, "is_new": False}
    return Thing(**{**plain, **beside, "may_wait": True, **values})


class TestParts:
    def test_page_header_escapes_names_and_keeps_its_actions(self):
        header = Template('{% load bhi %}{% page_header name sub="Oct 12" %}<a href="#">New</a>{% endpage_header %}')
        markup = header.render(Context({"name": "<b>O'Neil</b>"}))
        assert "<h1>&lt;b&gt;O&#x27;Neil&lt;/b&gt;</h1>" in markup
        assert '<a href="#">New</a>' in markup

    def test_a_block_escapes_what_is_in_it_as_ever(self):
        assert "<i>" not in Template('{% load bhi %}{% dialog "d" "T" %}{{ x }}{% enddialog %}').render(
            Context({"x": "<i>"})
        )

    def test_dialog(self):
        assert said('{% dialog "log" "Log attempt" %}<p>Body</p>{% enddialog %}') == "Log attempt Body"

    def test_signal_chip_opens_to_rule_evidence_and_what_clears_it(self):
        signal = signal_of(
            label="Stalled",
            family="course",
            rule="T13",
            since=date(2026, 8, 1),
            evidence=("Baseline PHQ-9 16, Jul 20",),
            clears="PHQ-9 of 11 or less",
        )
        assert said("{% signal_chip signal today %}", signal=signal, today=TODAY) == (
            "Stalled 11 wk Stalled since Aug 1 Baseline PHQ-9 16, Jul 20 Clears with PHQ-9 of 11 or less Rule T13"
        )

    @pytest.mark.parametrize("family", ["safety", "course", "review", "contact", "measure", "length"])
    def test_every_signal_has_an_icon_beside_its_word(self, family):
        signal = signal_of(family=family)
        assert signal_chip(signal, TODAY).count("<svg") == 1

    def test_a_chip_says_what_was_done_and_leads_to_its_scores_and_to_putting_it_off(self):
        signal = signal_of(
            evidence=("Last PHQ-9 16, Jul 20", "Treatment changed, Oct 1"),
            refs=("7", ""),
            tone="warning",
            aside="plan changed Oct 1, 18 d",
            note="What is not known.",
            is_new=True,
        )
        chip = signal_chip(signal, TODAY, "/off/", f"/score/{NO_ID}/")
        assert str(Text(chip)) == (
            "Word 0 d new plan changed Oct 1, 18 d Word since Oct 19 Last PHQ-9 16, Jul 20 Treatment changed, Oct 1"
            " What is not known. Put off : Word Rule T1"
        )
        assert re.findall('href="([^"]+)"', chip) == ["/score/7/", "/off/"]
        assert "chip-warning" in chip

    def test_what_was_put_off_says_until_when_and_safety_cannot_be(self):
        chip = signal_chip(signal_of(put_off_until=date(2026, 11, 1)), TODAY, "/off/")
        assert "put off until Nov 1" in str(Text(chip))
        assert "Ask again now" in str(Text(chip))
        assert "is-put-off" in chip
        assert "/off/" not in signal_chip(signal_of(family="safety", may_wait=False), TODAY, "/off/")

    def test_parts_escape_what_they_are_given(self):
        signal = signal_of(label="<b>", rule="<i>", evidence=("<u>",), clears="<s>", aside="<q>", note="<q>")
        chips = signal_chips([signal, signal], TODAY)
        assert [re.findall(f"<{tag}>", chips) for tag in "biusq"] == [[], [], [], [], []]
        assert chips.count("&lt;u&gt;") == 2
        scored = {"baseline": 1, "last": 2, "last_on": TODAY, "series": [1, 2], "highest": 27, "today": TODAY}
        assert score_cell('"<b>', state="<b>", **scored).count("&lt;b&gt;") == 2
        assert minutes_bar(1, 20, "<b>", "<b>").count("&lt;b&gt;") == 2

    @pytest.mark.parametrize("tone", ["danger", "warning", "good", "info"])
    def test_every_tone_has_an_icon(self, tone):
        for part, context in (("_chip", {"word": "Held"}), ("_notice", {"text": "Held"}), ("_toast", {"text": "Held"})):
            markup = render_to_string(f"components/{part}.html", {"tone": tone, **context})
            assert f"{tone}" in markup
            assert "<svg" in markup.split("Held")[0]

    def test_score_cell(self):
        scored = {"baseline": 18, "last": 9, "last_on": date(2026, 10, 7), "series": [18, 12, 9]}
        assert str(Text(score_cell("PHQ-9", **scored, highest=27, today=TODAY))) == "18 → to 9 −9 12 d"

    def test_score_cell_of_a_single_score_has_no_course(self):
        scored = {"baseline": 18, "last": 18, "last_on": TODAY, "series": [18], "is_referral": True}
        assert str(Text(score_cell("PHQ-9", **scored, highest=27, today=TODAY))) == "18 0 d referral"
        alone = scored | {"is_referral": False, "state": "No change"}
        assert str(Text(score_cell("PHQ-9", **alone, highest=27, today=TODAY))) == "18 0 d First score"

    def test_score_cell_without_score(self):
        nothing = {"baseline": None, "last": None, "last_on": None, "series": ()}
        assert str(Text(score_cell("GAD-7", **nothing, highest=21, today=TODAY))) == "No score yet"

    @pytest.mark.parametrize(
        ("context", "expected"),
        [
            ({"minutes": 24, "goal": 31, "next_code": "99493"}, "24 of 31 minutes 24 of 31 minutes 7 to 99493"),
            (
                {"minutes": 61, "goal": 76, "next_code": "99494", "code_now": "99492"},
                "61 of 76 minutes 61 of 76 minutes 99492 15 to 99494",
            ),
            ({"minutes": 92, "goal": None, "code_now": "99493"}, "92 minutes 92 minutes 99493"),
            ({"minutes": 3, "goal": 31}, "3 of 31 minutes 3 of 31 minutes"),
        ],
    )
    def test_minutes_bar_says_minutes_and_how_far(self, context, expected):
        assert str(Text(minutes_bar(**context))) == expected

    def test_score_chart_has_its_numbers_behind_it(self):
        chart = score_chart(
            name="PHQ-9",
            highest=27,
            scores=[(date(2026, 9, 1), 18), (date(2026, 10, 12), 9)],
            until=TODAY,
            target=5,
            marks=[(date(2026, 9, 5), "Sertraline 50 mg")],
        )
        told = text("_score_chart", chart=chart, today=TODAY)
        assert told.endswith("Target: below 5 1 Sep 5 Sertraline 50 mg All PHQ-9 scores Day PHQ-9 Oct 12 9 Sep 1 18")

    def test_score_chart_without_score(self):
        assert text("_score_chart", chart=None, today=TODAY) == "No score yet."

    def test_timeline(self):
        entry = {
            "on": date(2026, 10, 12),
            "time": "10:10–10:32",
            "icon": "phone",
            "title": "Call",
            "who": "Ken Abara RN",
            "text": "Walks twice a week.",
            "facts": ["22 minutes, counted"],
            "url": "",
            "tone": "",
        }
        assert text("_timeline", entries=[Thing(**entry)], today=TODAY) == (
            "Call Oct 12, 10:10–10:32 · Ken Abara RN 22 minutes, counted Walks twice a week."
        )

    def test_checklist_says_done_in_words(self):
        items = [
            Thing(label="Consent", is_done=True, detail="verbal, Aug 16", url=""),
            Thing(label="Care plan", is_done=False, detail="", url="/plan"),
        ]
        assert text("_checklist", items=items) == "Done: Consent verbal, Aug 16 To do: Care plan"

    def test_stat_tile(self):
        assert text("_stat_tile", label="Bills now", value=31, detail="of 48") == "Bills now 31 of 48"

    def test_score_items_keep_what_was_answered(self):
        items = [
            Thing(field="phq9_1", number=1, text="Little interest", value=0, error=""),
            Thing(field="phq9_2", number=2, text="Feeling down", value=None, error="Answer this item."),
        ]
        options = [Thing(value=value, label=f"label {value}") for value in range(4)]
        markup = render_to_string(
            "components/_score_items.html", {"name": "PHQ-9", "legend": "PHQ-9", "items": items, "options": options}
        )
        assert re.findall(r'name="(\w+)" value="(\d)" checked', markup) == [("phq9_1", "0")]
        assert 'aria-describedby="phq9_2-error"' in markup
        assert "Answer this item." in str(Text(markup))

    @pytest.mark.parametrize(
        ("state", "polls", "expected"),
        [
            ("queued", True, "Importing Waiting to start"),
            ("running", True, "Importing 150 of 426"),
            ("done", False, "Importing Done See the caseload"),
            (
                "dead",
                False,
                "Importing Did not finish Nothing was half done. Start it again, or tell your administrator.",
            ),
        ],
    )
    def test_a_job_is_asked_about_until_it_is_over(self, state, polls, expected):
        job = Thing(state=state, label="Importing", done=150, total=426)
        context = {"job": job, "poll_url": "/job", "result_url": "/caseload", "result_label": "See the caseload"}
        markup = render_to_string("components/_job_progress.html", context)
        assert ('hx-get="/job" hx-trigger="every 2s"' in markup) is polls
        assert str(Text(markup)) == expected

    def test_a_running_job_of_unknown_length(self):
        assert text("_job_progress", job=Thing(state="running", label="Importing", done=0, total=0)) == (
            "Importing Working on it"
        )

    def test_empty_state_says_what_to_do_next(self):
        context = {"title": "No batches", "text": "Make one.", "action_url": "/new", "action_label": "Make"}
        assert text("_empty_state", **context) == "No batches Make one. Make"

    def test_pagination(self):
        assert text("_pagination", next_url="?after=x", shown="1 to 50", total=120) == "1 to 50 of 120 Next"
        assert text("_pagination", previous_url="?before=x", total=0) == "0 Previous"

    def test_toast_with_undo_posts_with_the_token(self):
        markup = render_to_string(
            "components/_toast.html", {"text": "Imported", "undo_url": "/undo", "csrf_token": "tok"}
        )
        assert re.search(r'<form method="post" action="/undo"><input type="hidden" name="csrfmiddlewaretoken"', markup)

    @pytest.mark.parametrize(
        ("level", "tone"),
        [
            (messages.SUCCESS, "good"),
            (messages.WARNING, "warning"),
            (messages.ERROR, "danger"),
            (messages.INFO, "info"),
        ],
    )
    def test_messages_become_toasts(self, level, tone):
        markup = render_to_string("components/_messages.html", {"messages": [Message(level, "Saved")], "oob": True})
        assert re.findall(r'class="toast toast-(\w+)"', markup) == [tone]
        assert 'hx-swap-oob="true"' in markup
        assert str(Text(markup)) == "Saved"


class Sample(forms.Form):
    minutes = forms.IntegerField(max_value=1439, help_text="Whole minutes")
    note = forms.CharField(required=False)
    mode = forms.ChoiceField(choices=[("phone", "Phone")], widget=forms.RadioSelect)
    asks = forms.BooleanField(label="Question", required=False)


class TestFields:
    def test_help_and_error_belong_to_their_control(self):
        markup = Sample({"minutes": "2000", "mode": "phone"})["minutes"].as_field_group()
        described = re.search(r'aria-describedby="([^"]+)"', markup)
        assert described is not None
        assert described[1].split() == ["id_minutes_helptext", "id_minutes_error"]
        assert all(f'id="{name}"' in markup for name in described[1].split())
        assert 'value="2000"' in markup
        assert str(Text(markup)) == ("Minutes Whole minutes Ensure this value is less than or equal to 1439.")

    @pytest.mark.parametrize(
        ("name", "expected"), [("note", "Note optional"), ("mode", "Mode Phone"), ("asks", "Question")]
    )
    def test_labels(self, name, expected):
        assert str(Text(Sample()[name].as_field_group())) == expected

    def test_every_control_has_a_label(self):
        markup = "".join(Sample()[name].as_field_group() for name in ("minutes", "note", "asks"))
        assert re.findall(r'<label[^>]* for="(\w+)"', markup) == re.findall(r'<input[^>]* id="(\w+)"', markup)


class TestFrame:
    def test_a_page_needs_nothing_to_be_told_that_it_failed(self):
        for name in ("404.html", "403.html", "403_csrf.html", "500.html", "503.html"):
            assert '<main id="main"' in render_to_string(name)

    def test_a_stale_token_is_marked_for_the_script(self):
        assert "data-stale-token" in render_to_string("403_csrf.html")

    def test_htmx_keeps_no_pages_and_evaluates_nothing(self):
        config = re.search(r"name=\"htmx-config\" content='([^']+)'", render_to_string("404.html"))
        assert config is not None
        assert '"allowEval": false' in config[1]
        assert '"includeIndicatorStyles": false' in config[1]
        assert '"historyCacheSize": 0' in config[1]

    def test_frame(self):
        pages = [
            Thing(label=f"Page {number}", url=f"/{number}", icon="users", is_current=number == 4, group="")
            for number in range(6)
        ]
        frame = Thing(
            organization=Thing(name="Lakeside", slug="lakeside", url="/o/lakeside/"),
            person="Dana Whitfield",
            credential="LCSW",
            navigation=pages,
            sections=[
                Thing(label="", icon="", items=pages[:4], is_current=False),
                Thing(label="More", icon="wrench", items=pages[4:], is_current=True),
            ],
            organizations=[],
            search_url="",
            outage="Background work is delayed.",
        )
        markup = render_to_string("base.html", {"frame": frame, "csrf_token": "tok"})
        assert re.findall(r'<a href="/(\d)"( aria-current="page")?><svg', markup) == [
            *((number, "") for number in "0123"),  # the bar of narrow screens
            *((number, "") for number in "0123"),
            ("4", ' aria-current="page"'),
            ("5", ""),
        ]
        assert re.findall(r'class="only-narrow"><a href="/(\d)"', markup) == ["4", "5"]
        group = re.search(r'<details class="nav-group"( open)?><summary>.*?<span class="grow">(\w+)', markup, re.DOTALL)
        assert group is not None
        assert group.groups() == (" open", "More")
        assert "Background work is delayed." in markup
        assert 'role="search"' not in markup
        assert 'hx-headers=\'{"X-CSRFToken": "tok"}\'' in markup
        assert [markup.count(f"<{landmark}") for landmark in ("main", "nav", "h1")] == [1, 1, 0]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_keep_to_the_content_policy(path):
    """No inline style or script, no handlers, nothing from elsewhere: the policy would block it on screen."""
    source = re.sub(r"{#.*?#}", "", path.read_text())
    tags = re.findall(r"<[a-zA-Z][^>]*>", source)
    assert [tag for tag in tags if re.search(r"\s(style|on\w+|hx-on[:\w-]*)\s*=", tag)] == []
    assert [tag for tag in tags if re.match(r"<(style|iframe|base)\b", tag)] == []
    assert [tag for tag in tags if re.match(r"<script(?![^>]*\ssrc=)", tag)] == []
    assert re.findall(r"(?:src|href|action)=\"(?:https?:)?//[^\"]*", source) == []
    assert re.findall(r"hx-vals=['\"]js:|hx-trigger=\"[^\"]*\[", source) == []


def colours() -> dict[str, tuple[str, str]]:
    """The stylesheet's colour properties: name → (light, dark)."""
    css = (ROOT / "static" / "bhi.css").read_text()
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    }


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = ("page", "surface", "sunken", "raised")
TONES = ("danger", "warning", "good", "info")
TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-quiet", "accent", "accent-strong", *TONES) for ground in GROUNDS),
    *((tone, f"{tone}-soft") for tone in TONES),
    *(("ink", f"{tone}-soft") for tone in TONES),
    *((ink, "accent-soft") for ink in ("ink", "ink-quiet", "accent", "accent-strong")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("page", "ink-quiet"),
]


class TestContrast:
    def test_the_measure_itself(self):
        assert contrast("#ffffff", "#000000") == pytest.approx(21)
        assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)

    @pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
    def test_text_is_readable_in_light_and_dark(self, ink, ground):
        found = colours()
        assert [contrast(found[ink][mode], found[ground][mode]) >= 4.5 for mode in (0, 1)] == [True, True]

    @pytest.mark.parametrize("ground", ["page", "surface", "raised"])
    def test_the_edge_of_a_control_can_be_seen(self, ground):
        found = colours()
        edges = [contrast(found["line-control"][mode], found[ground][mode]) for mode in (0, 1)]
        assert [edge >= 3 for edge in edges] == [True, True]

    def test_a_bar_stands_out_from_its_track(self):
        found = colours()
        bars = [contrast(found[bar][mode], found["line"][mode]) for bar in ("accent", "good") for mode in (0, 1)]
        assert [bar >= 3 for bar in bars] == [True] * 4


def test_colours_are_named_once_and_used_by_name():
    css = (ROOT / "static" / "bhi.css").read_text()
    rules = css[css.index("@layer reset {") :]
    assert sorted(set(re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*{)", rules)) - {"#fff", "#0b101180"}) == []
    used = set(re.findall(r"var\(--([\w-]+)\)", css))
    defined = set(re.findall(r"--([\w-]+):", css))
    assert used - defined == set()
    assert defined - used == set()


def test_first_load_is_light():
    files = ("bhi.css", "bhi.js", "bhi.svg", "django_htmx/htmx-2.min.js")
    found = [Path(str(finders.find(name))).read_bytes() for name in files]
    page = render_to_string("404.html").encode()
    assert sum(len(gzip.compress(content, 9)) for content in (*found, page)) <= 100_000
