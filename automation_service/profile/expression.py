"""Regular expressions that a page's script uses."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

# What Python takes and a page's script does not, or takes for something else.
_PYTHON_ONLY = re.compile(r"\(\?(?:P|#|[aiLmsux-]+[:)])|\\[AZ]")


def _be_an_expression(given: str) -> str:
    try:
        re.compile(given)
    except re.error as error:
        raise PydanticCustomError(
            "expression", "not a regular expression: {why}", {"why": str(error)}
        ) from None
    foreign = _PYTHON_ONLY.search(given)
    if foreign:
        raise PydanticCustomError(
            "expression", "a page's script does not know {what}", {"what": foreign[0]}
        )
    return given


Expression = Annotated[str, AfterValidator(_be_an_expression)]
"""A regular expression in what Python's and a page's dialect have in common."""
