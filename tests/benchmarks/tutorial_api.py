"""The FastAPI + Celery application of every tutorial; the reference for POST /assign-task/.

`uvicorn tests.benchmarks.tutorial_api:app`, and for the worker
`celery -A tests.benchmarks.tutorial_api.celery worker`.
"""

import os
from typing import Any

from celery import Celery
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
celery = Celery(__name__, broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


class TaskRequest(BaseModel):
    task_type: str
    params: dict[str, Any]


@celery.task
def work(task_type: str, params: dict[str, Any]) -> str:
    return "done"


@app.post("/assign-task/")
def assign_task(request: TaskRequest) -> dict[str, str]:
    task = work.delay(request.task_type, request.params)
    return {"task_id": task.id, "status": "assigned"}


@app.get("/status/{task_id}")
def get_status(task_id: str) -> dict[str, str]:
    return {"task_id": task_id, "status": celery.AsyncResult(task_id).status}
