"""If one of these fails, vLLM runs with other settings than a sweep file says, or answers pass for others'."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from foureyes.models import llm
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM
from foureyes.producer.sweeps.sweep_file import parse
from foureyes.worker.engines.front_end import arguments, check_arguments
from tests.programs import ROOT


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


def test_models_that_take_turns_can_sleep_and_leave_room_for_those_that_do() -> None:
    alone, shared = model(), model(share="sleep")
    assert (alone.gpu_memory, shared.gpu_memory, alone.share) == (0.9, 0.85, None)
    assert model(share="sleep", gpu_memory=0.7).gpu_memory == 0.7
    both = model(share="sleep", gpus=(0, 1))
    assert llm.read(both.model_dump(mode="json")) == both  # as a worker reads it
    assert arguments(shared)["enable_sleep_mode"] and not arguments(alone)["enable_sleep_mode"]
    assert shared.identity() == alone.identity()  # what was answered alone is not asked anew


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share": "slepp"}, "share\n  Input should be 'sleep'"),
        ({"share": True}, "share\n  Input should be 'sleep'"),
        (
            {"share": "sleep", "engine_args": {"enable_sleep_mode": False}},
            '`share = "sleep"` needs what engine_args.enable_sleep_mode forbids',
        ),
    ],
)
def test_another_way_to_share_is_a_mistake(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        model(**wrong)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "sweeps").glob("*.toml")), ids=lambda file: file.name
)
@pytest.mark.parametrize("share", ["", 'share = "sleep"\n'], ids=["alone", "in turns"])
def test_models_of_the_files_that_come_with_it_can_be_read(
    file: Path, share: str, tmp_path: Path
) -> None:
    told = tmp_path / file.name
    told.write_text(file.read_text().replace('engine = "vllm"\n', f'engine = "vllm"\n{share}'))
    models = parse(told).models.values()
    assert all(
        each.share == ((share and "sleep") or None) for each in models if isinstance(each, VLLM)
    )
