"""One thing to do on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from automation_service.file_kinds import FileKind
from automation_service.keys import KEY_PATTERN
from automation_service.profile.expression import Expression
from automation_service.profile.locator import Locator
from automation_service.profile.part import Part
from automation_service.profile.value import Value

USES = (
    "click", "hover", "fill", "press", "choose", "tick", "upload", "save", "wait_for", "wait_gone",
)  # fmt: skip
"""The kinds of steps that use something on the page."""
KINDS = (*USES, "answer", "go", "when", "repeat_until")
EFFECTIVE = ("click", "press", "choose", "tick", "answer")
"""The kinds of steps that can have the effect."""
_ALONE = ("answer", "go", "hover", "save")
_LEADING_NOWHERE = ("answer", "upload", "save", "go")
_BELONGS = {
    "fill": ("with", "text", "typed"),
    "press": ("key",),
    "choose": ("option",),
    "tick": ("ticked",),
    "upload": ("file", "content"),
    "save": ("format", "smallest", "largest"),
    "answer": ("says", "accept", "reply"),
    "when": ("is", "steps"),
    "repeat_until": ("at_most", "patience", "steps"),
}
"""What else a step of a kind may say."""


class Step(Part):
    """One thing to do. It waits by itself for what it uses to be there, visible and enabled.

    It does one of: click, hover, fill, press, choose, tick, upload, save, wait_for, wait_gone,
    answer, go, when, repeat_until.
    """

    click: Locator | None = Field(
        default=None,
        description="What to click, once nothing lies over it. A scripted dropdown is two clicks: "
        "on what opens it and on the option.",
    )
    hover: Locator | None = Field(
        default=None,
        description="What to move the mouse to and leave it on, for a menu that opens by it.",
    )
    fill: Locator | None = Field(
        default=None,
        description="Which field to fill; also what is edited in place.",
    )
    value: Literal["remark"] = Field(
        default="remark", alias="with", description="With what: the remark and our marker."
    )
    text: str | None = Field(
        default=None, description="With what else than the remark: a text with placeholders."
    )
    typed: bool = Field(
        default=False,
        description="Clear and type key by key, for fields that notice nothing else.",
    )
    press: Locator | None = Field(
        default=None, description="Where to press a key, as in place of a button."
    )
    key: str = Field(
        default="Enter",
        pattern=KEY_PATTERN,
        description="Which key: Enter, Space, Escape, Tab, ArrowDown, a letter, a digit, ...; with "
        "another one held as in `Control+Enter`.",
    )
    choose: Locator | None = Field(
        default=None,
        description="The `<select>` to choose in, be it hidden behind a scripted one.",
    )
    option: str | None = Field(
        default=None, description="The option's text or else its value, with placeholders."
    )
    tick: Locator | None = Field(
        default=None,
        description="The checkbox or radio to tick, be it invisible behind its label.",
    )
    ticked: bool = Field(default=True, description="False: take the tick away.")
    upload: Locator | None = Field(
        default=None, description="The field for a file, be it invisible behind its label."
    )
    file: str | None = Field(
        default=None,
        pattern=r"^[^/\\]+$",
        description="The file's name. It lies beside the profile, unless `content` says what is in "
        "it; `{key}` may stand in the name then.",
    )
    content: str | None = Field(
        default=None, description="What is in the file: a text with placeholders."
    )
    save: Locator | None = Field(
        default=None,
        description="What to click for a file to come. It has to come whole, is checked, and is "
        "kept with the task's evidence, to be fetched by the caller.",
    )
    format: FileKind = Field(
        default=FileKind.ANY, description="The kind of file it must be, told by what is in it."
    )
    smallest: int = Field(default=1, ge=1, description="The fewest bytes it may have.")
    largest: int = Field(default=50_000_000, ge=1, description="The most bytes it may have.")
    wait_for: Locator | None = Field(default=None, description="Wait until this shows.")
    wait_gone: Locator | None = Field(default=None, description="Wait until this does not show.")
    answer: Literal["alert", "confirm", "prompt"] | None = Field(
        default=None,
        description="The question that the step before brings; any other is declined and reported.",
    )
    says: Expression | None = Field(
        default=None, description="A regular expression for all that the question says."
    )
    accept: bool = Field(default=True, description="False: decline it.")
    reply: str = Field(default="", description="What a prompt is answered with.")
    go: str | None = Field(
        default=None, description="The path of a page to go to, with placeholders."
    )
    when: Locator | None = Field(
        default=None, description="Only take `steps` if what this finds `is` in that state now."
    )
    state: Literal["shown", "absent", "enabled", "disabled", "ticked", "unticked"] = Field(
        default="shown", alias="is", description="The state that `when` looks for."
    )
    repeat_until: Locator | None = Field(
        default=None, description="Take `steps` again and again until this shows."
    )
    at_most: int = Field(default=3, ge=1, le=20, description="How often `steps` may be taken.")
    patience: float = Field(
        default=1.0, gt=0, le=60, description="Seconds to wait after each time; whole or not."
    )
    steps: tuple[Step, ...] = Field(
        default=(), description="The steps of `when` and `repeat_until`; none has the effect."
    )
    leads_to: Literal["page", "window", "first_window"] | None = Field(
        default=None,
        description="Where the next step is taken. `page`: on the page that comes in place of this "
        "one. `window`: in the tab or popup that opens. `first_window`: back in the first one, and "
        "all others are closed. The step may submit a form, once, and must have no effect by that.",
    )
    submits: bool = Field(
        default=False,
        description="True if the step submits a form and the same page stays, as where a script "
        "takes the form or its answer comes in a frame. Without this or `leads_to` no form is "
        "submitted before the effect. It must have no effect by that.",
    )
    effect: bool = Field(default=False, description="True for the step that has the effect.")
    names_batch: Value | Literal[False] | None = Field(
        default=None,
        description="With `effect` on another page than the batch's own, or where a step changes "
        "the field from which the status is read: where the page names the batch, as a word of "
        "its own or, with `match` or `attribute`, as all that is read; or `false` if it nowhere "
        "does.",
    )

    @model_validator(mode="before")
    @classmethod
    def _do_one_thing(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kinds = [kind for kind in KINDS if given.get(kind) is not None]
        if len(kinds) != 1:
            raise PydanticCustomError(
                "step", "a step does one of: {kinds}", {"kinds": ", ".join(KINDS)}
            )
        for kind, words in _BELONGS.items():
            for word in words:
                if word in given and word not in _BELONGS.get(kinds[0], ()):
                    raise PydanticCustomError(
                        "step",
                        "'{word}' belongs to {kind}, not to {other}",
                        {"word": word, "kind": kind, "other": kinds[0]},
                    )
        return given

    @model_validator(mode="after")
    def _be_whole(self) -> Step:
        fault = self._fault()
        if fault:
            raise PydanticCustomError("step", "{fault}", {"fault": fault})
        return self

    def _fault(self) -> str | None:
        kind = self.kind
        if kind == "choose" and self.option is None:
            return "choose needs 'option'"
        if kind == "answer" and self.says is None:
            return "answer needs 'says': what the question says"
        if kind == "upload" and self.file is None:
            return "upload needs 'file': its name"
        if kind in ("when", "repeat_until") and not self.steps:
            return f"{kind} needs 'steps'"
        if any(it.effect or it.leads_to or it.kind in _ALONE for it in self.steps):
            return (
                f"no step of {kind} has the effect, leads to another page, goes, hovers, answers "
                "or saves"
            )
        if kind == "go" and not str(self.go).startswith("/"):
            return "go needs a path that begins with /"
        if self.leads_to and kind not in ("click", "press", "choose"):
            return f"a step with {kind} leads to no page"
        if self.submits and kind not in ("click", "press", "choose", "tick"):
            return f"a step with {kind} submits nothing"
        if self.submits and (self.leads_to or self.effect):
            return "'submits' goes without leads_to and effect, which submit anyway"
        return self._fault_of_effect()

    def _fault_of_effect(self) -> str | None:
        if not self.effect:
            return "names_batch belongs to the step with the effect" if self.names_batch else None
        if self.kind not in EFFECTIVE:
            return f"the step with the effect is one of: {', '.join(EFFECTIVE)}"
        if self.leads_to:
            return "nothing is done where the step with the effect leads to"
        if self.kind == "answer" and (self.answer == "alert" or not self.accept):
            return "only accepting a confirm or a prompt can have the effect"
        return None

    @property
    def kind(self) -> str:
        """Which of KINDS it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def at(self) -> Locator | None:
        """What on the page the step uses; None for one that uses nothing."""
        at = getattr(self, self.kind)
        return at if isinstance(at, Locator) else None

    @property
    def marks(self) -> bool:
        """True if it writes our marker."""
        return self.fill is not None and self.text is None

    @property
    def crosses(self) -> bool:
        """True if the next step is taken on another page."""
        return self.leads_to is not None or self.go is not None

    def __str__(self) -> str:
        """What it uses, in words for a message."""
        return str(self.at or self.go or f"the {self.answer}")


def _leading(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for step in every_step(steps):
        if step.effect or step.kind in _LEADING_NOWHERE:
            raise PydanticCustomError(
                "steps",
                "steps that only lead to something have no effect, and do none of: {kinds}",
                {"kinds": ", ".join(_LEADING_NOWHERE)},
            )
        if step.marks:
            raise PydanticCustomError(
                "steps", "'fill' needs 'text' here: nothing is remarked on before an action"
            )
    return steps


LeadingSteps = Annotated[tuple[Step, ...], AfterValidator(_leading)]
"""Steps that lead to what is looked at."""


def every_step(steps: Sequence[Step]) -> Iterator[Step]:
    """These steps and those in them."""
    for step in steps:
        yield step
        yield from every_step(step.steps)
