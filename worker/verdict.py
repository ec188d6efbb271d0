"""Reading a reviewer's verdict. What cannot be read is a state of its own, never an approval."""

import json
import re
from dataclasses import dataclass
from typing import Any

from worker.extract import without_thinking

#: What the engine constrains a review to, where it can. The issues come first, so that the verdict
#: is drawn after they have been thought of.
REVIEW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "issues": {
            "type": "array",
            "items": {"type": "string", "maxLength": 240},
            "maxItems": 4,
        },
        "verdict": {"type": "string", "enum": ["approve", "revise"]},
    },
    "required": ["issues", "verdict"],
    "additionalProperties": False,
}


CHOICE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 240},
        "choice": {"type": "string", "enum": ["A", "B"]},
    },
    "required": ["reason", "choice"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Verdict:
    """What a review concluded: `approves` is None when the answer had no readable verdict.

    `text` is the answer without what was only thought, for later prompts to quote.
    """

    approves: bool | None
    issues: tuple[str, ...]
    text: str

    @property
    def asks_for_changes(self) -> bool:
        """True only for a verdict that was read and is against the draft."""
        return self.approves is False


def read_verdict(text: str) -> Verdict:
    """The verdict in a review's answer: JSON, else the last line that says `verdict: ...`."""
    answer = without_thinking(text)
    found = _json_object(answer, "verdict")
    if found is not None:
        issues = found.get("issues")
        listed = tuple(str(issue) for issue in issues) if isinstance(issues, list) else ()
        said = str(found.get("verdict", "")).strip().lower()
    else:
        listed = ()
        said = _last(r"verdict\W+(\w+)", answer.lower())
    approves = {"approve": True, "approved": True, "revise": False, "reject": False}.get(said)
    return Verdict(approves=approves, issues=listed, text=answer)


def read_choice(text: str) -> str | None:
    """The choice in an answer, A or B: JSON, else the last line that says `choice: ...`."""
    answer = without_thinking(text)
    found = _json_object(answer, "choice")
    if found is not None:
        said = str(found["choice"]).strip().upper()
    else:
        said = _last(r"choice\W+([ab])\b", answer.lower()).upper()
    return said if said in ("A", "B") else None


def _last(pattern: str, answer: str) -> str:
    """The last word that a pattern finds; empty if another is offered beside it.

    Small models like to repeat the question: `"verdict": "approve" or "revise"` is no approval.
    """
    found = re.findall(rf"{pattern}([^\w\n]*(?:\bor\b|[|/])[^\w\n]*\w)?", answer)
    word, another = found[-1] if found else ("", "")
    return "" if another else word


def _json_object(text: str, key: str) -> dict[str, Any] | None:
    """The last JSON object in a text, fenced or not, that has this key."""
    decoder = json.JSONDecoder()
    best = None
    for start in (match.start() for match in re.finditer(r"\{", text)):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and key in value:
            best = value
    return best
