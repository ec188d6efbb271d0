"""If one of these fails, vLLM runs with other settings than a sweep file says, or answers pass for others'."""

import pytest

from models.errors import FoureyesError
from models.llm import VLLM
from worker.engines.front_end import arguments, check_arguments


def model(**more: object) -> VLLM:
    return VLLM.model_validate({"engine": "vllm", "name": "m", "model": "a/b"} | more)


def test_any_argument_is_passed_on_and_holds_against_ours() -> None:
    own = {"load_format": "dummy", "enable_prefix_caching": False, "max_num_seqs": 7}
    told = arguments(model(threads=64, context=512, engine_args=own))
    assert told.items() >= (own | {"model": "a/b", "max_model_len": 512}).items()


def test_arguments_are_part_of_what_a_model_is_and_nothing_changes_without_them() -> None:
    """Else answers of one attention backend, or of random weights, would be taken for another's."""
    plain = model().identity()
    assert "engine_args" not in plain  # the keys of what was answered before it could be said
    assert model(engine_args={}).identity() == plain
    drafts = {"method": "ngram", "num_speculative_tokens": 3}
    told = model(engine_args={"speculative_config": drafts}).identity()
    assert told == plain | {"engine_args": {"speculative_config": drafts}}


def test_an_argument_that_vllm_does_not_have_is_named_with_the_nearest() -> None:
    known = ["max_num_batched_tokens", "load_format"]
    check_arguments(model(engine_args={"load_format": "dummy"}), known, "0.33.0")
    with pytest.raises(FoureyesError) as raised:
        check_arguments(model(engine_args={"max_num_batch_tokens": 1}), known, "0.33.0")
    assert str(raised.value) == (
        "model 'm': engine_args: vLLM 0.33.0 has no argument 'max_num_batch_tokens'; did you mean "
        "max_num_batched_tokens?"
    )
