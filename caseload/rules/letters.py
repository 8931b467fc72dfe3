"""Letters to patients: what they say where an organization wrote nothing of its own, and how names come in.

Nothing that can be read from outside, and nothing in the letter, names behavioral health: others open post.
Source: disengagement 5.4 of the clinical rules (letter with the way back).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

UNABLE, CLOSING, GRADUATION = "unable_to_reach", "closing", "graduation"
LANGUAGES = (("en", "English"), ("es", "Español"))
# What may stand in braces, and what it becomes, in words for the page.
PLACES: Mapping[str, str] = MappingProxyType(
    {"name": "the patient's name", "practice": "the clinic's name", "care_manager": "the care manager's name"}
)
LONGEST = 5_000
_PLACE = re.compile(r"\{([^{}]*)\}")
# Words that would tell whoever reads along, by how they begin.
_TELLING = re.compile(r"\b(behavioral|mental|psychiatr|psiqui|depres|anxi|ansiedad|phq|suicid)", re.IGNORECASE)

DEFAULTS: Mapping[tuple[str, str], str] = MappingProxyType({
    (UNABLE, "en"): "Dear {name},\n\nWe tried to call you and could not reach you. We would like to hear how you are, "
    "and we keep your place for you.\n\nPlease call us at the number that you have for us, at a time that suits you. "
    "If another number or another time of day is better, tell us that too.\n\nYours,\n{care_manager}\n{practice}",
    (UNABLE, "es"): "Estimado/a {name}:\n\nLe hemos llamado y no pudimos comunicarnos con usted. Nos gustaría saber "
    "cómo está, y le guardamos su lugar.\n\nLlámenos, por favor, al número que tiene de nosotros, a la hora que le "
    "convenga. Si otro número u otra hora es mejor, díganoslo también.\n\nAtentamente,\n{care_manager}\n{practice}",
    (CLOSING, "en"): "Dear {name},\n\nWe have not been able to reach you for some time, so we are closing our calls "
    "with you for now. Your doctor at {practice} still takes care of you.\n\nYou can come back whenever you like: one "
    "call to us is enough.\n\nYours,\n{care_manager}\n{practice}",
    (CLOSING, "es"): "Estimado/a {name}:\n\nHace tiempo que no logramos comunicarnos con usted, así que por ahora "
    "dejamos de llamarle. Su médico en {practice} le sigue atendiendo.\n\nPuede volver cuando quiera: basta con una "
    "llamada.\n\nAtentamente,\n{care_manager}\n{practice}",
    (GRADUATION, "en"): "Dear {name},\n\nYou have reached what you set out to do. Congratulations! Our regular calls "
    "end here. Keep your plan at hand, and keep doing what helped you.\n\nIf things get harder again, call us early: "
    "you can come back whenever you like.\n\nYours,\n{care_manager}\n{practice}",
    (GRADUATION, "es"): "Estimado/a {name}:\n\nHa logrado lo que se propuso. ¡Felicidades! Aquí terminan nuestras "
    "llamadas regulares. Tenga su plan a mano y siga con lo que le ayudó.\n\nSi las cosas vuelven a ponerse difíciles, "
    "llámenos pronto: puede volver cuando quiera.\n\nAtentamente,\n{care_manager}\n{practice}",
})  # fmt: skip


def filled(body: str, values: Mapping[str, str]) -> str:
    """The letter with names in their places; a brace that is no place of ours stays as it is."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), body)


def faults_of_letter(body: str, *, is_template: bool) -> tuple[str, ...]:
    """Why a text cannot go out, in sentences: empty, with a place that nothing fills, or telling what it is about."""
    found = []
    if not body.strip():
        found.append("Write the letter.")
    unknown = [f"{{{name}}}" for name in _PLACE.findall(body) if not is_template or name not in PLACES]
    if unknown:
        found.append(f"Nothing fills {', '.join(unknown)}. Write what should stand there.")
    if _TELLING.search(body):
        found.append("The letter tells others what the care is about. Leave that out: post is read by others.")
    return tuple(found)
