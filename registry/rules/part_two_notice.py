"""The notice that a program's patients get (42 CFR 2.22), in plain words of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NoticeToPatients:
    """Its title, and its parts: a heading and paragraphs each."""

    title: str
    parts: Sequence[tuple[str, Sequence[str]]]


_PARTS: Final = (
    (
        "What this notice says",
        (
            (
                "How health information about you may be used and told to others. What rights you have in it. How you "
                "complain when your privacy, the safety of your information or one of these rights was violated."
            ),
            ("You may have a copy of this notice on paper or electronically, and talk it over with {questions_to}."),
        ),
    ),
    (
        "What protects your records",
        (
            (
                "A federal law, 42 CFR part 2, protects records of treatment for substance use more strictly than "
                "other health records. We may not even say that you are a patient here, unless you agree in writing or "
                "that law allows it."
            ),
        ),
    ),
    (
        "What we may do without your written consent",
        (
            (
                "Help you in a medical emergency when your consent cannot be had. Report suspected child abuse or "
                "neglect where state law requires it. Tell the police of a crime, or the threat of one, on our "
                "premises or against our staff."
            ),
            (
                "Tell among ourselves, and to those who work for us under a contract that binds them, what they need "
                "for your care. Let research, audits and evaluations look at records under rules that protect you. "
                "Give public health authorities information that does not identify anybody."
            ),
            (
                "Disclose what a court orders under part 2, after you and we could speak against it, together with a "
                "subpoena."
            ),
        ),
    ),
    (
        "What needs your written consent",
        (
            (
                "Everything else. For treatment, payment and running the program one consent is enough for all future "
                "uses. Whom it names may then tell it further as the federal privacy rules (HIPAA) allow, but not in "
                "proceedings against you."
            ),
            (
                "Your records, and what anybody says of them, are never used against you in a civil, criminal, "
                "administrative or legislative proceeding unless you consent to that on its own or a court orders it."
            ),
            (
                "Counseling notes that are kept apart need a consent of their own. Before we use your records to raise "
                "money for us you may say no."
            ),
            "You may take a consent back at any time, in writing. What was done under it until then stays done.",
        ),
    ),
    (
        "Your rights",
        (
            (
                "You may ask us to limit what we use or tell for treatment, payment or running the program, also after "
                "you consented. We must agree not to tell your insurance what you paid for in full yourself."
            ),
            (
                "You may have a list of disclosures: those with your consent of the last three years, and who "
                "received your records through somebody whose work is to pass them on."
            ),
            (
                "You may have a copy of this notice, talk it over with us, and refuse that we raise money with your "
                "records."
            ),
        ),
    ),
    (
        "Our duties",
        (
            (
                "We must keep your records private, give you this notice, keep to it, and tell you when somebody had "
                "your records who should not. We may change this notice; the new one then holds for all records, and "
                "you get it where you are treated."
            ),
        ),
    ),
    (
        "How to complain",
        (
            (
                "To {questions_to}. Or to the Secretary of the U.S. Department of Health and Human Services, Office "
                "for Civil Rights: hhs.gov/ocr/complaints, 1-800-368-1019. Nobody may treat you worse because you "
                "complained."
            ),
        ),
    ),
)


def notice_to_patients(program: str, questions_to: str) -> NoticeToPatients:
    """What a patient of `program` is told of how their records are used, and of their rights (2.22(b)(1)).

    `questions_to`: name or office and telephone of who answers questions and takes complaints.
    """
    parts = [
        (heading, [text.replace("{questions_to}", questions_to) for text in paragraphs])
        for heading, paragraphs in _PARTS
    ]
    return NoticeToPatients(f"Notice of Privacy Practices of {program}", parts)
