"""What a patient takes home at the start, in plain words of our own, in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet in one language: a title and sections of a heading and paragraphs."""

    language: str
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sheet says about this patient. Empty text where it is not known yet."""

    clinic: str
    hours: str
    care_manager: str
    clinician: str
    next_on: str
    cost: str
    crisis: str


_TITLE = MappingProxyType({"en": "Welcome to your care team", "es": "Bienvenido a su equipo de atención"})
_HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "en": ("Who calls you", "How often", "What we talk about", "What it costs", "If you are in danger", "Stopping"),
    "es": (
        "Quién le llama", "Con qué frecuencia", "De qué hablamos", "Cuánto cuesta", "Si está en peligro",
        "Dejar de participar",
    ),
})  # fmt: skip


_MONTHS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "es": (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
        "noviembre", "diciembre",
    ),
})  # fmt: skip


def day_in(on: date, language: str) -> str:
    """A day in a language: `October 12, 2026`, `12 de octubre de 2026`."""
    month = _MONTHS[language][on.month - 1]
    return f"{on.day} de {month} de {on.year}" if language == "es" else f"{month} {on.day}, {on.year}"


def welcome_sheet(facts: Facts, language: str) -> Sheet:
    """The sheet in a language, "en" or "es"."""
    paragraphs = _spanish(facts) if language == "es" else _english(facts)
    return Sheet(language, _TITLE[language], tuple(zip(_HEADINGS[language], paragraphs, strict=True)))


def _english(facts: Facts) -> tuple[tuple[str, ...], ...]:
    who = f"{facts.care_manager} is your care manager" if facts.care_manager else "A care manager of the clinic"
    with_whom = f" and works with {facts.clinician}" if facts.clinician else " and works with your own clinician"
    return (
        (
            f"{who}{with_whom} and a psychiatric specialist. The specialist advises us and usually does not meet you.",
            f"We are {facts.clinic}. Office hours: {facts.hours}.",
        ),
        (
            "At first every week or two, by phone, by video or in the clinic. Later less often, as you get better.",
            *((f"Your next contact is planned for {facts.next_on}.",) if facts.next_on else ()),
        ),
        (
            (
                "How you sleep, feel and cope, your goals, your medication, and small steps between the calls. Now and "
                "then we ask the same short questions again, to see together whether the treatment works."
            ),
        ),
        (facts.cost,),
        (facts.crisis, "Messages and questionnaires are not read at all hours. In danger, do not wait for us."),
        ("Taking part is your choice. You can stop at any time: tell any of us. Your other care goes on as before.",),
    )


def _spanish(facts: Facts) -> tuple[tuple[str, ...], ...]:
    who = (
        f"{facts.care_manager} coordina su atención"
        if facts.care_manager
        else "Una persona de la clínica coordina su atención"
    )
    with_whom = facts.clinician or "su propio médico o profesional"
    return (
        (
            (
                f"{who} y trabaja con {with_whom} y con un especialista en psiquiatría. El especialista nos aconseja y "
                "normalmente no se reúne con usted."
            ),
            f"Somos {facts.clinic}.",
        ),
        (
            (
                "Al principio cada una o dos semanas, por teléfono, por video o en la clínica. Después con menos "
                "frecuencia, a medida que mejore."
            ),
            *((f"Su próximo contacto está previsto para el {facts.next_on}.",) if facts.next_on else ()),
        ),
        (
            (
                "De cómo duerme, cómo se siente y cómo le va, de sus metas, de sus medicamentos y de pequeños pasos "
                "entre las llamadas. De vez en cuando repetimos las mismas preguntas cortas para ver juntos si el "
                "tratamiento funciona."
            ),
        ),
        (facts.cost,),
        (facts.crisis, "Mensajes y cuestionarios no se leen a todas horas. En peligro, no espere nuestra respuesta."),
        (
            (
                "Participar es su elección. Puede dejarlo en cualquier momento: dígaselo a cualquiera de nosotros. "
                "Su demás atención sigue como antes."
            ),
        ),
    )
