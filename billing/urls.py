"""Below /o/<organization>/billing/."""

from django.urls import path, register_converter

from billing.views import (
    analysis,
    answer_matching,
    answers,
    batches,
    charge_sheets,
    claims,
    clinician_years,
    closes,
    closing,
    coverage_checks,
    denials,
    examples,
    fees,
    filing,
    filing_settings,
    logos,
    look_back,
    month_rows,
    months,
    other_services,
    packets,
    payers,
    practice_files,
    release,
    trial,
)


class MonthConverter:
    """A month as `2026-10`; anything else is not found."""

    regex = r"20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MonthConverter, "month")

urlpatterns = [
    path("denials/", denials.denials, name="denials"),
    path("denials/work/", denials.denials_work, name="denials_work"),
    path("denials/<uuid:denial_id>/", denials.denial, name="denial"),
    path("analysis/", analysis.analysis_page, name="analysis"),
    path("months/", months.current_month, name="current_month"),
    path("months/<month:month>/", months.month, name="month"),
    path("months/<month:month>/episodes/<uuid:episode_id>/", month_rows.month_row, name="month_row"),
    path("months/<month:month>/episodes/<uuid:episode_id>/decision/", release.month_decide, name="month_decide"),
    path(
        "months/<month:month>/episodes/<uuid:episode_id>/decision/withdrawal/",
        release.month_decision_back,
        name="month_decision_back",
    ),
    path("months/<month:month>/held/", release.months_held, name="months_held"),
    path("months/<month:month>/coverage/", coverage_checks.coverage_checks_page, name="coverage_checks"),
    path("coverage/", coverage_checks.current_coverage, name="current_coverage"),
    path("release/", release.release_settings, name="release_settings"),
    path("months/<month:month>/batches/new/", batches.batch_new, name="batch_new"),
    path("months/<month:month>/files/new/", filing.filing_new, name="filing_new"),
    path("months/<month:month>/close/", closes.months_close, name="months_close"),
    path("late/", closes.late_changes_list, name="late_changes"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/", closing.month_close, name="month_close"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/exceptions/", closing.month_exception, name="month_exception"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/corrections/", closing.month_correct, name="month_correct"),
    path("months/<month:month>/clinics/<uuid:clinic_id>/reopening/", closing.month_reopen, name="month_reopen"),
    path("patients/<uuid:patient_id>/services/", other_services.patient_services, name="patient_services"),
    path("patients/<uuid:patient_id>/services/earlier/", other_services.earlier_month, name="earlier_month"),
    path("patients/<uuid:patient_id>/services/access/", other_services.access_alignment, name="access_alignment"),
    path(
        "patients/<uuid:patient_id>/services/<uuid:service_id>/void/", other_services.service_void, name="service_void"
    ),
    path("payers/", payers.payers, name="payers"),
    path("payers/new/", payers.payer_new, name="payer_new"),
    path("payers/rates/", clinician_years.clinician_years, name="clinician_years"),
    path("payers/<uuid:payer_id>/", payers.payer, name="payer"),
    path("payers/<uuid:payer_id>/rules/new/", payers.payer_rules, name="payer_rules"),
    path("payers/<uuid:payer_id>/confirm/", payers.payer_confirm, name="payer_confirm"),
    path("payers/<uuid:payer_id>/rules/<uuid:profile_id>/withdraw/", payers.payer_withdraw, name="payer_withdraw"),
    path("filing/", filing_settings.filing, name="filing"),
    path("filing/provider/", filing_settings.filing_provider, name="filing_provider"),
    path("filing/clearinghouses/new/", filing_settings.receiver_new, name="receiver_new"),
    path("filing/clearinghouses/<uuid:receiver_id>/", filing_settings.receiver, name="receiver"),
    path("filing/payers/<uuid:payer_id>/", filing_settings.payer_route, name="payer_route"),
    path("fees/", fees.fees, name="fees"),
    path("fees/<uuid:fee_id>/withdrawal/", fees.fee_back, name="fee_back"),
    path("fees/payers/<uuid:payer_id>/", fees.payer_fees, name="payer_fees"),
    path("fees/payers/<uuid:payer_id>/new/", fees.payer_fee_new, name="payer_fee_new"),
    path("fees/payers/<uuid:payer_id>/table/", fees.payer_fee_file, name="payer_fee_file"),
    path("fees/payers/<uuid:payer_id>/<uuid:fee_id>/withdrawal/", fees.payer_fee_back, name="payer_fee_back"),
    path("fees/clinicians/", fees.clinician_shares, name="clinician_shares"),
    path("fees/clinicians/<uuid:rate_id>/withdrawal/", fees.share_back, name="share_back"),
    path("charges/", charge_sheets.current_charges, name="current_charges"),
    path("charges/columns/", charge_sheets.charge_columns_page, name="charge_columns"),
    path("months/<month:month>/charges/", charge_sheets.charges, name="charges"),
    path("months/<month:month>/charges/posted/", charge_sheets.charges_post, name="charges_post"),
    path(
        "months/<month:month>/charges/posted/<uuid:posted_id>/withdrawal/",
        charge_sheets.charge_post_back,
        name="charge_post_back",
    ),
    path("months/<month:month>/charges/file/", charge_sheets.charge_sheet_file, name="charge_sheet_file"),
    path("months/<month:month>/charges/paper/", charge_sheets.charges_print, name="charges_print"),
    path("months/<month:month>/episodes/<uuid:episode_id>/sheet/", charge_sheets.cms_sheet, name="cms_sheet"),
    path("trial/", trial.trial, name="trial"),
    path("trial/open/", trial.trial_open, name="trial_open"),
    path("examples/", examples.example_list, name="examples"),
    path("examples/<slug:key>/", examples.example, name="example"),
    path("practice-files/", practice_files.practice_file_list, name="practice_files"),
    path("practice-files/<uuid:file_id>/", practice_files.practice_file, name="practice_file"),
    path("practice-files/<uuid:file_id>/reading/", practice_files.practice_file_correct, name="practice_file_correct"),
    path("practice-files/<uuid:file_id>/taking/", practice_files.practice_file_take, name="practice_file_take"),
    path("practice-files/<uuid:file_id>/undo/", practice_files.practice_file_undo, name="practice_file_undo"),
    path("batches/", batches.batches, name="batches"),
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/file/", batches.batch_file, name="batch_file"),
    path("batches/<uuid:batch_id>/packet/", packets.packet_batch, name="packet_batch"),
    path("months/<month:month>/episodes/<uuid:episode_id>/packet/", packets.packet_month, name="packet_month"),
    path("packets/", packets.packets, name="packets"),
    path("packets/verifying/", packets.packet_verify, name="packet_verify"),
    path("packets/<uuid:packet_id>/", packets.packet, name="packet"),
    path("packets/<uuid:packet_id>/parts/<int:part>/", packets.packet_file_download, name="packet_file"),
    path("filing/logo/", logos.filing_logo, name="filing_logo"),
    path("filing/logo/picture/", logos.filing_logo_picture, name="filing_logo_picture"),
    path("batches/<uuid:batch_id>/sent/", filing.batch_sent, name="batch_sent"),
    path("claims/", filing.claim_search, name="claim_search"),
    path("claims/<uuid:claim_id>/", claims.claim, name="claim"),
    path("claims/<uuid:claim_id>/correction/", claims.claim_correct, name="claim_correct"),
    path("claims/<uuid:claim_id>/void/", claims.claim_void, name="claim_void"),
    path("answers/", answers.answers, name="answers"),
    path("answers/unmatched/", answers.answers_unmatched, name="answers_unmatched"),
    path("answers/<uuid:file_id>/", answers.answer, name="answer"),
    path("answers/<uuid:file_id>/file/", answers.answer_original, name="answer_file"),
    path(
        "answers/claims/<uuid:remittance_claim_id>/match/",
        answer_matching.answer_claim_match,
        name="answer_claim_match",
    ),
    path(
        "answers/acknowledgements/<uuid:acknowledgement_id>/match/", answer_matching.answer_match, name="answer_match"
    ),
    path("look-backs/", look_back.look_back_list, name="look_backs"),
    path("look-backs/<uuid:look_back_id>/", look_back.look_back_page, name="look_back"),
    path("look-backs/<uuid:look_back_id>/choices/", look_back.look_back_choose, name="look_back_choose"),
    path("look-backs/<uuid:look_back_id>/comparison/", look_back.look_back_take, name="look_back_take"),
    path("look-backs/<uuid:look_back_id>/discarding/", look_back.look_back_discard, name="look_back_discard"),
    path("look-backs/<uuid:look_back_id>/paper/", look_back.look_back_print, name="look_back_print"),
    path("look-backs/<uuid:look_back_id>/file/", look_back.look_back_download, name="look_back_file"),
]
