"""What a pattern may ask for, and what it gets back: all that the author of a pattern imports."""

from foureyes.models.problem import Spec
from foureyes.models.shown import Output, TestResult, TestRun, Traced, Trial, WrittenResult
from foureyes.worker.patterns.reading.verdict import Verdict
from foureyes.worker.patterns.steps.ask import Ask
from foureyes.worker.patterns.steps.base import (
    CODER,
    REVIEWER,
    CompletionStep,
    ExecutionStep,
    Program,
    Result,
    Sampling,
    Step,
    Steps,
    wrong_type,
)
from foureyes.worker.patterns.steps.budget import MOST_DRAFTS, TokensLeft, while_tokens_last
from foureyes.worker.patterns.steps.comparing import (
    Compare,
    Compared,
    Difference,
    Inputs,
    WrittenInputs,
)
from foureyes.worker.patterns.steps.mutation import mutated
from foureyes.worker.patterns.steps.note import Note
from foureyes.worker.patterns.steps.readings import TEXT, Code, Json, Number, OneOf, Reply
from foureyes.worker.patterns.steps.standard import (
    Choice,
    Choose,
    Draft,
    Enrich,
    Fix,
    Plan,
    Planned,
    RepairVerdict,
    Review,
    VisibleTests,
    drafts,
)
from foureyes.worker.patterns.steps.tests import RunTests, Tests, WrittenTests
from foureyes.worker.patterns.steps.tracing import Trace

__all__ = [
    "CODER", "MOST_DRAFTS", "REVIEWER", "TEXT", "Ask", "Choice", "Choose", "Code", "Compare", "Compared",
    "CompletionStep", "Difference", "Draft", "Enrich", "ExecutionStep", "Fix", "Inputs", "Json", "Note", "Number",
    "OneOf", "Output", "Plan", "Planned", "Program", "RepairVerdict", "Reply", "Result", "Review",
    "RunTests", "Sampling", "Spec", "Step", "Steps", "TestResult", "TestRun", "Tests", "TokensLeft", "Trace", "Traced", "Trial",
    "Verdict", "VisibleTests", "WrittenInputs", "WrittenResult", "WrittenTests", "drafts",
    "mutated",
    "while_tokens_last", "wrong_type",
]  # fmt: skip
