"""What engines constrain answers to, where they can. `required` says in which order keys are written.

(Postgres keeps a list's order and no object's, so engines go by it: worker/engines/base.py.)
"""

from collections.abc import Mapping
from typing import Any


def _texts(most: int) -> dict[str, Any]:
    """A list of short texts. One at least: a verdict is not given for nothing."""
    return {
        "type": "array",
        "items": {"type": "string", "maxLength": 240},
        "minItems": 1,
        "maxItems": most,
    }


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has these keys, in this order, and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_VERDICT = {"type": "string", "enum": ["approve", "revise"]}
#: What the questions of the checklist are answered with.
_CHECKED = {"type": "string", "enum": ["right", "wrong"]}

#: What a review is constrained to, by how it comes to its verdict.
REVIEW_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "reasons-first": _object(reasons=_texts(3), verdict=_VERDICT),
    "examples": _object(reasons=_texts(3), verdict=_VERDICT),
    "verdict-first": _object(verdict=_VERDICT, reasons=_texts(3)),
    "trace": _object(trace=_texts(3), reasons=_texts(2), verdict=_VERDICT),
    "checklist": _object(
        checks=_object(
            usual=_CHECKED, smallest=_CHECKED, limits=_CHECKED, order=_CHECKED, names=_CHECKED
        ),
        reasons=_texts(3),
        verdict=_VERDICT,
    ),
}

#: What the question for the verdict of a review without one is constrained to: it may have none, and no
#: reasons.
REPAIR_SCHEMA = _object(
    reasons=_texts(4) | {"minItems": 0},
    verdict=_VERDICT | {"enum": ["approve", "revise", "none"]},
)

CHOICE_SCHEMA = _object(
    reason={"type": "string", "maxLength": 240}, choice={"type": "string", "enum": ["A", "B"]}
)
