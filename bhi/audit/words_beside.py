"""The same of what stands beside care: questions to clinicians, hand-overs, letters, and going live."""

from __future__ import annotations

BESIDE: dict[str, str] = {
    "clinician_request.answered": "recorded a clinician's answer",
    "clinician_request.closed": "closed a question to the clinician",
    "clinician_request.made": "asked the treating clinician something",
    "clinician_request.voided": "took back a question to the clinician",
    "coordination.viewed": "opened the care coordination",
    "external_referral.followed": "followed up a referral to other care",
    "external_referral.sent": "referred the patient to other care",
    "external_referral.voided": "took back a referral to other care",
    "cover.ended": "ended days on which somebody stands in",
    "cover.set": "said who stands in for whom",
    "hand_over.made": "handed a patient over to a colleague",
    "hand_over.opened": "opened the patients to hand over",
    "hand_over.read": "read what was said at a hand-over",
    "letter.opened": "opened a letter to write",
    "letter.viewed": "opened a letter",
    "letter.written": "wrote a letter",
    "letter_template.set": "set what a letter says",
    # going live
    "clinic.made": "added a clinic",
    "setup.said": "said that a point of the set-up is settled or not needed",
    "setup.unsaid": "took back what was said of a point of the set-up",
    "training.recorded": "recorded a training",
    "payer.coverage_asked": "recorded whether a payer covers the services",
    "pilot.reviewed": "looked back on the first two weeks",
    "check.viewed": "opened a clinic's monthly check",
    "check.signed": "signed a clinic's monthly check",
    "model_fit.answered": "asked which model fits",
    "program.moved": "moved patients to the other program",
    "program.move_opened": "opened the patients to move to the other program",
}
