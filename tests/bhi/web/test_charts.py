"""Where the lines, points, labels and marks of the charts lie."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bhi.web import charts
from bhi.web.charts import Course, Dot, Event, Sparkline, course_chart, score_chart, sparkline

TODAY = date(2026, 10, 19)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def chart(scores, **given_too):
    return score_chart(name="PHQ-9", highest=27, scores=scores, **{"until": TODAY, **given_too})


def wide(scores, **given_too):
    drawn = chart(scores, **given_too)
    assert drawn is not None
    return drawn.drawings[0]


class TestSparkline:
    def test_spreads_totals_evenly_with_higher_scores_higher(self):
        line = sparkline([27, 0, 13], highest=27)
        assert line is not None
        assert line.points == "12,12 144,68 276,42"
        assert line.last == Dot(276, 42)
        assert line.words == "27, 0, 13"

    def test_a_single_score_sits_where_the_last_one_always_is(self):
        line = sparkline([0], highest=27)
        assert line is not None
        assert (line.points, line.last) == ("276,68", Dot(276, 68))

    def test_nothing_without_values(self):
        assert sparkline([], highest=27) is None

    def test_an_impossible_total_stays_inside(self):
        assert sparkline([40], highest=27) == Sparkline(288, 80, "276,12", Dot(276, 12), "40")

    @given(st.lists(st.integers(0, 27), min_size=1, max_size=60))
    def test_never_leaves_its_box(self, values):
        line = sparkline(values, highest=27)
        assert line is not None
        places = [tuple(map(int, point.split(","))) for point in line.points.split(" ")]
        assert len(places) == len(values)
        assert all(0 <= x <= line.width and 0 <= y <= line.height for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)


class TestScoreChart:
    def test_nothing_without_scores(self):
        assert chart([], marks=[(TODAY, "Sertraline 50 mg")]) is None

    def test_runs_from_the_first_score_to_the_given_day(self):
        drawing = wide([(date(2026, 7, 11), 27), (date(2026, 8, 30), 0)])
        assert [(point.on, point.x, point.y) for point in drawing.points] == [
            (date(2026, 7, 11), 46, 34),
            (date(2026, 8, 30), 313, 226),
        ]
        assert drawing.line == "46,34 313,226"

    def test_puts_scores_and_events_in_order_of_their_days(self):
        drawn = chart(
            [(date(2026, 9, 1), 9), (date(2026, 8, 1), 18)],
            marks=[(date(2026, 9, 5), "Sertraline 100 mg"), (date(2026, 8, 2), "Sertraline 50 mg")],
        )
        assert drawn is not None
        assert drawn.scores == ((date(2026, 8, 1), 18), (date(2026, 9, 1), 9))
        assert drawn.events == (
            Event(1, date(2026, 8, 2), "Sertraline 50 mg"),
            Event(2, date(2026, 9, 5), "Sertraline 100 mg"),
        )

    def test_a_mark_before_the_first_score_begins_the_axis(self):
        drawing = wide([(TODAY, 9)], marks=[(date(2026, 10, 9), "Started")])
        assert drawing.marks[0].x == charts.WIDE.left + charts.WIDE.inset
        assert drawing.points[0].x == charts.WIDE.right - charts.WIDE.inset

    def test_a_label_lies_above_its_point_but_below_in_a_valley(self):
        days = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
        drawing = wide(list(zip(days, (18, 9, 15), strict=True)))
        assert [point.label_y - point.y for point in drawing.points] == [-10, 20, -10]

    def test_a_valley_on_the_floor_has_no_room_below(self):
        days = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]
        drawing = wide(list(zip(days, (18, 1, 15), strict=True)))
        assert drawing.points[1].label_y == drawing.points[1].y - 10

    def test_grid_lines_are_the_bands_and_the_target_without_the_axis(self):
        drawing = wide([(TODAY, 9)], bands=[(0, "none"), (10, "moderate"), (20, "severe"), (30, "beyond")], target=5)
        assert [(line.value, line.name, line.is_target) for line in drawing.lines] == [
            (5, "", True),
            (10, "moderate", False),
            (20, "severe", False),
        ]
        assert [line.y for line in drawing.lines] == [191, 155, 84]

    def test_a_target_that_is_a_band_keeps_the_bands_name(self):
        drawing = wide([(TODAY, 9)], bands=[(5, "mild")], target=5)
        assert [(line.name, line.is_target) for line in drawing.lines] == [("mild", True)]

    def test_close_marks_step_aside(self):
        start = date(2026, 1, 1)
        events = [(start + timedelta(days=day), "change") for day in (0, 1, 2, 200)]
        assert [mark.y for mark in wide([(start, 9)], marks=events).marks] == [10, 28, 10, 10]

    def test_ticks_are_firsts_of_months_with_the_year_at_first_and_in_january(self):
        drawing = wide([(date(2025, 11, 15), 9)], until=date(2026, 2, 10))
        assert [(tick.on, tick.shows_year) for tick in drawing.ticks] == [
            (date(2025, 12, 1), True),
            (date(2026, 1, 1), True),
            (date(2026, 2, 1), False),
        ]

    def test_a_chart_within_one_month_is_named_by_its_first_day(self):
        drawing = wide([(TODAY, 9)])
        assert [(tick.on, tick.x) for tick in drawing.ticks] == [(TODAY, 46)]

    def test_many_months_are_thinned_to_what_fits(self):
        drawn = chart([(date(2024, 1, 1), 9)])
        assert drawn is not None
        assert [len(drawing.ticks) for drawing in drawn.drawings] == [7, 4]

    @given(
        scores=st.lists(st.tuples(DAYS, st.integers(0, 27)), min_size=1, max_size=30),
        marks=st.lists(st.tuples(DAYS, st.just("change")), max_size=8),
        until=DAYS,
    )
    def test_everything_lies_on_the_sheet(self, scores, marks, until):
        drawn = chart(scores, marks=marks, until=until, bands=[(5, "mild"), (20, "severe")])
        assert drawn is not None
        assert len(drawn.scores) == len(scores)
        for drawing in drawn.drawings:
            sheet = drawing.sheet
            things = (*drawing.points, *drawing.marks, *drawing.ticks)
            assert all(sheet.left <= thing.x <= sheet.right for thing in things)
            assert all(sheet.top <= point.y <= sheet.bottom for point in drawing.points)
            assert all(0 < point.label_y < sheet.bottom for point in drawing.points)
            assert len(drawing.ticks) <= sheet.most_ticks

    @given(st.permutations([(date(2026, 8, 1), 18), (date(2026, 9, 1), 9), (date(2026, 10, 1), 12)]))
    def test_the_order_given_never_matters(self, scores):
        assert chart(scores) == chart(sorted(scores))


@pytest.mark.parametrize("sheet", [charts.WIDE, charts.NARROW])
def test_a_sheet_has_room_for_its_labels(sheet):
    assert sheet.left < sheet.right <= sheet.width
    assert sheet.bottom + 20 < sheet.height
    assert sheet.top - 8 > charts.MARK_LOW


class TestCourses:
    """Several scales over one time."""

    phq9 = Course("PHQ-9", 27, ((date(2026, 2, 2), 12), (date(2026, 1, 5), 16)), target=5)
    gad7 = Course("GAD-7", 21, ((date(2026, 1, 5), 16),), target=5)
    pcl5 = Course("PCL-5", 80, ((date(2026, 1, 9), 40),), target=33)

    def test_without_scores_there_is_no_chart(self):
        assert course_chart([], until=date(2026, 3, 2)) is None
        assert course_chart([Course("PHQ-9", 27, ())], until=date(2026, 3, 2)) is None

    def test_equal_totals_of_scales_on_one_axis_lie_at_equal_heights(self):
        chart = course_chart([self.phq9, self.gad7], until=date(2026, 3, 2))
        first, second = chart.drawings[0].courses
        assert (first.points[0].y, first.points[0].x) == (second.points[0].y, second.points[0].x)
        assert first.points[0].label_y < first.points[0].y < second.points[0].label_y

    def test_a_longer_scale_has_its_own_height_and_says_so(self):
        chart = course_chart([self.phq9, self.pcl5], until=date(2026, 3, 2))
        assert [(key.name, key.style, key.own_axis) for key in chart.keys] == [("PHQ-9", 0, None), ("PCL-5", 1, 80)]
        sheet = chart.drawings[0].sheet
        assert chart.drawings[0].courses[1].points[0].y == sheet.bottom - (sheet.bottom - sheet.top) * 40 // 80

    def test_a_longer_scale_alone_has_no_grid_of_another(self):
        chart = course_chart([self.pcl5], until=date(2026, 3, 2))
        assert (chart.drawings[0].lines, chart.target) == ((), None)

    def test_the_table_has_a_line_a_day_the_last_first(self):
        chart = course_chart([self.phq9, self.gad7, self.pcl5], until=date(2026, 3, 2))
        assert chart.rows == (
            (date(2026, 2, 2), (12, None, None)),
            (date(2026, 1, 9), (None, None, 40)),
            (date(2026, 1, 5), (16, 16, None)),
        )

    def test_marks_are_numbered_by_day_and_the_fourth_scale_is_left_out(self):
        marks = [(date(2026, 2, 1), "Second"), (date(2025, 12, 20), "First")]
        chart = course_chart([self.phq9, self.gad7, self.pcl5, self.gad7], until=date(2026, 3, 2), marks=marks)
        assert [(event.number, event.text) for event in chart.events] == [(1, "First"), (2, "Second")]
        assert len(chart.keys) == 3
        assert chart.drawings[0].marks[0].x == chart.drawings[0].sheet.left + chart.drawings[0].sheet.inset
        assert [line.is_target for line in chart.drawings[0].lines] == [True, False, False, False]
