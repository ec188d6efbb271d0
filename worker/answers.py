"""A model's answer as its row holds it."""

from typing import Any

from models.errors import RequestRefused
from models.text import countable, storable
from worker.engines import Answer

_COUNTS = ("prompt_tokens", "cached_tokens", "completion_tokens")


def columns(answer: Answer) -> dict[str, Any]:
    """The columns of a completion that say what was answered, and what it cost.

    Raises: RequestRefused if a server counts what is no number of tokens.
    """
    counts = {name: getattr(answer, name) for name in _COUNTS}
    for name, count in counts.items():
        if not (count is None or countable(count)):
            raise RequestRefused(
                f"the model's server answered, and says that {name} is {count!r:.60}: no number of "
                "tokens; another server, or another version of it, may count right"
            )
    return counts | {
        "text": storable(answer.text),
        "finish_reason": storable(answer.finish_reason),
        "seconds": answer.seconds,
        "engine": storable(answer.engine),
    }
