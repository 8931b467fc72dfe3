"""Answers in the browser."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from billing.models import Acknowledgement, AnswerFile, Claim, RemittanceClaim
from billing.operations import answers
from billing.rules.x12.decoding import MOST_BYTES
from tests.billing.filed import CONTROL, Filed, filed
from tests.billing.test_pages import text_of
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.registry import PatientFactory, system_seat
from tests.rules.billing.answer_texts import (
    acknowledged_claims,
    acknowledged_file,
    claim_said,
    paid_claim,
    payment,
    remittance,
    reversed_claim,
)
from tests.statements import own

pytestmark = pytest.mark.django_db
LIST = "/o/lakeside/billing/answers/"
PLAIN = remittance(payment(paid_claim()))


@pytest.fixture
def out(organization: Any) -> Filed:
    with tenant(organization):
        made = filed(organization)
        made.claim()
        return made


@pytest.fixture
def billing(out: Filed, client_for: Any) -> Client:
    made: Client = client_for("billing")
    return made


def send(client: Client, *texts: str | bytes, names: tuple[str, ...] = ()) -> Any:
    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    names = names or tuple(f"answer{at}.txt" for at in range(len(raw)))
    files = [SimpleUploadedFile(name, content) for name, content in zip(names, raw, strict=True)]
    return client.post(LIST, {"chosen": files}, follow=True)


def waiting(out: Filed) -> RemittanceClaim:
    with tenant(out.organization):
        return RemittanceClaim.objects.get(claim__isnull=True)


def test_the_empty_page_says_what_to_do(billing: Client) -> None:
    text = text_of(billing.get(LIST))
    assert text.count("No answer yet After a batch went out, fetch the 999 and 277CA") == 1
    unmatched = text_of(billing.get(f"{LIST}unmatched/"))
    assert unmatched.count("Nothing waits Every answer found its batch or claim, or was set aside.") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Choose the file."),
        (b"", "answer0.txt: The file is empty."),
        (b"\x89PNG\r\n", "answer0.txt: The file is a picture, not an answer to claims."),
        (PLAIN[:400].encode(), "answer0.txt: The file is cut off in the middle of segment"),
    ],
)
def test_what_is_no_answer_is_refused_at_its_field(
    billing: Client, out: Filed, content: bytes | None, sentence: str
) -> None:
    page = billing.post(LIST, {}) if content is None else send(billing, content)
    assert (page.status_code, text_of(page).count(sentence)) == (422, 1)
    with tenant(out.organization):
        assert AnswerFile.objects.count() == 0


def test_what_is_too_large_is_said(billing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.forms.answers.MOST_BYTES", 10)
    page = send(billing, PLAIN)
    assert (page.status_code, text_of(page).count("answer0.txt is larger than 25 MB. Ask the clearinghouse")) == (
        422,
        1,
    )


@pytest.mark.parametrize("more", [0, 1])
def test_at_the_very_byte_it_is_too_large(billing: Client, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    """What is too large is said before anything of it is read."""
    read: list[int] = []

    def take(*, content: bytes, **rest: Any) -> Any:
        read.append(len(content))
        raise answers.AnswerUnreadable("Read.")

    monkeypatch.setattr(answers, "take_answer", take)
    page = send(billing, b"I" * (MOST_BYTES + more))
    sentences = ("answer0.txt: Read.", "answer0.txt is larger than 25 MB. Ask the clearinghouse for it in parts")
    assert (page.status_code, text_of(page).count(sentences[more]), len(read)) == (422, 1, 1 - more)


def test_too_many_at_once_are_said(billing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.forms.answers.MOST_FILES", 1)
    page = send(billing, PLAIN, acknowledged_file())
    assert (page.status_code, text_of(page).count("Choose 1 files at most at a time.")) == (422, 1)


def test_a_payment_is_shown_claim_by_claim(billing: Client) -> None:
    page = send(billing, PLAIN)
    text = text_of(page)
    for words in (
        "answer0.txt was read.",
        "Abara, Jo 00001-00001-ABCDEF",
        "99492 × 1, Feb 28: $170.00 charged, $145.00 paid, $145.00 allowed; CO-45 above what the payer allows: $25.00",
        "CO-97 the payer sees this as part of another service: $120.00; remarks N20",
        "MEDICARE PART B MAPLE GROVE NPI 1234567893 EFT100 Mar 20",
    ):
        assert text.count(words) == 1, (words, text)


def test_other_plans_that_an_answer_names_are_shown_with_it(billing: Client, out: Filed) -> None:
    others = "NM1*TT*2*MEDIGAP CO*****PI*99~NM1*PR*2*AETNA*****PI*60054~SVC*HC:99492"
    text = text_of(send(billing, remittance(payment(paid_claim(status="19").replace("SVC*HC:99492", others)))))
    with tenant(out.organization):
        claim_id = Claim.objects.get().id
    page = text_of(billing.get(f"/o/lakeside/billing/claims/{claim_id}/"))
    for words in ("assed on to MEDIGAP CO", "o be asked first: AETNA, number 60054"):
        assert [shown.count(words) for shown in (text, page)] == [1, 1]


def test_the_procedure_as_asked_is_said_where_the_payer_made_another_of_it(billing: Client) -> None:
    body = paid_claim().replace("SVC*HC:99492*170.00*145.00**1", "SVC*HC:99493*170.00*145.00**1*HC:99492")
    text = text_of(send(billing, remittance(payment(body.replace(f"REF*6R*{CONTROL}-1~", "")))))
    assert (text.count("99493 for 99492 as asked × 1, Feb 28"), text.count("no line of the claim")) == (1, 0)


def test_read_before_is_said_and_leads_there(billing: Client) -> None:
    first = send(billing, PLAIN)
    again = send(billing, PLAIN, names=("renamed.txt",))
    assert again.redirect_chain == first.redirect_chain
    assert text_of(again).count("renamed.txt was read before, on ") == 1
    other = send(billing, PLAIN.replace("~", "~\n"))
    assert text_of(other).count("A payment in it was posted before It came in answer0.txt") == 1


def test_several_at_once_each_for_itself(billing: Client, out: Filed) -> None:
    page = send(billing, PLAIN, acknowledged_file(), names=("era.txt", "ack.txt"))
    text = text_of(page)
    assert [text.count(words) for words in ("era.txt was read.", "ack.txt was read.")] == [1, 1]
    some = send(billing, b"%PDF-1", acknowledged_file("R"), names=("scan.pdf", "second.txt"))
    text = text_of(some)
    assert some.status_code == 422
    assert [text.count(words) for words in ("scan.pdf: The file is a PDF", "second.txt was read.")] == [1, 1]
    with tenant(out.organization):
        assert AnswerFile.objects.count() == 3


def test_what_does_not_add_up_is_shown_with_its_arithmetic(billing: Client) -> None:
    text = text_of(send(billing, remittance(payment(paid_claim(), total="1.00"))))
    assert text.count("its 1 claim was paid $145.00, but its total is $1.00. Nothing was posted.") == 1
    assert text.count("answer0.txt was refused: nothing of it was posted.") == 1


def test_acknowledgements_are_shown_with_their_faults(billing: Client) -> None:
    text = text_of(send(billing, acknowledged_file("R", faults="IK3*CLM*19**8~IK4*5:1*1331*7*98~")))
    assert text.count("Batch 7") == 1
    assert text.count("CLM, segment 19, element 5:1: not a code of its list (7)") == 1
    claims = text_of(send(billing, acknowledged_claims(claim_said(CONTROL, "A7:562"))))
    assert claims.count("Rejected, something is invalid: an NPI A7:562") == 1


def test_unknown_parts_and_reversals_are_shown(billing: Client) -> None:
    body = payment(paid_claim(), reversed_claim(), total="10.00", after="PLB*1*20261231*WO:ICN1*-10~").replace(
        "LX*1~", "ZZZ*what~LX*1~"
    )
    text = text_of(send(billing, remittance(body)))
    for words in ("ZZZ*what", "Payment taken back", "−\u2060$290.00", "WO (ICN1): −\u2060$10.00"):
        assert text.count(words) == 1, words


def test_a_long_file_shows_that_it_is_being_read(billing: Client, out: Filed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "AT_ONCE_BYTES", 10)
    goes_on = ("answer0.txt is being read.", "You can leave this page; it goes on.")
    for _ in range(2):
        text = text_of(send(billing, PLAIN))
        assert [text.count(words) for words in goes_on] == [1, 1]
    with tenant(out.organization):
        Job.objects.update(state="dead")
        file = AnswerFile.objects.get()
    assert (
        text_of(billing.get(f"{LIST}{file.id}/")).count(
            "It did not finish Nothing was posted; the file is kept. Choose it again"
        )
        == 1
    )
    text = text_of(send(billing, PLAIN))
    assert [text.count(words) for words in goes_on] == [1, 1]
    with tenant(out.organization):
        assert sorted(Job.objects.values_list("state", flat=True)) == ["dead", "queued"]


def test_the_original_is_fetched_as_it_came(billing: Client, out: Filed, client_for: Any) -> None:
    send(billing, PLAIN)
    with tenant(out.organization):
        file = AnswerFile.objects.get()
    answer = billing.get(f"{LIST}{file.id}/file/")
    assert (answer.content, answer["Content-Type"]) == (PLAIN.encode(), "application/octet-stream")
    with tenant(out.organization):
        answers.discard_old_answers(by=file.by, at=file.received_at + answers.KEPT_FOR)
    assert billing.get(f"{LIST}{file.id}/file/").status_code == 404
    assert text_of(billing.get(f"{LIST}{file.id}/")).count("The file as it came") == 0


def test_the_original_is_not_there_for_who_may_not_see_everybody_in_it(billing: Client, out: Filed) -> None:
    with tenant(out.organization):
        out.claim("00001-00002-ABCDEF", family_name="Berg")
        second = Claim.objects.latest("number")
    send(billing, remittance(payment(paid_claim(), paid_claim(second.control_number), total="290.00")))
    with tenant(out.organization):
        url = f"{LIST}{AnswerFile.objects.get().id}/file/"
        restrict = partial(RestrictionFactory, organization=out.organization, seats=[])
        other = PatientFactory(organization=out.organization)
        restrict(patient=other, recorded_by=system_seat(out.organization))
    assert billing.get(url).status_code == 200
    with tenant(out.organization):
        restrict(patient=second.patient, recorded_by=system_seat(out.organization))
    assert billing.get(url).status_code == 404


def test_from_waiting_to_matched(billing: Client, out: Filed) -> None:
    page = send(billing, remittance(payment(paid_claim("0007-0001"))))
    assert text_of(page).count("Somebody has to look") == 1
    assert text_of(billing.get(LIST)).count("To match (1)") == 1
    here = f"{LIST}claims/{waiting(out).id}/match/"
    assert billing.get(f"{LIST}unmatched/").content.decode().count(here) == 1
    text = text_of(billing.get(here))
    assert text.count("name, first name, day, codes, charge") == 1
    with tenant(out.organization):
        claim_id = filed_claim(out)
    done = billing.post(here, {"act": "match", "claim": str(claim_id)}, follow=True)
    assert (text_of(done).count("Matched."), text_of(done).count("Nothing waits")) == (1, 1)
    again = billing.post(here, {"act": "match", "claim": str(claim_id)}, follow=True)
    assert again.status_code == 200
    assert text_of(billing.get(here)).count("It is known which claim this is.") == 1


def filed_claim(out: Filed) -> Any:
    return Claim.objects.get(batch=out.batch).id


def test_what_is_typed_wrong_is_said_where_it_is(billing: Client, out: Filed) -> None:
    send(billing, remittance(payment(paid_claim("0007-0001"))))
    here = f"{LIST}claims/{waiting(out).id}/match/"
    for data, sentence in (
        ({"act": "aside", "because": ""}, "Say in a few words why this is not one of yours."),
        ({"act": "search", "words": "x"}, "Enter at least two letters."),
        ({"act": "search", "words": ""}, "Enter a family name or a claim number."),
        ({"act": "match", "claim": "shoe"}, "Choose a claim."),
        ({"act": "search", "words": "Nobody"}, "No claim of that name or number."),
    ):
        page = billing.post(here, data)
        assert text_of(page).count(sentence) == 1, data
        assert page.status_code == (200 if data.get("words") == "Nobody" else 422)
    assert billing.post(here, {"act": "match", "claim": str(uuid4())}).status_code == 404
    done = billing.post(here, {"act": "aside", "because": "Filed elsewhere"}, follow=True)
    assert text_of(done).count("Set aside.") == 1
    assert text_of(billing.get(here)).count("Filed elsewhere") == 1
    late = billing.post(here, {"act": "match", "claim": str(uuid4())})
    assert late.status_code == 404


@pytest.mark.parametrize("act", ["file", "match", "aside"])
def test_an_acknowledgement_is_matched_or_set_aside(billing: Client, out: Filed, act: str) -> None:
    send(billing, acknowledged_file("R", group="99"))
    with tenant(out.organization):
        row, claim_id = Acknowledgement.objects.get(), filed_claim(out)
    here = f"{LIST}acknowledgements/{row.id}/match/"
    assert billing.post(here, {"act": "search", "words": "aba"}).content.decode().count(str(claim_id)) == 1
    assert text_of(billing.post(here, {"act": "file", "batch": ""})).count("Choose a batch, or enter its number.") == 1
    assert text_of(billing.post(here, {"act": "match", "claim": ""})).count("Choose a claim.") == 1
    wrong = billing.post(here, {"act": "aside", "because": " "})
    assert (wrong.status_code, text_of(wrong).count("Say in a few words why this is not one of yours.")) == (422, 1)
    data = {"act": act, "batch": str(out.batch.id), "claim": str(claim_id), "because": "Filed elsewhere"}
    done = billing.post(here, data, follow=True)
    assert text_of(done).count("Set aside." if act == "aside" else "Matched.") == 1
    settled = {"file": "Settled It is known what this means: Batch 7 .", "aside": "Set aside Filed elsewhere"}
    by_claim = f"Settled It is known what this means: Abara, Jo, {CONTROL} ."
    assert text_of(billing.get(here)).count(settled.get(act, by_claim)) == 1
    other = {"act": "aside" if act == "file" else "file", "batch": str(out.batch.id), "because": "Not ours"}
    late = billing.post(here, other, follow=True)
    assert text_of(late).count("Somebody has said already what this means. Nothing was changed.") == 1


def test_a_match_is_taken_back_with_its_reason(billing: Client, out: Filed) -> None:
    sent = send(billing, remittance(payment(paid_claim("0007-0001"))))
    here = f"{LIST}claims/{waiting(out).id}/match/"
    with tenant(out.organization):
        claim_id = filed_claim(out)
    billing.post(here, {"act": "match", "claim": str(claim_id)})
    assert billing.get(sent.redirect_chain[0][0]).content.decode().count(f'href="{here}">matched by ') == 1
    page = text_of(billing.get(here))
    assert (page.count("Matched It is known which claim this is."), page.count("Was that wrong?")) == (1, 1)
    wrong = billing.post(here, {"act": "undo", "because": ""})
    assert (wrong.status_code, text_of(wrong).count("Say in a few words why it is taken back.")) == (422, 1)
    done = billing.post(here, {"act": "undo", "because": "It is her sister"}, follow=True)
    assert text_of(done).count("Taken back. It waits in this list again.") == 1
    page = text_of(billing.get(here))
    assert (page.count("Taken back before"), page.count(": It is her sister"), page.count("May be meant")) == (1, 1, 1)
    again = billing.post(here, {"act": "undo", "because": "It is her sister"}, follow=True)
    assert text_of(again).count("it was taken back already. Nothing was changed.") == 1


def test_what_was_found_by_its_number_offers_no_way_back(billing: Client, out: Filed) -> None:
    send(billing, PLAIN)
    with tenant(out.organization):
        row = RemittanceClaim.objects.get()
    page = text_of(billing.get(f"{LIST}claims/{row.id}/match/"))
    assert (page.count("found by its number."), page.count("Was that wrong?")) == (1, 0)


def test_an_acknowledgement_that_was_set_aside_waits_again(billing: Client, out: Filed) -> None:
    sent = send(billing, acknowledged_file("R", group="99"))
    with tenant(out.organization):
        row = Acknowledgement.objects.get()
    here = f"{LIST}acknowledgements/{row.id}/match/"
    billing.post(here, {"act": "aside", "because": "Filed elsewhere"})
    listed = billing.get(sent.redirect_chain[0][0])
    assert listed.content.decode().count(f'href="{here}">set aside by hand') == 1
    assert text_of(listed).count("Set aside Filed elsewhere 999") == 1
    done = billing.post(here, {"act": "undo", "because": "It is ours"}, follow=True)
    assert text_of(done).count("Taken back. It waits in this list again.") == 1
    assert text_of(billing.get(here)).count("Set aside: Filed elsewhere (said by ") == 1


def test_remarks_and_counts_are_said_in_words(billing: Client) -> None:
    whole = PLAIN.replace("SVC*HC:99492", "MOA***MA01*ZZ9~SVC*HC:99492").replace("SE*19*", "SE*20*")
    text = text_of(send(billing, whole))
    assert text.count("Whole claim, remarks: MA01 may be appealed, ZZ9") == 1
    assert text.count("remarks N20 not paid with another service of the same day") == 1
    counted = acknowledged_claims().replace("*WQ*290~HL*3", "*WQ*290~QTY*90*5~QTY*AA*2~AMT*YU*1450~HL*3")
    assert text_of(send(billing, counted)).count("Claims: 5 taken ($1,450.00), 2 rejected") == 1


@pytest.mark.parametrize("which", ["claims", "acknowledgements"])
def test_pages_of_matching_ask_little(billing: Client, out: Filed, which: str) -> None:
    send(billing, remittance(payment(paid_claim("0007-0001"))), acknowledged_file(group="99"))
    with tenant(out.organization):
        row: Any = RemittanceClaim.objects.get() if which == "claims" else Acknowledgement.objects.get()
    with CaptureQueriesContext(connection) as asked:
        assert billing.get(f"{LIST}{which}/{row.id}/match/").status_code == 200
    assert len(own(asked)) <= 8, own(asked)


def test_absent_ones_are_not_found(billing: Client) -> None:
    for path in (f"{uuid4()}/", f"{uuid4()}/file/", f"claims/{uuid4()}/match/", f"acknowledgements/{uuid4()}/match/"):
        assert billing.get(LIST + path).status_code == 404, path


@pytest.mark.parametrize("path", ["", "unmatched/", "file"])
def test_pages_ask_as_often_for_many_as_for_few(billing: Client, out: Filed, path: str) -> None:
    counts = []
    for at in (1, 40):
        claims = [paid_claim(f"N{at}-{one}") for one in range(at)]
        send(billing, remittance(payment(*claims, total=f"{145 * at}.00", trace=f"T{at}")))
        with tenant(out.organization):
            newest = AnswerFile.objects.order_by("-received_at", "-id")[0]
        where = f"{LIST}{newest.id}/" if path == "file" else LIST + path
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert billing.get(where).status_code == 200
        counts.append(len(own(asked)))
    assert counts[0] == counts[1] <= 8


def test_long_lists_are_cut_with_a_way_on(billing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for constant in (
        "queries.answers.ROWS",
        "views.answers_waiting.ROWS",
        "queries.answers.FILES",
        "views.answers.FILES",
    ):
        monkeypatch.setattr(f"billing.{constant}_PER_PAGE", 2)
    page = send(billing, remittance(payment(*[paid_claim(f"N{one}") for one in range(3)], total="435.00")))
    here = page.redirect_chain[0][0]
    assert (text_of(page).count("Page 1 of 2"), text_of(billing.get(f"{here}?page=2")).count("Page 2 of 2")) == (1, 1)
    send(billing, acknowledged_file(group="98"), acknowledged_file(group="99"))
    first, second = (text_of(billing.get(f"{LIST}unmatched/?page={number}")) for number in (1, 2))
    assert (first.count("1 to 2 of 5"), second.count("3 to 4 of 5")) == (1, 1)
    assert text_of(billing.get(f"{LIST}unmatched/?page=3")).count("5 to 5 of 5") == 1
    assert text_of(billing.get(f"{LIST}?page=2")).count("3 to 3 of 3") == 1


def test_names_of_whom_no_claim_is_known_are_only_for_who_works_at_all_clinics(billing: Client, out: Filed) -> None:
    send(billing, remittance(payment(paid_claim("0007-0001"))))
    row = waiting(out)
    name = row.names["patient"].split(",")[0]
    with tenant(out.organization):
        url = f"{LIST}{AnswerFile.objects.get().id}/"
        other = PatientFactory(organization=out.organization)
    here = (f"{LIST}unmatched/", f"{LIST}claims/{row.id}/match/")
    assert [name in billing.get(one).text for one in (url, *here)] == [True, True, True]
    with tenant(out.organization):
        RestrictionFactory(
            organization=out.organization, seats=[], patient=other, recorded_by=system_seat(out.organization)
        )
    assert [name in billing.get(one).text for one in (url, *here)] == [True, True, True], "one restricted record"
    with tenant(out.organization):
        SeatClinicFactory(organization=out.organization, seat=billing.membership)
    file = billing.get(url)
    assert (name in file.text, "Name not open to you" in file.text) == (False, True)
    answers = [billing.get(one) for one in here]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert [name in answer.text for answer in answers] == [False, False]
    assert "Ask somebody who works at all clinics." in answers[0].text
    assert billing.post(here[1], {"act": "match", "claim": str(row.id)}).status_code == 403
