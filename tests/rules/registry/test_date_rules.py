from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.dates import DateUnreadable, TimeUnreadable, read_date, read_time

LATEST = date(2026, 11, 2)
BORN_FROM = date(1916, 11, 3)
SERVED_FROM = date(2015, 1, 1)
FIX = "Write it as 09/23/2026 or 2026-09-23."


@pytest.mark.parametrize(
    "cell",
    [
        "09/23/2026",
        "9/23/2026",
        "9/23/26",
        "9-23-26",
        "09.23.2026",
        "2026-09-23",
        "2026/9/23",
        "20260923",
        "2026-09-23T09:40:00Z",
        "09/23/2026 9:40 AM",
        " 9/23/2026 ",
        "23-Sep-2026",
        "23 Sep 26",
        "23-SEP-26",
        "Sep 23, 2026",
        "Sept. 23 2026",
        "September 23, 2026",
        "46288",
        "46288.4",
        46288,
        Decimal("46288.4"),
        date(2026, 9, 23),
        datetime(2026, 9, 23, 23, 59),
    ],
)
def test_one_day_in_many_forms(cell):
    assert read_date(cell, latest=LATEST, earliest=SERVED_FROM) == date(2026, 9, 23)


@pytest.mark.parametrize(
    ("cell", "born"),
    [
        ("2/13/04", date(2004, 2, 13)),
        ("3/8/67", date(1967, 3, 8)),
        ("11/3/26", None),  # 2026 has not come that far; 1926
        ("11/2/16", date(2016, 11, 2)),
        ("02/29/00", date(2000, 2, 29)),
    ],
)
def test_two_digits_of_a_birth_year(cell, born):
    assert read_date(cell, latest=LATEST, earliest=BORN_FROM) == (born or date(1926, 11, 3))


def test_two_digits_that_can_be_either_century_are_refused():
    with pytest.raises(DateUnreadable) as refused:
        read_date("4/5/20", latest=LATEST, earliest=BORN_FROM)
    assert str(refused.value) == "the year can be either of two centuries"
    assert refused.value.fix == "Write the year with four digits."


@pytest.mark.parametrize(
    ("cell", "fault", "fix"),
    [
        ("soon", "this is no date", FIX),
        ("31/2", "this is no date", FIX),
        ("", "this is no date", FIX),
        ("9/23-2026", "this is no date", FIX),
        ("1234", "this is no date", FIX),
        ("23/09/2026", "there is no such month; dates here are month first", "Write it as 09/23/2026."),
        ("2/30/2026", "that month has no such day", "Check the day and the month."),
        ("2/29/1900", "that month has no such day", "Check the day and the month."),
        ("0/10/2026", "that month has no such day", "Check the day and the month."),
        ("23-Foo-2026", "no month has this name", FIX),
        ("01/01/2031", "the date lies after 11/02/2026", "Check the year."),
        (date(2026, 11, 3), "the date lies after 11/02/2026", "Check the year."),
        ("1/1/1850", "no reading of it lies from 01/01/2015 to 11/02/2026", "Check the year."),
        ("1/1/60", "no reading of it lies from 01/01/2015 to 11/02/2026", "Check the year."),
        (0, "the number is not a day of Excel's calendar", FIX),
        (60, "the number is not a day of Excel's calendar", FIX),
        (2_958_466, "the number is not a day of Excel's calendar", FIX),
        (True, "the cell holds no date", FIX),
        (None, "the cell holds no date", FIX),
        (time(9, 40), "the cell holds no date", FIX),
    ],
)
def test_what_is_refused_and_how_to_mend_it(cell, fault, fix):
    with pytest.raises(DateUnreadable) as refused:
        read_date(cell, latest=LATEST, earliest=SERVED_FROM)
    assert (str(refused.value), refused.value.fix) == (fault, fix)


@pytest.mark.parametrize(("serial", "day"), [(1, date(1900, 1, 1)), (59, date(1900, 2, 28)), (61, date(1900, 3, 1))])
def test_excel_believes_in_a_leap_day_of_1900(serial, day):
    assert read_date(serial, latest=LATEST, earliest=date(1900, 1, 1)) == day


DAYS = st.dates(SERVED_FROM, LATEST)


@given(DAYS)
def test_every_day_comes_back_from_every_form(day):
    forms = [
        f"{day:%m/%d/%Y}",
        f"{day:%m/%d/%y}",
        f"{day:%Y-%m-%d}",
        f"{day:%d-%b-%Y}",
        f"{day:%B} {day.day}, {day.year}",
    ]
    serial = (day - date(1899, 12, 30)) / timedelta(days=1)
    cells = [*forms, int(serial), day]
    assert [read_date(cell, latest=LATEST, earliest=SERVED_FROM) for cell in cells] == [day] * len(cells)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("09:40", time(9, 40)),
        ("9:40 AM", time(9, 40)),
        ("9:40am", time(9, 40)),
        ("9:40 a.m.", time(9, 40)),
        ("9:40:59", time(9, 40)),
        ("9:40 PM", time(21, 40)),
        ("12:00 AM", time(0, 0)),
        ("12 pm", time(12, 0)),
        ("0940", time(9, 40)),
        ("1640", time(16, 40)),
        ("16:40", time(16, 40)),
        ("0:00", time(0, 0)),
        (time(9, 40, 12), time(9, 40)),
        (datetime(2026, 9, 23, 9, 40), time(9, 40)),
        (Decimal("0.402777778"), time(9, 40)),
        (Decimal("46288.402777778"), time(9, 40)),
        (Decimal(0), time(0, 0)),
    ],
)
def test_times_of_day(cell, at):
    assert read_time(cell) == at


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("24:00", "there is no such hour"),
        ("13 pm", "there is no such hour"),
        ("0:30 AM", "there is no such hour"),
        ("9", "this is no time of day"),
        ("9:61", "this is no time of day"),
        ("noon", "this is no time of day"),
        ("", "this is no time of day"),
        (Decimal("0.99999"), "the number is no time of day"),
        (Decimal("-0.4"), "the number is no time of day"),
        (None, "the cell holds no time of day"),
        (940, "the cell holds no time of day"),
        (True, "the cell holds no time of day"),
    ],
)
def test_what_is_no_time_of_day(cell, fault):
    with pytest.raises(TimeUnreadable) as refused:
        read_time(cell)
    assert (str(refused.value), refused.value.fix) == (fault, "Write it as 14:05 or 2:05 PM.")
