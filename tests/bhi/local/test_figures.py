"""What ./dev test says at its end of what it tried."""

from bhi.local.testing import Count, Outcome, conclude, of_each_kind

REPORT = """<testsuites><testsuite tests="4">
<testcase classname="tests.walls.test_access_matrix" name="a"/>
<testcase classname="tests.walls.test_access_matrix" name="b"/>
<testcase classname="tests.rules.billing.test_release" name="c"/><testcase classname="tests.walls.test_pool" name="d"/>
</testsuite></testsuites>"""


def test_tests_are_counted_by_what_they_are_of(tmp_path, capsys):
    report = tmp_path / "pytest.xml"
    report.write_text(REPORT)
    kinds = of_each_kind(report)
    assert kinds == {"rules": 1, "walls test_access_matrix": 2, "walls test_pool": 1}
    assert conclude([Outcome("pytest", 0, 61.2)], Count(4, 0, 0), kinds) == 0
    assert capsys.readouterr().out.splitlines() == [
        "",
        "  ok      pytest (61 s)",
        "       1  rules",
        "       2  walls: access matrix",
        "       1  walls: pool",
        "",
        "4 passed, 0 failed",
    ]


def test_without_a_report_there_is_nothing_to_count(tmp_path):
    assert of_each_kind(tmp_path / "pytest.xml") == {}
