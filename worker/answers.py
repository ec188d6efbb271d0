"""A model's answer as its row holds it."""

from typing import Any

from foureyes.models.columns import ANSWER
from foureyes.models.errors import RequestRefused
from foureyes.models.storable import countable, storable
from foureyes.worker.engines import Answer


def columns(answer: Answer) -> dict[str, Any]:
    """The columns of a completion that say what was answered, and what it cost.

    Raises: RequestRefused if a server counts what is no number of tokens.
    """
    filled: dict[str, Any] = {}
    for name, kind in ANSWER.items():
        value = getattr(answer, name)
        if kind == "integer" and not (value is None or countable(value)):
            raise RequestRefused(
                f"the model's server answered, and says that {name} is {value!r:.60}: no number of "
                "tokens; another server, or another version of it, may count right"
            )
        filled[name] = storable(value) if kind == "text" else value
    return filled
