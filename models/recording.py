"""A sweep's recording: JSON lines, one for each call that its models answered, with `key` and `text`,
and one for each program that its visible tests ran, with `code` and `trial`; so for what models' tests
and comparisons showed, with `suite` and `given`. It may be packed by gzip."""

import json
from collections.abc import Iterator
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from foureyes.models import packed
from foureyes.models.enums import Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.shown import Comparison, TestRun, Traced, Trial
from foureyes.models.storable import storable_json

_CALL = ("key", "text")
#: What a `trial` is read as, by the suite that was run.
_SHOWED: dict[str, Any] = {
    Suite.VISIBLE: Trial,
    Suite.WRITTEN: TestRun,
    Suite.COMPARED: Comparison,
    Suite.TRACED: Traced,
}
_TRIAL = ("benchmark", "problem_id", "version", "code", "judge_version")


@cache
def _typed(showed: Any) -> TypeAdapter[Any]:
    return TypeAdapter(showed)


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a recording.

    Raises: FoureyesError naming the file and the line, if one is of no recording, or the file is damaged or
    empty.
    """
    try:
        with TextIOWrapper(packed.opened(path), encoding="utf-8", newline="\n") as file:
            number = 0
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line)
                    if "trial" in row:
                        if not all(isinstance(each, str) for each in row.get("given") or ()):
                            raise ValueError("what a program is given is text")
                        showed = _SHOWED[row.get("suite", Suite.VISIBLE)]
                        _typed(showed).validate_json(json.dumps(row["trial"]), strict=True)
                        showed.from_json(row["trial"])
                    if storable_json(row) != row:
                        raise ValueError("nobody can have recorded it")
                    needed = _TRIAL if "trial" in row else _CALL
                    missing = [name for name in needed if not isinstance(row.get(name), str)]
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    raise FoureyesError(
                        f"{path} line {number}: not a line of a recording"
                    ) from None
                if missing:
                    raise FoureyesError(f"{path} line {number}: there is no {missing[0]!r} in it")
                yield row
            if not number:
                raise FoureyesError(f"{path}: an empty file, and no recording")
    except UnicodeDecodeError as error:
        raise FoureyesError(f"{path}: the recording is not UTF-8 text ({error})") from None
    except packed.DAMAGES as error:
        raise packed.damaged(path, error) from None
    except OSError as error:
        raise FoureyesError(f"{path}: the recording cannot be read ({error.strerror})") from None
