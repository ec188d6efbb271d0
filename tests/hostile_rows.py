"""Rows in which every text from outside is hostile: it runs, breaks out, hides or overflows if it can."""

import json
from urllib.parse import urlencode

from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.session import session
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    KeptSearch,
    LanguageModel,
    PeopleNote,
    Problem,
    Run,
    Step,
    Sweep,
)
from foureyes.models.team import CODER
from tests.sweeps import seat

#: If it is ever taken for markup or a template, the page's title or its text changes.
HOSTILE = (
    "</code></pre></textarea></title></script><script>document.title = 'owned'</script>"
    "<img src=x onerror=\"document.title = 'owned'\">\"'><svg onload=alert(1)> {{ 7 * 191 }} "
    "{% raw %} javascript:alert(1) \x1b[31m \x07 \u202eabc\u2066 \u200b\ufeff &lt;"
)
#: A line that would make a page a mile wide, and a text that would take a browser a minute.
HUGE = "x" * 1_000_000


def make() -> dict[str, int]:
    """A sweep of hostile texts; the ids of its rows by their names."""
    program = f"def f(x):\n    return x  # {HOSTILE}\n\n{HUGE}\n"
    issues = [f"line 2: {HOSTILE}", HOSTILE, HUGE]
    review = json.dumps({"issues": issues, "verdict": "revise"})
    with session() as db:
        model = LanguageModel(name=f"m {HOSTILE}", settings={}, identity="m")
        sweep = Sweep(key="hostile", name=f"s {HOSTILE}", file={"name": HOSTILE, "huge": HUGE})
        problem = Problem(
            benchmark=f"b {HOSTILE}", problem_id=f"p {HOSTILE}", version=HOSTILE, entry_point=HOSTILE,
            record=json.dumps({"prompt": program}), prompt=program,
        )  # fmt: skip
        db.add_all([model, sweep, problem])
        db.flush()
        run = Run(
            sweep_id=sweep.id, key="k", position=0, benchmark=problem.benchmark,
            pattern=f"pattern {HOSTILE}", options={}, pairing=f"pairing {HOSTILE}",
            samples=2,
        )  # fmt: skip
        db.add(run)
        db.flush()
        seat(db, run, coder=model, reviewer=model)
        attempts = [
            Attempt(
                run_id=run.id, problem_id=problem.id, sample=0, state=State.DONE,
                outcome=Outcome.UNSOLVED, code=program,
            ),
            Attempt(
                run_id=run.id, problem_id=problem.id, sample=1, state=State.ERROR,
                outcome=Outcome.ERROR, error=HOSTILE + HUGE,
            ),
        ]  # fmt: skip
        db.add_all(attempts)
        calls = [
            _call(model, Kind.DRAFT, program, program),
            _call(model, Kind.REVIEW, review, program),
            _call(model, Kind.FIX, program + HOSTILE, program),
            _call(model, Kind.PLAN, HOSTILE + HUGE, program),
        ]
        detail = dict.fromkeys(("reason", "failing_input", "expected", "got"), HOSTILE + HUGE)
        results = [{"source": HOSTILE + HUGE, "passed": False, "shown": HOSTILE + HUGE}]
        checks = [
            _check(problem, Suite.VISIBLE, program, {"results": results}),
            _check(problem, Suite.HIDDEN, program, detail),
        ]
        db.add_all([*calls, *checks])
        db.flush()
        codes = [program, None, program + HOSTILE, None]
        for position, (call, code) in enumerate(zip(calls, codes, strict=True)):
            db.add(
                Step(
                    attempt_id=attempts[0].id, position=position, branch=0, kind=call.kind,
                    role=CODER, completion_id=call.id, code=code,
                    verdict=HOSTILE if call.kind is Kind.REVIEW else None,
                    issues=issues if call.kind is Kind.REVIEW else None,
                )
            )  # fmt: skip
        for position, (check, kind) in enumerate(
            zip(checks, (Kind.TRIAL, Kind.JUDGE), strict=True)
        ):
            db.add(
                Step(
                    attempt_id=attempts[0].id, position=4 + position, branch=0, kind=kind,
                    execution_id=check.id,
                )
            )  # fmt: skip
        noted = {"author": HOSTILE, "text": HOSTILE * 10, "tags": [HOSTILE[:250], "x" * 300]}
        db.add(PeopleNote(attempt_id=attempts[0].id, **noted))
        db.add(KeptSearch(name=HOSTILE, query=urlencode({"pattern": HOSTILE[:90]}), author=HOSTILE))
        return {
            "sweep": sweep.id, "run": run.id, "problem": problem.id, "attempt": attempts[0].id,
            "failed": attempts[1].id,
        }  # fmt: skip


def _call(model: LanguageModel, kind: Kind, answer: str, shown: str) -> Completion:
    asked = [
        {"role": f"user {HOSTILE}", "content": f"{HOSTILE}\n{shown}"},
        {"role": "system", "content": HUGE},
    ]
    return Completion(
        key=f"{kind} {len(answer)}", model_id=model.id, kind=kind, prompt=f"prompt {HOSTILE}",
        prompt_hash="h", request={"messages": asked}, state=State.DONE, text=answer, seconds=1.0,
        finish_reason=HOSTILE, prompt_tokens=10, completion_tokens=5,
    )  # fmt: skip


def _check(problem: Problem, suite: Suite, code: str, detail: dict[str, object]) -> Execution:
    judged = Status.FAIL if suite is Suite.HIDDEN else None
    return Execution(
        key=suite, problem_id=problem.id, suite=suite, code=code, judge_version="1",
        state=State.DONE, base=judged, plus=judged, reason=HOSTILE + HUGE, detail=detail,
    )  # fmt: skip
