"""The first assessment: what is asked once at the beginning and updated later, never entered again.

Two things are required, why the patient was referred and whether life was ever in danger; all else may wait, and the
consultant sees that it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from registry.rules.content import Part, choice, day, rows, words

RESULTS = (
    ("helped", "Helped"),
    ("some", "Helped in part"),
    ("none", "Did not help"),
    ("worse", "Made it worse"),
    ("unknown", "Not known"),
)
SCREENS = (("negative", "Negative"), ("positive", "Positive"), ("unclear", "Unclear"))
MIMICS = (("considered", "Considered, still open"), ("ruled_out", "Ruled out"), ("unknown", "Not known"))
PREGNANCY = (
    ("no", "No"),
    ("pregnant", "Pregnant"),
    ("lactating", "Breastfeeding"),
    ("planning", "Planning a pregnancy"),
    ("does_not_apply", "Does not apply"),
)


@dataclass(frozen=True)
class PastTreatment:
    """A drug or therapy that was tried before."""

    treatment: str = words("Drug or therapy", required="Enter the drug or therapy, or clear the row.")
    highest_dose: str = words("Highest dose", most=100)
    weeks: str = words("Weeks", most=40)
    result: str = choice("Result", RESULTS)
    why_stopped: str = words("Why stopped")


@dataclass(frozen=True)
class LabResult:
    """A laboratory value or an ECG."""

    test: str = words("Test", required="Enter what was tested, or clear the row.")
    on: date | None = day("Day")  # noqa: RUF009 - declares a field
    result: str = words("Result")


@dataclass(frozen=True)
class FirstAssessment:
    """One version of the whole."""

    why_referred: str = words("Why referred", is_long=True, required="Say why the patient was referred.")
    patient_wants: str = words("What the patient wants help with", is_long=True)
    psychiatric_history: str = words(
        "Psychiatric history", is_long=True, help="Earlier episodes, diagnoses, hospital stays."
    )
    family_history: str = words("Family history", is_long=True)
    past_treatments: tuple[PastTreatment, ...] = rows(PastTreatment, "Past treatments", one="Past treatment", blank=3)
    suicide_history: str = words(
        "Suicide and self-harm",
        is_long=True,
        required="Say what is known of suicide attempts and self-harm. Write “none” if there were none.",
        help="Thoughts, attempts with dates, self-harm. Write “none” if there were none.",
    )
    violence_history: str = words("Violence", is_long=True, help="Towards others, and from others.")
    bipolar_screen: str = choice("Bipolar screen", SCREENS)
    bipolar_notes: str = words("What was found about bipolar disorder", is_long=True)
    psychosis_screen: str = choice("Psychosis screen", SCREENS)
    psychosis_notes: str = words("What was found about psychosis", is_long=True)
    trauma: str = words("Trauma", is_long=True, help="As much as the patient wants to tell.")
    alcohol: str = words("Alcohol", is_long=True)
    drugs: str = words("Drugs, tobacco, misused medication", is_long=True)
    medical_problems: str = words("Medical problems", is_long=True)
    thyroid: str = choice("Thyroid disease", MIMICS)
    anemia: str = choice("Anemia", MIMICS)
    sleep_apnea: str = choice("Sleep apnea", MIMICS)
    medication_effects: str = choice("Effects of medication", MIMICS)
    substance_effects: str = choice("Effects of substances", MIMICS)
    allergies: str = words("Allergies", is_long=True, help="With what happened. Write “none known” if there are none.")
    pregnancy: str = choice("Pregnancy or breastfeeding", PREGNANCY)
    pregnancy_notes: str = words("About it", help="Weeks, due date, contraception.")
    labs: tuple[LabResult, ...] = rows(LabResult, "Labs and ECG", one="Test")
    sleep: str = words("Sleep", is_long=True)
    cognition: str = words("Memory and concentration", is_long=True)
    function: str = words("Day to day", is_long=True, help="Work, home, what has become hard.")
    supports: str = words(
        "Supports and strains", is_long=True, help="People and things that help; what weighs on them."
    )
    work_hours: str = words("Work hours")
    telephone: str = words("Phone", help="Shared, prepaid, no private place to talk.")
    transport: str = words("Transport")
    cost: str = words("Cost")
    child_care: str = words("Child care")
    reading: str = words("Reading", help="Language, eyesight, reading with ease.")


PARTS = (
    Part("referral", "Why referred", ("why_referred", "patient_wants"), is_open=True),
    Part("danger", "Suicide and violence", ("suicide_history", "violence_history"), is_open=True),
    Part("history", "Psychiatric history", ("psychiatric_history", "family_history")),
    Part("treatments", "Past treatments", ("past_treatments",)),
    Part(
        "screens",
        "Bipolar disorder and psychosis",
        ("bipolar_screen", "bipolar_notes", "psychosis_screen", "psychosis_notes"),
    ),
    Part("trauma", "Trauma", ("trauma",)),
    Part("substances", "Alcohol and drugs", ("alcohol", "drugs")),
    Part("medical", "Medical problems", ("medical_problems",)),
    Part(
        "mimics",
        "What else could look like this",
        ("thyroid", "anemia", "sleep_apnea", "medication_effects", "substance_effects"),
    ),
    Part("allergies", "Allergies", ("allergies",)),
    Part("pregnancy", "Pregnancy or breastfeeding", ("pregnancy", "pregnancy_notes")),
    Part("labs", "Labs and ECG", ("labs",)),
    Part("function", "Day to day, supports", ("sleep", "cognition", "function", "supports")),
    Part(
        "constraints",
        "What stands in the way",
        ("work_hours", "telephone", "transport", "cost", "child_care", "reading"),
    ),
)
