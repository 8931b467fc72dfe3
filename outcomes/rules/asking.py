"""Three questions to a patient about the program: their words in each language, and when they may be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from outcomes.rules.months import month_before, next_month

LINK_DAYS: Final = 14
APART_DAYS: Final = 90
"""So long nobody is asked again, answered or not."""
LONGEST_REMARK: Final = 1000
KEYS: Final = ("reached", "heard", "recommend")
GOOD_FROM: Final = 4
TITLES: Final[Mapping[str, str]] = {
    "reached": "Could reach somebody",
    "heard": "Felt listened to",
    "recommend": "Would recommend it",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that a patient reads, in one language. `answers` are those of 1 to 5."""

    name: str
    title: str
    about: str
    questions: Mapping[str, str]
    answers: tuple[str, str, str, str, str]
    missing: str
    remark: str
    remark_help: str
    too_long: str
    send: str
    thanks: str
    thanks_text: str
    subject: str
    message: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        name="English",
        title="How is it going with us?",
        about="Three questions. It takes a minute. Your answers are put together with those of others: your name is "
        "not shown with them, and they change nothing about your care.",
        questions={
            "reached": "When I needed somebody, I could reach them.",
            "heard": "I was listened to, and we decided together.",
            "recommend": "I would recommend this to a friend.",
        },
        answers=("Not at all", "A little", "Partly", "Mostly", "Fully"),
        missing="Choose one of the answers.",
        remark="Anything else you would like to say? You can leave this empty.",
        remark_help="Please do not write names or anything urgent. Nobody reads this page while you write, and nobody "
        "will answer.",
        too_long="Shorten it to 1,000 letters.",
        send="Send",
        thanks="Thank you",
        thanks_text="Your answers have been sent. You can close this page now.",
        subject="A message from your care team",
        message="Your care team would like to know how it is going. Three short questions, on your phone or computer:"
        "\n\n{link}\n\nThe link can be used once, until {until}. If you did not expect this message, you can ignore "
        "it.\n\nPlease do not answer this message: nobody reads it. In an emergency, call 911. To talk with someone at "
        "any hour, call or text 988.\n",
    ),
    "es": Words(
        name="Español",
        title="¿Cómo le va con nosotros?",
        about="Tres preguntas. Toma un minuto. Sus respuestas se juntan con las de otras personas: su nombre no "
        "aparece con ellas y no cambian nada en su atención.",
        questions={
            "reached": "Cuando necesité a alguien, pude comunicarme.",
            "heard": "Me escucharon y decidimos juntos.",
            "recommend": "Se lo recomendaría a un amigo o una amiga.",
        },
        answers=("Nada", "Un poco", "En parte", "Casi del todo", "Totalmente"),
        missing="Elija una de las respuestas.",
        remark="¿Quiere decir algo más? Puede dejarlo vacío.",
        remark_help="Por favor, no escriba nombres ni nada urgente. Nadie lee esta página mientras usted escribe y "
        "nadie le contestará.",
        too_long="Acórtelo a 1,000 letras.",
        send="Enviar",
        thanks="Gracias",
        thanks_text="Sus respuestas se han enviado. Ya puede cerrar esta página.",
        subject="Un mensaje de su equipo de atención",
        message="Su equipo de atención quisiera saber cómo le va. Tres preguntas cortas, en su teléfono o computadora:"
        "\n\n{link}\n\nEl enlace se puede usar una vez, hasta el {until}. Si no esperaba este mensaje, puede "
        "ignorarlo.\n\nPor favor, no conteste este mensaje: nadie lo lee. En una emergencia, llame al 911. Para hablar "
        "con alguien a cualquier hora, llame o envíe un mensaje de texto al 988.\n",
    ),
}


def may_be_asked_from(last_asked_on: date) -> date:
    """From which day on a patient may be asked again."""
    return last_asked_on + timedelta(days=APART_DAYS)


def language_of(spoken: str) -> str:
    """In which language somebody is asked, from what is on record of theirs: Spanish, else English."""
    return "es" if spoken.strip().casefold() in ("es", "spa", "spanish", "español", "espanol") else "en"


def is_open(*, at: datetime, expires_at: datetime, is_answered: bool, is_voided: bool) -> bool:
    """Whether a link can be answered: until the instant at which it expires, once."""
    return not is_answered and not is_voided and at < expires_at


def message(language: str, *, link: str, until: date) -> str:
    """What the e-mail says: nothing of the program or of why."""
    day = f"{until:%m/%d/%Y}" if language == "en" else f"{until:%d/%m/%Y}"
    return WORDS[language].message.format(link=link, until=day)


def quarter_of(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def quarters_until(day: date, count: int) -> list[date]:
    """So many quarters, that of the day first."""
    first = quarter_of(day)
    return [month_before(first, 3 * back) for back in range(count)]


def end_of_quarter(first: date) -> date:
    """The day after its last."""
    return next_month(next_month(next_month(first)))


def quarter_words(first: date) -> str:
    """`July to September 2026`."""
    return f"{first:%B} to {month_before(first, -2):%B %Y}"


@dataclass(frozen=True, slots=True)
class Said:
    """What the answers to one question add up to: how many, their sum, and how many of them are 4 or 5."""

    count: int = 0
    total: int = 0
    good: int = 0

    @property
    def mean(self) -> str:
        """`4.3`, a half upwards; `n/a` where nobody answered."""
        if not self.count:
            return "n/a"
        return f"{Decimal((20 * self.total + self.count) // (2 * self.count)).scaleb(-1):.1f}"

    @property
    def share(self) -> str:
        """`85.7 %` who said 4 or 5."""
        if not self.count:
            return "n/a"
        return f"{Decimal((2000 * self.good + self.count) // (2 * self.count)).scaleb(-1):.1f} %"


def said_of(answers: Iterable[int]) -> Said:
    """Answers from 1 to 5 put together."""
    every = list(answers)
    return Said(len(every), sum(every), sum(one >= GOOD_FROM for one in every))
