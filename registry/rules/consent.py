"""Consent: who can give it, what it has to tell, what it may cost, and when it has to be asked for again.

Sources: 42 CFR 410.26(b)(5) and the Medicare Physician Fee Schedule rule for 2017 (81 FR 80230): advance consent,
verbal allowed if documented, permission to consult specialists, cost sharing also for services without the patient
present. One practitioner a month and the right to stop are elements of care management consent, told here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

ADULT_FROM = 18
PATIENT, REPRESENTATIVE, MINOR = "patient", "representative", "minor"
LONGEST_TEXT = 8000

STARTER_TEXTS: Mapping[str, str] = MappingProxyType({
    "en": (
        "We would like to help you feel better with a team, here in our clinic.\n\n"
        "The team is your own clinician, a care manager who calls or meets you regularly, and a psychiatric specialist "
        "who advises the team. The specialist usually does not meet you. Your clinician stays in charge of your "
        "treatment.\n\n"
        "To do this we share what we need to know about your health among the team, and with other specialists where "
        "your treatment needs it. Part of the work is done without you, such as reviewing how you are doing.\n\n"
        "Your insurance is billed for each month in which we work with you. Your plan may ask you to pay a part, also "
        "for work done when you are not there. If you are a Qualified Medicare Beneficiary (QMB), you pay nothing. "
        "Only one practitioner can bill for this care in a month.\n\n"
        "Saying yes is your choice. You can stop at any time; tell any of us. Your other care goes on as before.\n\n"
        "Do you agree to take part?"
    ),
    "es": (
        "Queremos ayudarle a sentirse mejor con un equipo, aquí en nuestra clínica.\n\n"
        "El equipo lo forman su propio médico o profesional, una persona encargada de coordinar su atención que le "
        "llama o se reúne con usted con regularidad, y un especialista en psiquiatría que aconseja al equipo. "
        "Normalmente el especialista no se reúne con usted. Su médico o profesional sigue a cargo de su tratamiento."
        "\n\n"
        "Para hacerlo, compartimos dentro del equipo lo que necesitamos saber de su salud, y con otros especialistas "
        "cuando su tratamiento lo requiere. Parte del trabajo se hace sin usted, como revisar cómo va.\n\n"
        "Se cobra a su seguro por cada mes en que trabajamos con usted. Su plan puede pedirle que pague una parte, "
        "también por el trabajo que se hace cuando usted no está presente. Si usted es Beneficiario Calificado de "
        "Medicare (QMB), no paga nada. Solo un profesional puede cobrar por esta atención en un mes.\n\n"
        "Decir que sí es su elección. Puede dejarlo en cualquier momento; dígaselo a cualquiera de nosotros. Su demás "
        "atención sigue como antes.\n\n"
        "¿Está de acuerdo en participar?"
    ),
})  # fmt: skip


def age_on(birth_date: date, day: date) -> int:
    """Whole years on a day; born on 29 February, one is older from the first of March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_minor(birth_date: date, day: date) -> bool:
    """Under eighteen. Some states count differently; the basis on which a minor consents alone is written down."""
    return age_on(birth_date, day) < ADULT_FROM


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent about to be recorded: its day, the person, and who gave it."""

    on: date
    birth_date: date
    died_on: date | None
    given_by: str
    has_representative: bool
    minor_basis: str


def fault_of(asked: Asked) -> tuple[str, str] | None:
    """The field and the sentence of what cannot be; None when the consent can be recorded."""
    minor = is_minor(asked.birth_date, asked.on)
    if asked.on < asked.birth_date:
        return "on", "The day is before the patient's birth. Correct it."
    if asked.died_on is not None and asked.on > asked.died_on:
        return "on", "The day is after the patient's death. Correct it."
    if asked.given_by == REPRESENTATIVE and not asked.has_representative:
        return (
            "representative",
            "Choose the representative. If they are not listed, add them to the patient's people.",
        )
    if asked.given_by == MINOR and not minor:
        return "given_by", "The patient was of age on that day. Choose the patient or a representative."
    if asked.given_by == MINOR and not asked.minor_basis.strip():
        return "minor_basis", "Say by which law or rule the minor may consent alone."
    if asked.given_by == PATIENT and minor:
        return (
            "given_by",
            "The patient was under 18 that day. Choose a representative, or the minor consenting alone.",
        )
    return None


def given_too_late(given_at: datetime, *, now: datetime) -> tuple[str, str] | None:
    """The field and the sentence where consent would lie in the future. Five minutes of a fast clock are allowed."""
    if given_at > now + timedelta(minutes=5):
        return "on", "Consent cannot be given in the future. Correct the day or the time."
    return None


@dataclass(frozen=True, slots=True)
class Insured:
    """What is known of an insurance for telling the patient what this costs."""

    payer: str
    plan: str = ""
    is_medicare: bool = False
    is_self_pay: bool = False


COST_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "nothing": MappingProxyType({
        "en": "You pay nothing: as a Qualified Medicare Beneficiary (QMB) you may not be billed for your share.",
        "es": "Usted no paga nada: como Beneficiario Calificado de Medicare (QMB) no se le puede cobrar su parte.",
    }),
    "medicare": MappingProxyType({
        "en": (
            "Medicare pays 80 percent after the yearly deductible. You or your other insurance may have to pay the "
            "other 20 percent for each month in which we work with you."
        ),
        "es": (
            "Medicare paga el 80 por ciento después del deducible anual. Usted o su otro seguro pueden tener que pagar "
            "el 20 por ciento restante por cada mes en que trabajamos con usted."
        ),
    }),
    "plan": MappingProxyType({
        "en": (
            "Your plan may ask you to pay a part for each month in which we work with you: a copay, a share, or the "
            "deductible. We can tell you whom to ask before you decide."
        ),
        "es": (
            "Su plan puede pedirle que pague una parte por cada mes en que trabajamos con usted: un copago, un "
            "porcentaje o el deducible. Podemos decirle a quién preguntar antes de decidir."
        ),
    }),
    "self_pay": MappingProxyType({
        "en": "You have no insurance on record here. Ask us for the price of a month before you decide.",
        "es": "No tenemos registrado ningún seguro suyo. Pregúntenos el precio de un mes antes de decidir.",
    }),
})  # fmt: skip

_QMB = re.compile(r"\bQMB\b|qualified medicare beneficiary", re.IGNORECASE)


def cost_kind(insurances: Iterable[Insured]) -> str:
    """Which of COST_WORDS is said to a patient: nothing (QMB), medicare, plan, or self_pay without insurance.

    QMB holds only where the record says so, in a plan's or payer's name: being on Medicaid too is not enough.
    """
    found = list(insurances)
    if any(_QMB.search(f"{one.payer} {one.plan}") for one in found):
        return "nothing"
    if not found or all(one.is_self_pay for one in found):
        return "self_pay"
    return "medicare" if found[0].is_medicare else "plan"


def is_for_another(consented_to: object | None, billing: object | None) -> bool:
    """Whether consent names another practitioner than the one who bills now, so that it is asked for again.

    A consent that names nobody, as imports bring it, is not taken for another's.
    """
    return consented_to is not None and billing is not None and consented_to != billing
