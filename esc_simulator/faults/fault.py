"""What every fault has in common: whom it strikes, when, and how often."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Step = Literal["login", "look", "approve", "reject", "stored", "read_back", "generate", "download"]
"""A moment at which the portal may be struck.

`login`: the sign-in form is asked for or sent. `look`: a batch's page is asked for, and no request
to decide the batch has arrived so far. `approve`, `reject`: such a request has arrived, nothing is
stored. `stored`: its decision is stored or on its way, its answer not sent. `read_back`: the
batch's page is asked for after a request to decide it has arrived. `generate`: certificates or a
report are asked for, nothing is stored. `download`: a file is asked for.
"""

Milliseconds = Annotated[int, Field(ge=0)]


class Fault(BaseModel):
    """A fault as a test asks for it.

    Without `batch_id` it strikes everywhere; without `times` until it is removed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    batch_id: str | None = None
    times: int | None = Field(default=None, ge=1)

    def is_meant_for(self, batch_id: str | None, step: Step | None) -> bool:
        """Tell whether this fault may strike this batch (or none) at this step."""
        return self.batch_id in (None, batch_id)


class FaultAtStep(Fault):
    """A fault that strikes at one step only."""

    step: Step

    def is_meant_for(self, batch_id: str | None, step: Step | None) -> bool:
        """Tell whether this fault may strike this batch (or none) at this step."""
        return self.step == step and super().is_meant_for(batch_id, step)
