"""The control that tells what a review adds to retries."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft, Fix, Steps, VisibleTests


@pattern("retry")
def retry(spec: Spec, retries: Annotated[int, Field(ge=1, le=10)] = 3) -> Steps:
    """The coder retries on the errors of the visible tests, a few times; nobody reviews."""
    program = yield Draft(spec, by=CODER)
    for _ in range(retries):
        trial = yield VisibleTests(program)
        if not trial.failed:
            break
        program = yield Fix(program, trial, by=CODER)
    return program.code
