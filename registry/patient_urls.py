"""What patients open without an account, below /q/."""

from django.urls import path

from registry.views import patient_answers

urlpatterns = [
    path("", patient_answers.answer_code, name="answer_code"),
    path("<slug:token>/", patient_answers.answers, name="answers"),
    path("<slug:token>/birth-date/", patient_answers.confirm, name="answers_confirm"),
    path("<slug:token>/<int:number>/", patient_answers.step, name="answers_step"),
    path("<slug:token>/<int:number>/help/", patient_answers.danger, name="answers_help"),
    path("<slug:token>/send/", patient_answers.send, name="answers_send"),
    path("<slug:token>/done/", patient_answers.done, name="answers_done"),
]
