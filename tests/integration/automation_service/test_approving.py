"""One batch at a time, in real Chromium on the real practice portal, whose truth is the judge."""

from __future__ import annotations

import hashlib
import io
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from automation_service.batch_approval_service import BatchApprovalService
from automation_service.browser import Browser
from automation_service.evidence import PICTURE_ROOM, EvidenceFolder
from automation_service.portal import Credentials, Portal
from automation_service.profile import Locator, Reclick
from shared.contracts import Attribution, Condition, EvidenceKind, Review, Verdict
from shared.errors import ApplicationError, ClaimLost, EvidenceFailed, ProfileMismatch
from shared.task_state import ItemStatus
from tests.integration.automation_service.conftest import SETTLE, Desk
from tests.integration.automation_service.worker_double import InMemoryClaim, InMemoryGate


def test_a_pending_batch_is_approved_once_under_our_name_and_marker(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())

    outcome = desk.approve(claim, "Verified")

    (intent,) = claim.intents.stated
    batch = desk.batch(claim.key)
    assert outcome.status is ItemStatus.DONE
    assert outcome.attribution is Attribution.OURS
    assert outcome.taken == tuple(intent.marker for intent in claim.open_intents)
    assert outcome.clicks == batch["posts"] == 1
    (approval,) = batch["approvals"]
    assert approval["by"] == desk.practice.username
    assert approval["remark"] == f"Verified [{intent.marker}]"
    assert outcome.details["District"] == batch["district"]
    assert outcome.reading is not None
    assert outcome.reading.printed_key == claim.key


def test_evidence_comes_before_the_intent_and_the_intent_before_the_request(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    posts_at_intent: list[int] = []
    claim.on_intent = lambda: posts_at_intent.append(desk.batch(claim.key)["posts"])

    desk.approve(claim)

    assert claim.journal == [
        "read Pending",
        "picture before",
        "intent",
        "read Approved",
        "picture after",
    ]
    assert posts_at_intent == [0]


def test_the_pictures_on_disk_are_those_whose_digests_were_noted(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())

    desk.approve(claim)

    assert claim.kinds() == [EvidenceKind.BEFORE, EvidenceKind.AFTER]
    for evidence in claim.evidence:
        content = (desk.results_dir / evidence.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == evidence.sha256
        assert len(content) == evidence.size
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.get_format_mimetype() == evidence.content_type
            assert picture.width >= 1000
    assert not list((desk.results_dir / claim.task_id).glob("*.part"))


def test_a_batch_approved_by_somebody_else_is_left_alone(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.ask("POST", f"/truth/batches/{claim.key}/approve", {"by": "s.kulkarni"})

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.ALREADY_DONE
    assert "s.kulkarni" in outcome.detail
    assert desk.batch(claim.key)["posts"] == 0
    assert claim.intents.stated == []
    assert claim.kinds() == [EvidenceKind.BEFORE]


def test_a_second_browser_that_approves_between_our_look_and_our_click_is_told_of(
    desk: Desk, spare_browser: Browser, tmp_path: Path
) -> None:
    # Given another officer in a browser of their own, at a portal that takes a second approval
    other = Credentials("n.joshi", "another-password")
    desk.ask("PUT", f"/truth/accounts/{other.username}", {"password": other.password})
    theirs = Portal(spare_browser, desk.profile, desk.practice.url, other, InMemoryGate())
    theirs.log_in()
    first = BatchApprovalService(theirs, EvidenceFolder(tmp_path, "task"))
    claim = InMemoryClaim(desk.a_batch())
    outcomes = []
    claim.on_intent = lambda: outcomes.append(first.act(InMemoryClaim(claim.key), "First"))

    # When we approve what they approve in between
    outcomes.append(desk.approve(claim, "Second"))

    # Then the portal has two approvals, each is told by whoever made it, and ours tells of both
    approvals = desk.batch(claim.key)["approvals"]
    assert [it["by"] for it in approvals] == [other.username, desk.practice.username]
    assert [it.attribution for it in outcomes] == [Attribution.OURS] * 2
    assert "approved 2 times" in outcomes[1].detail


@pytest.mark.parametrize("status", ["Rejected", "On Hold"])
def test_a_batch_in_another_state_is_refused_in_the_portals_words(desk: Desk, status: str) -> None:
    claim = InMemoryClaim(desk.a_batch(status=status))

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.REFUSED
    assert status in outcome.detail
    assert desk.batch(claim.key)["posts"] == 0


def test_a_batch_the_portal_refuses_is_refused_with_its_reason(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch(refused=True))

    outcome = desk.approve(claim)

    batch = desk.batch(claim.key)
    assert outcome.status is ItemStatus.REFUSED
    assert outcome.detail == batch["refusal"]
    assert outcome.verdict is Verdict.NOT_TAKEN
    assert outcome.clicks == batch["posts"] == 1
    assert batch["approvals"] == []


def test_a_refusal_is_believed_only_after_the_settle_time(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch(refused=True))

    desk.approve(claim)

    assert claim.waited == [pytest.approx(SETTLE, abs=0.1)]
    assert claim.journal.count("read Pending") == 3


@pytest.mark.parametrize("http", [500, 503])
def test_an_error_of_the_portals_own_is_no_refusal(desk: Desk, http: int) -> None:
    claim = InMemoryClaim(desk.a_batch())
    broken = {"kind": "server_error", "step": "approve", "http": http, "times": 1}
    desk.set_faults({**broken, "batch_id": claim.key})

    with pytest.raises(ApplicationError, match="did not take"):
        desk.approve(claim)

    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]
    assert desk.batch(claim.key)["approvals"] == []


def test_an_unknown_batch_is_not_found(desk: Desk) -> None:
    claim = InMemoryClaim("BATCH99999")

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.NOT_FOUND
    assert claim.intents.stated == []


@pytest.mark.parametrize(
    "key",
    [
        "../batches/BATCH001",
        "BATCH001/../BATCH002",
        "BATCH001/approve",
        "BATCH 001",
        " BATCH001 x",
        "BATCH001?x=1",
        "BATCH001#x",
        "%42ATCH001",
        "BATCH001%2F",
        "बैच-१",
        "a'b\"c<d>&e",
        "x'; document.title='y",
        "..",
        ".",
        "batch001",
        "BATCH001\n",
        "\x00",
        "\ud800",
        "{key}",
        "\\..\\BATCH001",
        "k" * 300,
    ],
)
def test_odd_keys_stay_in_their_place(desk: Desk, key: str) -> None:
    claim = InMemoryClaim(key)
    desk.portal()
    before = desk.ask("GET", "/truth/summary")

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.NOT_FOUND
    assert claim.intents.stated == []
    assert desk.ask("GET", "/truth/summary") == before
    for evidence in claim.evidence:
        folder, name = evidence.path.split("/")
        assert folder == claim.task_id
        assert (desk.results_dir / folder / name).is_file()


def test_a_number_means_the_batch_of_that_number(desk: Desk) -> None:
    assert desk.profile.canonical_key("7") == "BATCH007"

    assert desk.portal().read(desk.profile.canonical_key("7")).printed_key == "BATCH007"


def test_a_page_that_prints_another_id_is_not_the_batch(desk: Desk) -> None:
    class_of_number = {**desk.profile.batch.model_dump(), "printed_key": ".details .field-course"}
    batch = type(desk.profile.batch).model_validate(class_of_number)

    reading = desk.portal(desk.profile.model_copy(update={"batch": batch})).read("BATCH001")

    assert reading.condition is Condition.MISSING
    assert reading.printed_key not in (None, "BATCH001")


def test_an_approval_whose_answer_was_lost_is_found_by_reading(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.set_faults({"kind": "response_lost", "batch_id": claim.key, "times": 1})

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.DONE
    assert outcome.attribution is Attribution.OURS
    assert len(desk.batch(claim.key)["approvals"]) == 1


def test_a_success_message_without_effect_is_not_believed(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.set_faults({"kind": "success_without_effect", "batch_id": claim.key, "times": 1})

    with pytest.raises(ApplicationError, match="did not take"):
        desk.approve(claim)

    assert claim.waited == [pytest.approx(SETTLE, abs=0.1)]
    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]
    assert desk.batch(claim.key)["approvals"] == []
    assert claim.kinds()[-1] is EvidenceKind.ERROR

    again = InMemoryClaim(claim.key, claim.intents, attempt=2)
    assert desk.approve(again).status is ItemStatus.DONE
    assert len(desk.batch(claim.key)["approvals"]) == 1


def test_without_leave_to_click_again_a_lost_click_ends_unverified(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.set_faults({"kind": "success_without_effect", "batch_id": claim.key, "times": 1})
    careful = desk.profile.model_copy(update={"reclick": Reclick.NEVER})

    outcome = desk.approve(claim, profile=careful)

    assert outcome.status is ItemStatus.UNVERIFIED
    assert outcome.verdict is None
    assert desk.batch(claim.key)["posts"] == 1

    later = InMemoryClaim(claim.key, claim.intents, attempt=2)
    assert desk.approve(later, profile=careful).status is ItemStatus.UNVERIFIED
    assert len(later.open_intents) == 1
    assert desk.batch(claim.key)["posts"] == 1


def test_a_session_lost_before_the_look_is_opened_again_once(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.portal()
    turns = desk.gate.turns
    desk.ask("POST", "/truth/sessions/expire")

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.DONE
    assert desk.gate.turns == turns + 1
    assert desk.batch(claim.key)["posts"] == 1


def test_a_session_lost_before_the_click_is_no_reason_to_click_blindly(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    claim.on_intent = lambda: desk.ask("POST", "/truth/sessions/expire")

    with pytest.raises(ApplicationError):
        desk.approve(claim)

    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]
    assert desk.batch(claim.key)["approvals"] == []
    again = InMemoryClaim(claim.key, claim.intents, attempt=2)
    assert desk.approve(again).status is ItemStatus.DONE
    assert len(desk.batch(claim.key)["approvals"]) == 1


def test_whoever_lost_the_claim_clicks_nothing(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    claim.on_intent = lambda: setattr(claim, "lost", True)

    with pytest.raises(ClaimLost):
        desk.approve(claim)

    assert desk.batch(claim.key)["posts"] == 0
    assert EvidenceKind.ERROR not in claim.kinds()


def test_a_click_that_is_not_ready_in_time_is_not_made(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    hasty = desk.profile.timings.model_copy(update={"click_budget": 0.01})

    with pytest.raises((ApplicationError, ProfileMismatch)):
        desk.approve(claim, profile=desk.profile.model_copy(update={"timings": hasty}))

    assert desk.batch(claim.key)["posts"] == 0
    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]


def test_a_profile_that_does_not_fit_ends_the_task_before_any_click(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    approve = desk.profile.action("approve")
    steps = approve.steps
    wrong = steps[0].model_copy(update={"click": Locator(css=".nope")})
    actions = {"approve": approve.model_copy(update={"steps": (wrong, *steps[1:])})}
    timings = desk.profile.timings.model_copy(update={"click_budget": 3})
    profile = desk.profile.model_copy(update={"actions": actions, "timings": timings})

    with pytest.raises(ProfileMismatch, match=r"\.nope"):
        desk.approve(claim, profile=profile)

    assert desk.batch(claim.key)["posts"] == 0
    assert list(claim.intents.verdicts.values()) == [Verdict.NOT_TAKEN]


def test_a_long_remark_makes_room_for_the_marker(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())

    desk.approve(claim, "many words " * 100)

    (approval,) = desk.batch(claim.key)["approvals"]
    assert approval["remark"].endswith(f"[{claim.intents.stated[0].marker}]")
    assert len(approval["remark"]) <= 250


def test_a_remark_cannot_become_a_script(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch())
    remark = "\"'); alert(1) </textarea><script>alert(2)</script> ${x} \\ é 漢"

    desk.approve(claim, remark)

    (approval,) = desk.batch(claim.key)["approvals"]
    assert approval["remark"].startswith(remark)


def test_no_room_for_the_picture_after_means_no_click(
    desk: Desk, largest_file: Callable[[int], None]
) -> None:
    claim = InMemoryClaim(desk.a_batch())
    desk.portal()
    largest_file(PICTURE_ROOM - 1)

    with pytest.raises(EvidenceFailed, match="room"):
        desk.approve(claim)

    assert claim.intents.stated == []
    assert desk.batch(claim.key)["posts"] == 0
    assert claim.kinds()[0] is EvidenceKind.BEFORE


def test_a_picture_that_cannot_be_taken_leaves_what_is_known_as_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = EvidenceFolder.take

    def take_before_only(folder: EvidenceFolder, camera: Any, kind: EvidenceKind, *of: Any) -> Any:
        if kind is EvidenceKind.AFTER:
            raise EvidenceFailed("A picture could not be stored: the disk is full.")
        return take(folder, camera, kind, *of)

    monkeypatch.setattr(EvidenceFolder, "take", take_before_only)
    claim = InMemoryClaim(desk.a_batch())

    outcome = desk.approve(claim)

    assert (outcome.status, outcome.attribution) == (ItemStatus.DONE, Attribution.OURS)
    (missing,) = claim.missing
    assert (missing.kind, "disk is full" in missing.reason) == (EvidenceKind.AFTER, True)


def test_a_review_is_compared_with_a_batch_that_was_rejected_meanwhile(desk: Desk) -> None:
    claim = InMemoryClaim(desk.a_batch(status="Rejected"))
    claim.review = Review("Pending", {"District": "Pune"}, "2026-01-01T12:00:00.000Z")

    outcome = desk.approve(claim)

    assert outcome.status is ItemStatus.REFUSED
    assert outcome.detail.startswith("Changed since review: ")
    assert outcome.details["shown_for_review"]["status"] == "Pending"
    assert outcome.details["shown_now"]["status"] == "Rejected"


def test_no_column_of_a_batch_is_another_one_tomorrow(desk: Desk) -> None:
    shown = desk.portal().read(desk.a_batch()).columns

    assert shown["Submitted On"]
    assert "days" not in "".join(shown.values())


@pytest.fixture
def largest_file() -> Iterator[Callable[[int], None]]:
    """Let no file of this process grow beyond so many bytes, as on a disk that is full."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
