"""`manage.py bench` runs from end to end on few rows: its statements fit the tables, its pages the product's."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MEASURED = {
    "roll-up of all open months, every row written",
    "the same again, nothing changed",
    "one changed month refreshed",
    "one verdict",
    "caseload page",
    "caseload page by name",
    "statements of an empty page",
    "statements of the caseload page's own",
    "review queue, everybody's",
    "statements of review queue, everybody's",
    "not improving",
    "statements of not improving",
    "today, everybody's",
    "statements of today, everybody's",
    "a first night of outcomes",
    "a night of outcomes",
    "a month measured",
    "dashboard, time in the database",
    "dashboard, the page",
    "statements of the dashboard",
    "nightly sweep, the first",
    "nightly sweep",
    "packet",
    "packet, by its own words",
    "reading what a packet prints",
    "saving a contact, the page's POST",
    "the same without scores",
    "saving a contact, the operation alone",
    "audit, whom one person saw in a month",
    "audit, whom one person saw in six years",
    "audit, all of them, for the list with names",
    "audit, what one person did in six years",
    "audit, the newest fifty events",
    "audit, the newest fifty of a patient, and lists",
    "audit, the newest fifty refusals",
    "audit, nobody's events",
    "audit, sealing a day",
}


def test_a_small_run_measures_everything(django_test_environment: None, django_db_blocker: Any) -> None:
    from tests import databases

    with django_db_blocker.unblock(), databases.scratch_copy(f"{databases.PREFIX}_{os.getpid()}_bench") as name:
        command = (sys.executable, "manage.py", "bench", "--small", "--database", name)
        environ = os.environ | {"BHI_LOCAL_SUPPLIED": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    assert {line.split("  ")[0] for line in lines} == MEASURED
    verdicts = {line.split("  ")[0]: line.split()[-1] for line in lines if "statements" in line}
    assert verdicts["statements of an empty page"] == "ok"
