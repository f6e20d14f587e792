"""The shapes of requests and answers over HTTP; never stored, never queued."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator
from typing_extensions import TypedDict

from orchestrator_service.decision_body import read_decision
from shared.record.decisions import Decision
from shared.task_state import TaskState
from shared.utils import rfc3339

Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
"""A time as RFC 3339 in UTC with a Z."""

Key = Annotated[str, Field(min_length=1, max_length=200)] | Annotated[int, Field(ge=0)]
"""What names an item: its key, or the number that its key alone ends with."""

PublicStatus = Literal["pending", "running", "completed", "failed"]
Widget = Literal["text", "textarea", "number", "url", "file"]

_TASK_ID = "550e8400-e29b-41d4-a716-446655440000"
_NOON = "2026-01-01T12:00:00.000Z"


_SIGNATURE = "k3Jq0sYc1XvT9bWnZ4mPeR7uHdGf2LaQ"
_PICTURE = f"http://localhost:8000/static/{_SIGNATURE}/{_TASK_ID}/BATCH001-1-after.jpg"
_ITEM: dict[str, Any] = {
    "key": "BATCH001",
    "batch_id": "BATCH001",
    "status": "approved",
    "detail": "The portal shows it approved by us",
    "attempts": 1,
    "task_version": "3f9c1a5e7b20",
    "started_at": _NOON,
    "finished_at": _NOON,
    "details": {"District": "Pune", "Status": "Approved"},
    "evidence": [
        {
            "kind": "after",
            "url": _PICTURE,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "taken_at": _NOON,
        }
    ],
    "late_findings": [],
    "error": None,
}


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


class AssignRequest(BaseModel):
    """A task to be done: its type, and params as that type's schema wants them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "task_type": "approve_batches",
                    "params": {"batch_ids": ["BATCH001", "BATCH002"], "auto_approve": True},
                }
            ]
        },
    )

    task_type: str = Field(min_length=1, max_length=100, description="A name from GET /tasks/")
    params: dict[str, Any] = Field(default_factory=dict)


class Assigned(BaseModel):
    """The task is accepted and durable."""

    model_config = _example(
        task_id=_TASK_ID,
        status="assigned",
        message="Task 'approve_batches' successfully assigned",
        timestamp=_NOON,
        ws_url=f"ws://localhost:8000/ws/task/{_TASK_ID}?token=...",
        status_url=f"http://localhost:8000/status/{_TASK_ID}",
        result_url=f"http://localhost:8000/result/{_TASK_ID}",
    )

    task_id: str
    status: Literal["assigned"] = "assigned"
    message: str
    timestamp: Moment
    ws_url: str
    status_url: str
    result_url: str


class TaskOutput(BaseModel):
    """What a task has to show: paths are ready to append to /static/."""

    message: str
    screenshot: str | None
    files: list[str]


class DecisionRequest(BaseModel):
    """Which of the shown items to work on; those neither approved nor rejected are skipped."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"approve": ["BATCH001", "BATCH002"], "reject": ["BATCH003"]}]
        },
    )

    approve: Literal["all"] | Annotated[list[Key], Field(max_length=10_000)] = Field(
        description='Keys of items, or "all" that are not rejected'
    )
    reject: list[Key] = Field(default=[], description="Keys of items", max_length=10_000)

    def decision(self) -> Decision:
        """What is wanted, in the caller's own names."""
        approve = None if self.approve == "all" else [str(key) for key in self.approve]
        return Decision(approve, [str(key) for key in self.reject])

    @model_validator(mode="before")
    @classmethod
    def _read(cls, body: Any) -> dict[str, Any]:
        """Raises InvalidRequest, so that no fault is told in the words of a library."""
        return read_decision(body)


class TaskStatus(BaseModel):
    """How a task stands; `state` is exact, `status` the coarser word every dashboard knows."""

    model_config = _example(
        id=_TASK_ID,
        task_id=_TASK_ID,
        name="approve_batches",
        task_type="approve_batches",
        status="running",
        state="running",
        progress=40,
        created_at=_NOON,
        started_at=_NOON,
        completed_at=None,
        params={"batch_ids": ["BATCH001", "BATCH002"]},
        error=None,
        result=None,
        counts={"approved": 1, "new": 1},
        can=["cancel"],
        retry_of=None,
        ws_url=f"ws://localhost:8000/ws/task/{_TASK_ID}?token=...",
        note=None,
    )

    id: str
    task_id: str
    name: str
    task_type: str
    status: PublicStatus
    state: TaskState
    progress: int = Field(ge=0, le=100)
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None
    params: dict[str, Any]
    error: str | None
    result: TaskOutput | None
    counts: dict[str, int]
    can: list[str] = Field(description="What may be asked of it now: cancel, decide, retry")
    retry_of: str | None = Field(description="The task that this one tries again")
    ws_url: str
    note: str | None = Field(description="Why nothing happens, when nothing happens")


class EvidenceLink(BaseModel):
    """A file that proves something; `sha256` is that of its content."""

    kind: str
    url: str
    sha256: str
    taken_at: Moment


class LateFindingView(BaseModel):
    """What a later look at an ended item showed; beside its status, never over it."""

    finding: str
    recorded_at: Moment


class ItemView(BaseModel):
    """One line of a task; `details` are the portal's own columns."""

    model_config = _example(**_ITEM)

    key: str
    batch_id: str
    status: str
    detail: str
    attempts: int
    started_at: Moment | None
    finished_at: Moment | None
    details: dict[str, Any]
    evidence: list[EvidenceLink]
    late_findings: list[LateFindingView] = []
    error: str | None
    task_version: str | None = Field(
        None, description="The version of the task type that worked on it last"
    )


class ResultBody(BaseModel):
    """What came out so far, and a page of the items."""

    message: str
    counts: dict[str, int]
    items: list[ItemView]


class TaskResult(BaseModel):
    """A task whole. `next` is the URL of the next page of items and logs, null on the last."""

    model_config = _example(
        task_id=_TASK_ID,
        status="completed",
        state="completed",
        result={"message": "1 approved", "counts": {"approved": 1}, "items": [_ITEM]},
        error=None,
        logs=[f"{_NOON} INFO BATCH001: approved"],
        screenshot_url=_PICTURE,
        download_links=[],
        evidence_url=f"http://localhost:8000/static/{_SIGNATURE}/{_TASK_ID}/evidence.zip",
        seal=1,
        task_version="3f9c1a5e7b20",
        started_at=_NOON,
        finished_at=_NOON,
        timestamp=_NOON,
        next=None,
    )

    task_id: str
    status: PublicStatus
    state: TaskState
    result: ResultBody
    error: str | None
    logs: list[str]
    screenshot_url: str | None
    download_links: list[str]
    evidence_url: str | None = Field(
        description="The sealed evidence as a zip, once the task has ended and until it is removed"
    )
    task_version: str | None = Field(
        description="The version of the task type that planned it: the beginning of a SHA-256"
    )
    seal: int | None = Field(
        description="The number of the newest manifest; an older one on disk was put back"
    )
    started_at: Moment | None
    finished_at: Moment | None
    timestamp: Moment
    next: str | None


class Validation(TypedDict, total=False):
    """Limits a form can check; what is not limited is absent."""

    min: int | float
    max: int | float
    pattern: str


class FormField(BaseModel):
    """One param, for dashboards that draw a form."""

    name: str
    type: Widget
    label: str
    placeholder: str
    required: bool
    validation: Validation


class TaskTypeView(BaseModel):
    """A kind of work; `reason` says why it is not available."""

    model_config = _example(
        name="approve_batches",
        display_name="Approve Batches",
        description="Approves pending batches in the portal and proves each one.",
        available=True,
        reason=None,
        side_effect="write",
        version="3f9c1a",
        queue="default",
        params_schema={"type": "object", "properties": {"remark": {"type": "string"}}},
        params=[
            {
                "name": "remark",
                "type": "text",
                "label": "Remark",
                "placeholder": "Remark",
                "required": False,
                "validation": {},
            }
        ],
    )

    name: str
    display_name: str
    description: str
    available: bool
    reason: str | None
    side_effect: str
    version: str
    queue: str
    params_schema: dict[str, Any]
    params: list[FormField]


class EvidenceKey(BaseModel):
    """The public half of the key that signs manifests."""

    model_config = _example(
        algorithm="Ed25519",
        key_id="21fe31dfa154a261",
        public_key="11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        pem="-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n",
    )

    algorithm: Literal["Ed25519"] = "Ed25519"
    key_id: str = Field(description="What manifests call it: 16 hex digits of its SHA-256")
    public_key: str = Field(description="32 bytes as base64")
    pem: str


class Health(BaseModel):
    """How the service is, with a line for each thing it rests on."""

    model_config = _example(
        status="ok",
        database="ok",
        redis="ok",
        redis_status="connected",
        workers="1 worker, 2 slots",
        disk="41.3 GB free",
        timestamp=_NOON,
    )

    status: Literal["ok", "degraded", "down"]
    database: str
    redis: str
    redis_status: Literal["connected", "disconnected"]
    workers: str
    disk: str
    timestamp: Moment


class Alive(BaseModel):
    """The process answers."""

    model_config = _example(status="ok")

    status: Literal["ok"] = "ok"


class ServiceInfo(BaseModel):
    """What this is and where to go from here."""

    model_config = _example(
        service="AI Agent Backend",
        version="1.0.0",
        status="ok",
        links={
            "docs": "http://localhost:8000/docs",
            "task_types": "http://localhost:8000/tasks/",
            "assign": "http://localhost:8000/assign-task/",
        },
    )

    service: str
    version: str
    status: Literal["ok"] = "ok"
    links: dict[str, str]


class Fault(BaseModel):
    """One fault of a request: where, and what to do about it."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457); `code` is stable, `detail` a sentence to act on."""

    model_config = _example(
        type="urn:ai-agent-backend:problem:unknown_task",
        title="Unknown task",
        status=404,
        detail="There is no task with this id.",
        code="unknown_task",
        request_id="b4d0c7c2f7a94c6f8f0a",
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None
    task_id: str | None = None
    state: str | None = Field(None, description="The task's state, where that is the reason")
    errors: list[Fault] | None = None
