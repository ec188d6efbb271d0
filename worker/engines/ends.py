"""How an answer ended, in the same few words whatever the engine; what is no end of one is a failure."""

from typing import Any

from foureyes.models.errors import InfrastructureError

#: The model came to its end, or to a stop string.
STOP = "stop"
#: It was cut off: by `max_tokens`, or where the model's context ends.
LENGTH = "length"
#: The model or its provider declined to answer; the answer's text is what was said instead.
REFUSED = "refused"
#: The prompt alone does not fit the model's context: it had its chance, as a model that ran out of
#: tokens has, and nothing is wrong with the infrastructure.
PROMPT_TOO_LONG = "prompt_too_long"

#: What servers call these ends, in small letters.
_WORDS = {
    STOP: {
        "stop",
        "eos",
        "eos_token",
        "stop_sequence",
        "end_turn",
        "complete",
        "finish_reason_stop",
    },
    LENGTH: {
        "length",
        "max_tokens",
        "max_output_tokens",
        "model_length",
        "model_context_window_exceeded",
    },
    REFUSED: {
        "blocklist",
        "content_filter",
        "content_filtered",
        "error_toxic",
        "guardrail_intervened",
        "prohibited_content",
        "recitation",
        "refusal",
        "refused",
        "safety",
        "sensitive",
        "spii",
    },
}
_ENDS = {word: end for end, words in _WORDS.items() for word in words}


def known(reason: Any) -> str | None:
    """The end that a server's word stands for (also `content_filter: SAFETY`); None if for none."""
    if not isinstance(reason, str):
        return None
    return _ENDS.get(reason.partition(":")[0].strip().lower())


def ended(who: str, reason: Any, text: str, tokens: Any, said: str = "") -> str:
    """The end of an answer: `text` with its thoughts, and as many `tokens` as were counted.

    Raises: InfrastructureError if that is no answer, with what `who` has `said`: taken for one, an
    empty program would be a wrong answer that no model gave.
    """
    end = known(reason)
    told = f": {said}" if said else ""
    if end is None:
        raise InfrastructureError(
            f"{who}: the finish reason {reason!r:.80} is no end of an answer{told}"
        )
    if end != REFUSED and not text.strip() and not tokens:
        raise InfrastructureError(
            f"{who}: the answer is empty, without a token (finish reason {reason!r}){told}"
        )
    return end
