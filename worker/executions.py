"""What running a program showed, as the row of an execution holds it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from foureyes.judging.identity import profile_of
from foureyes.models.enums import Suite
from foureyes.models.storable import storable, storable_json

if TYPE_CHECKING:  # only who judges needs them, and every worker has this
    from foureyes.judging.formats.problem import Problem
    from foureyes.judging.judge import Judge


def columns(judge: "Judge", problem: "Problem", execution: Row[Any]) -> dict[str, Any]:
    """Run what an execution asks for; the columns that say what it showed.

    Raises: InfrastructureError, ReferenceFails as Judge does.
    """
    code, given = execution.code, execution.given
    match execution.suite:
        case Suite.VISIBLE:
            return {"detail": storable_json(asdict(judge.visible(problem.spec(), code)))}
        case Suite.WRITTEN:
            return {"detail": storable_json(judge.written(problem.spec(), code, given).to_json())}
        case Suite.COMPARED:
            compared = judge.compare(problem.spec(), json.loads(code), given)
            return {"detail": storable_json(asdict(compared))}
        case Suite.TRACED:
            (call,) = given
            return {"detail": storable_json(asdict(judge.trace(problem.spec(), code, call)))}
    by = profile_of(execution.judge_version)
    judgement = judge.hidden(problem.hidden_tests(), code, profile=by)
    return {
        "detail": storable_json(asdict(judgement)),
        "base": judgement.base,
        "plus": judgement.plus,
        "reason": storable(judgement.reason),
        "level": judgement.level,
        "trust": judgement.trust,
        "seconds": judgement.seconds,
    }
