"""The equal-budget control: what do the same calls buy without a second model?"""

from collections.abc import Generator
from typing import Annotated, Any

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    Compare,
    Draft,
    Inputs,
    Note,
    Program,
    Sampling,
    Steps,
    TokensLeft,
    VisibleTests,
    WrittenInputs,
)
from foureyes.worker.patterns.steps import drafts as several

#: Drafts of an attempt, whatever its budget would still pay for.
_MOST = 50


@pattern("sample-and-select", counts="drafts")
def sample_and_select(
    spec: Spec,
    drafts: Annotated[int, Field(ge=2, le=_MOST)] | None = 3,
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.8,
) -> Steps:
    """The coder writes several drafts; the first of those that pass most visible tests counts.

    Where the prompt shows no tests, the coder writes inputs, and what most drafts do on them counts.
    The first draft is the raw coder's; `temperature` is that of the others. `tokens_of` names another
    pattern of the sweep: there are as many drafts as fit into the answer tokens that its attempt at the
    same problem spent, always one and at most 50.
    """
    if drafts is None:
        written, inputs = yield from _while_tokens_last(spec, temperature)
    else:
        written, inputs = (yield several(spec, drafts, temperature)), None
    if len(written) == 1:
        return written[0].code
    if not spec.visible_tests:
        if inputs is None:
            inputs = yield Inputs(spec, by=CODER)
        found = yield Compare(written, inputs)
        return found.best.code
    trials = yield tuple(VisibleTests(draft) for draft in written)
    passes = [trial.passes for trial in trials]
    return written[passes.index(max(passes))].code


def _while_tokens_last(
    spec: Spec, temperature: float
) -> Generator[Any, Any, tuple[tuple[Program, ...], WrittenInputs | None]]:
    """Drafts until the next would exceed the budget: that one is drawn and left out.

    Inputs, where drafts will be compared by them, come before the second draft: they cost tokens too.
    """
    written = [(yield Draft(spec, by=CODER))]
    inputs = None
    if not spec.visible_tests and (yield TokensLeft()) > 0:
        inputs = yield Inputs(spec, by=CODER)
    while (yield TokensLeft()) > 0 and len(written) < _MOST:
        draft = yield Draft(spec, by=CODER, sampling=Sampling(temperature, seed=len(written)))
        if (yield TokensLeft()) < 0:
            break
        written.append(draft)
    yield Note("drafts within the budget", len(written))
    return tuple(written), inputs
