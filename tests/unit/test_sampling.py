"""How a step's answers are drawn: what a pattern says of it decides which calls are one and the same."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.llm import ModelSampling as ModelSampling
from foureyes.models.llm import Scripted
from foureyes.models.problem import Spec
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.engines import scripted
from foureyes.worker.engines.base import Request
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.steps import Draft, Program, Review, Sampling
from foureyes.worker.patterns.style import Style

SPEC = Spec("t/1", "def f(x):\n", "f", ())
MODEL = Scripted(
    engine="scripted",
    name="m",
    script="m.toml",
    sampling=ModelSampling(temperature=0.5, top_p=0.9, max_tokens=50, seed=7),
)
CALLER = Caller(templates.shipped("default"), Style())


def request(step: Draft | Review, sample: int = 0) -> dict[str, Any]:
    return CALLER.call(step, MODEL, sample).request


def test_a_step_that_says_nothing_of_it_is_asked_as_the_model_says() -> None:
    assert request(Draft(SPEC))["sampling"] == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 50}
    assert request(Draft(SPEC), sample=3)["seed"] == 10
    assert request(Draft(SPEC, sampling=Sampling())) == request(Draft(SPEC))


def test_what_a_step_says_holds_and_the_rest_is_the_models() -> None:
    drawn = Review(Program(SPEC, "", ""), sampling=Sampling(1, max_tokens=9, seed=2))
    made = request(drawn, sample=1)
    assert made["sampling"] == {"temperature": 1.0, "top_p": 0.9, "max_tokens": 9}
    assert made["seed"] == 7 + 1 + 2 * 1000
    greedy = request(replace(drawn, sampling=Sampling(0, top_p=1)))
    assert greedy["sampling"]["top_p"] == 1.0 and greedy["seed"] is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"temperature": 2.1}, "temperature is from 0 to 2, not 2.1"),
        ({"temperature": "hot"}, "temperature is from 0 to 2, not 'hot'"),
        ({"temperature": float("nan")}, "temperature is from 0 to 2, not nan"),
        ({"top_p": 0}, "top_p is above 0, and at most 1, not 0"),
        ({"max_tokens": 1.5}, "max_tokens is a whole number from 1 to 10000000, not 1.5"),
        ({"max_tokens": 10**30}, "max_tokens is a whole number from 1 to 10000000, not 1000"),
        ({"seed": True}, "seed is a whole number from 0 to 999, not True"),
        ({"seed": 1.0}, "seed is a whole number from 0 to 999, not 1.0"),
        ({"seed": None}, "seed is a whole number from 0 to 999, not None"),
    ],
)
def test_what_no_model_can_be_asked_with_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Sampling(**given)


def test_a_script_can_answer_otherwise_when_it_is_asked_again(tmp_path: Path) -> None:
    """Else no pattern that draws anew, or goes round until it is content, could be tried."""
    path = tmp_path / "m.toml"
    path.write_text(
        '[[rules]]\nturn = 1\nanswer = "second"\n'
        '[[rules]]\nseed = 9\nanswer = "of the third sample"\n'
        '[[rules]]\nanswer = "first"\n'
    )
    engine = scripted.load(MODEL.model_copy(update={"script": str(path)}))

    def says(step: Draft, sample: int = 0, again: int = 0, model: Scripted = MODEL) -> str:
        made = CALLER.call(step, model, sample, again)
        return engine.complete(Request.from_json(made.key, made.request)).text

    assert says(Draft(SPEC)) == says(Draft(SPEC), sample=1) == "first"
    assert says(Draft(SPEC), again=1) == says(Draft(SPEC, sampling=Sampling(seed=1))) == "second"
    assert says(Draft(SPEC), sample=2) == "of the third sample"
    assert says(Draft(SPEC, sampling=Sampling(0, seed=1))) == "first"  # greedy: without a seed
    path.write_text("[[rules]]\nturn = -1\n")
    with pytest.raises(FoureyesError, match="not a script"):
        scripted.load(MODEL.model_copy(update={"script": str(path)}))
