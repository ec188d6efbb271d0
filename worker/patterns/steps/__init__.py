"""What a pattern may ask for, and what it gets back: all that the author of a pattern imports."""

from models.problem import Spec, TestResult, Trial
from worker.patterns.reading.verdict import Verdict
from worker.patterns.steps.ask import Ask
from worker.patterns.steps.base import (
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
from worker.patterns.steps.note import Note
from worker.patterns.steps.readings import TEXT, Code, Json, Number, OneOf, Reply
from worker.patterns.steps.standard import (
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
)

__all__ = [
    "CODER", "REVIEWER", "TEXT", "Ask", "Choice", "Choose", "Code", "CompletionStep", "Draft", "Enrich",
    "ExecutionStep", "Fix", "Json", "Note", "Number", "OneOf", "Plan", "Planned", "Program", "RepairVerdict",
    "Reply", "Result", "Review", "Sampling", "Spec", "Step", "Steps", "TestResult", "Trial", "Verdict",
    "VisibleTests", "wrong_type",
]  # fmt: skip
