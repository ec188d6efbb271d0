"""What a pattern notes down on its way, for whoever asks later why it went there."""

import json
from dataclasses import dataclass
from typing import Any

from foureyes.models.storable import is_too_deep

#: Characters of a name, and of a value as JSON.
_LONGEST_NAME, _LONGEST_VALUE = 60, 2000


@dataclass(frozen=True)
class Note:
    """Keep a value under a name with the attempt: in `v_notes`, and in what `foureyes show` prints.

    It is yielded as a step is, gives None at once and costs no call. The value is whatever JSON has
    words for. Of one that takes more than 2,000 characters, or more than 100 brackets in brackets, the first
    characters are kept, as a text that says how many it had: a model may have written it.
    """

    name: str
    value: Any

    def __post_init__(self) -> None:
        is_name = isinstance(self.name, str) and self.name.isprintable() and self.name.strip()
        if not is_name or len(self.name) > _LONGEST_NAME:
            raise ValueError(
                f"Note: a name has 1 to {_LONGEST_NAME} printable characters, not {self.name!r:.80}"
            )
        try:
            written = json.dumps(self.value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise ValueError(
                f"Note {self.name!r}: JSON has no words for the value {self.value!r:.80}"
            ) from None
        if len(written) > _LONGEST_VALUE or is_too_deep(self.value):
            kept = f"{written[:_LONGEST_VALUE]} ... ({len(written):,} characters)"
        else:
            kept = json.loads(written)  # the pattern may go on changing its own
        object.__setattr__(self, "value", kept)
