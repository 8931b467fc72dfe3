"""The pages of the registry, below /o/<organization>/."""

from django.urls import URLPattern, URLResolver, path

from registry.views import (
    assessments,
    care_plans,
    clinic_safety,
    consents,
    diagnoses,
    duplicates,
    enrol,
    enrolment,
    initial_assessments,
    patients,
    patients_care,
    patients_related,
    protocols,
    referral,
    referrals,
    relapse_plans,
    risk,
    risk_lists,
    risk_protocols,
    safety,
    safety_plans,
    self_reports,
    status,
    tools,
)

urlpatterns: list[URLPattern | URLResolver] = [
    # referrals
    path("referrals/", referrals.referrals, name="referrals"),
    path("referrals/narrow/", referrals.referrals_narrow, name="referrals_narrow"),
    path("referrals/new/", referrals.referral_new, name="referral_new"),
    path("referrals/waiting/", referrals.waiting_list, name="waiting_list"),
    path("referrals/file/", referrals.referrals_file, name="referrals_file"),
    path("referrals/<uuid:referral_id>/", referral.referral, name="referral"),
    path("referrals/<uuid:referral_id>/step/", referral.referral_step, name="referral_step"),
    path("patients/<uuid:patient_id>/refer/", referrals.patient_refer, name="patient_refer"),
    # enrolment
    path("enrol/", enrol.enrol_new, name="enrol_now"),
    path("referrals/<uuid:referral_id>/enrol/", enrol.enrol_referred, name="enrol"),
    path("patients/<uuid:patient_id>/enrol/", enrol.enrol_again, name="enrol_again"),
    path("patients/<uuid:patient_id>/enrolment/", enrolment.enrolment, name="enrolment"),
    path("patients/<uuid:patient_id>/program/", enrolment.program, name="program"),
    path("patients/<uuid:patient_id>/welcome/", enrolment.welcome_sheet, name="welcome_sheet"),
    path("patients/<uuid:patient_id>/consents/new/", consents.consent_new, name="consent_new"),
    path(
        "patients/<uuid:patient_id>/consents/<uuid:consent_id>/revoke/", consents.consent_revoke, name="consent_revoke"
    ),
    path("patients/<uuid:patient_id>/consents/<uuid:consent_id>/void/", consents.consent_void, name="consent_void"),
    path("patients/<uuid:patient_id>/visits/new/", consents.visit_new, name="visit_new"),
    path("patients/<uuid:patient_id>/visits/<uuid:visit_id>/void/", consents.visit_void, name="visit_void"),
    path("patients/<uuid:patient_id>/diagnoses/", diagnoses.diagnoses, name="diagnoses"),
    path("patients/<uuid:patient_id>/diagnoses/search/", diagnoses.diagnosis_search, name="diagnosis_search"),
    path("patients/<uuid:patient_id>/diagnoses/add/", diagnoses.diagnosis_add, name="diagnosis_add"),
    path(
        "patients/<uuid:patient_id>/diagnoses/<uuid:diagnosis_id>/first/",
        diagnoses.diagnosis_first,
        name="diagnosis_first",
    ),
    path(
        "patients/<uuid:patient_id>/diagnoses/<uuid:diagnosis_id>/confirm/",
        diagnoses.diagnosis_confirm,
        name="diagnosis_confirm",
    ),
    path(
        "patients/<uuid:patient_id>/diagnoses/<uuid:diagnosis_id>/end/", diagnoses.diagnosis_end, name="diagnosis_end"
    ),
    # patients
    path("patients/<uuid:patient_id>/details/", patients.details, name="patient_details"),
    path("patients/<uuid:patient_id>/details/<slug:section>/", patients.edit, name="patient_edit"),
    path("patients/<uuid:patient_id>/related/new/", patients_related.related_new, name="related_person_new"),
    path("patients/<uuid:patient_id>/related/<uuid:person_id>/", patients_related.related_edit, name="related_person"),
    path(
        "patients/<uuid:patient_id>/related/<uuid:person_id>/remove/",
        patients_related.related_remove,
        name="related_person_remove",
    ),
    path("patients/<uuid:patient_id>/numbers/new/", patients_related.number_new, name="record_number_new"),
    path(
        "patients/<uuid:patient_id>/numbers/<uuid:number_id>/remove/",
        patients_related.number_remove,
        name="record_number_remove",
    ),
    path("patients/<uuid:patient_id>/coverages/new/", patients_care.coverage_new, name="coverage_new"),
    path("patients/<uuid:patient_id>/coverages/<uuid:coverage_id>/", patients_care.coverage_edit, name="coverage"),
    path(
        "patients/<uuid:patient_id>/coverages/<uuid:coverage_id>/move/",
        patients_care.coverage_move,
        name="coverage_move",
    ),
    path(
        "patients/<uuid:patient_id>/coverages/<uuid:coverage_id>/remove/",
        patients_care.coverage_remove,
        name="coverage_remove",
    ),
    path("patients/<uuid:patient_id>/team/", patients_care.care_team, name="care_team"),
    path("patients/<uuid:patient_id>/stays/new/", patients_care.stay_new, name="stay_new"),
    path("patients/<uuid:patient_id>/stays/<uuid:stay_id>/end/", patients_care.stay_end, name="stay_end"),
    path("patients/<uuid:patient_id>/stays/<uuid:stay_id>/remove/", patients_care.stay_remove, name="stay_remove"),
    path("duplicates/", duplicates.duplicates, name="duplicates"),
    path("patients/<uuid:patient_id>/alike/", duplicates.patient_alike, name="patient_alike"),
    path("patients/<uuid:patient_id>/merge/<uuid:other_id>/", duplicates.patient_merge, name="patient_merge"),
    path("patients/<uuid:patient_id>/apart/<uuid:other_id>/", duplicates.not_the_same, name="not_the_same"),
    path("patients/<uuid:patient_id>/merges/<uuid:merge_id>/undo/", duplicates.merge_undo, name="merge_undo"),
    # plans
    path(
        "patients/<uuid:patient_id>/first-assessment/",
        initial_assessments.initial_assessment,
        name="initial_assessment",
    ),
    path(
        "patients/<uuid:patient_id>/first-assessment/edit/",
        initial_assessments.initial_assessment_edit,
        name="initial_assessment_edit",
    ),
    path(
        "patients/<uuid:patient_id>/first-assessment/compare/",
        initial_assessments.initial_assessment_compare,
        name="initial_assessment_compare",
    ),
    path("patients/<uuid:patient_id>/care-plan/", care_plans.care_plan, name="care_plan"),
    path("patients/<uuid:patient_id>/care-plan/edit/", care_plans.care_plan_edit, name="care_plan_edit"),
    path("patients/<uuid:patient_id>/care-plan/compare/", care_plans.care_plan_compare, name="care_plan_compare"),
    path("patients/<uuid:patient_id>/care-plan/print/", care_plans.care_plan_print, name="care_plan_print"),
    path("patients/<uuid:patient_id>/care-plan/sign/", care_plans.care_plan_sign, name="care_plan_sign"),
    path("patients/<uuid:patient_id>/safety-plan/", safety_plans.safety_plan, name="safety_plan"),
    path("patients/<uuid:patient_id>/safety-plan/edit/", safety_plans.safety_plan_edit, name="safety_plan_edit"),
    path(
        "patients/<uuid:patient_id>/safety-plan/compare/", safety_plans.safety_plan_compare, name="safety_plan_compare"
    ),
    path("patients/<uuid:patient_id>/safety-plan/print/", safety_plans.safety_plan_print, name="safety_plan_print"),
    path("patients/<uuid:patient_id>/relapse-plan/", relapse_plans.relapse_plan, name="relapse_plan"),
    path("patients/<uuid:patient_id>/relapse-plan/edit/", relapse_plans.relapse_plan_edit, name="relapse_plan_edit"),
    path(
        "patients/<uuid:patient_id>/relapse-plan/compare/",
        relapse_plans.relapse_plan_compare,
        name="relapse_plan_compare",
    ),
    path("patients/<uuid:patient_id>/relapse-plan/print/", relapse_plans.relapse_plan_print, name="relapse_plan_print"),
    # status
    path("patients/<uuid:patient_id>/status/", status.episode_status, name="episode_status"),
    path("patients/<uuid:patient_id>/recall/", status.recall, name="recall"),
    path("patients/<uuid:patient_id>/discharge/", status.discharge_patient, name="discharge"),
    path("patients/<uuid:patient_id>/reopen/", status.reopen, name="reopen"),
    path("patients/<uuid:patient_id>/hand-offs/new/", status.hand_off_new, name="hand_off_new"),
    path("patients/<uuid:patient_id>/hand-offs/<uuid:hand_off_id>/seen/", status.hand_off_seen, name="hand_off_seen"),
    # scores
    path("patients/<uuid:patient_id>/scores/", assessments.assessments, name="assessments"),
    path("patients/<uuid:patient_id>/scores/new/", assessments.assessment_new, name="assessment_new"),
    path("patients/<uuid:patient_id>/scores/<uuid:assessment_id>/", assessments.assessment, name="assessment"),
    path(
        "patients/<uuid:patient_id>/scores/<uuid:assessment_id>/replace/",
        assessments.assessment_replace,
        name="assessment_replace",
    ),
    # questionnaires and safety
    path("patients/<uuid:patient_id>/questionnaires/", self_reports.questionnaires, name="questionnaires"),
    path("patients/<uuid:patient_id>/questionnaires/send/", self_reports.questionnaire_send, name="questionnaire_send"),
    path(
        "patients/<uuid:patient_id>/questionnaires/<uuid:report_id>/", self_reports.questionnaire, name="questionnaire"
    ),
    path(
        "patients/<uuid:patient_id>/questionnaires/<uuid:report_id>/withdraw/",
        self_reports.questionnaire_withdraw,
        name="questionnaire_withdraw",
    ),
    path("patients/<uuid:patient_id>/risk/", risk.risk_case, name="risk_case"),
    path("patients/<uuid:patient_id>/risk/<slug:act>/", risk.risk_act, name="risk_act"),
    path("risk/", risk_lists.risk_cases, name="risk_cases"),
    path("risk/drills/", risk_lists.drills, name="risk_drills"),
    path("risk/drills/<uuid:drill_id>/", risk_lists.drill, name="risk_drill"),
    path("safety/", safety.safety_notices, name="safety_notices"),
    path("safety/<uuid:notice_id>/", safety.safety_notice, name="safety_notice"),
    path("safety/<uuid:notice_id>/take/", safety.safety_notice_take, name="safety_notice_take"),
    # settings
    path("settings/", protocols.clinic_settings, name="clinic_settings"),
    path("settings/clinics/<uuid:clinic_id>/", protocols.clinic_protocol, name="clinic_protocol"),
    path("settings/consent-texts/", consents.consent_texts_page, name="consent_texts"),
    path("clinics/<uuid:clinic_id>/risk/", risk_protocols.clinic_risk, name="clinic_risk"),
    path("clinics/<uuid:clinic_id>/safety/", clinic_safety.clinic_safety, name="clinic_safety"),
    path("clinics/<uuid:clinic_id>/duty/", clinic_safety.duty_add, name="duty_add"),
    path("clinics/<uuid:clinic_id>/duty/<uuid:turn_id>/end/", clinic_safety.duty_end, name="duty_end"),
    path("clinics/<uuid:clinic_id>/tools/", tools.clinic_tools, name="clinic_tools"),
]
