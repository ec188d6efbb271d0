"""A sweep's recording: JSON lines, one for each call that its models answered, with `key` and `text`,
and one for each program that its visible tests ran, with `code` and `trial`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.errors import FoureyesError
from models.problem import Trial

_CALL = ("key", "text")
_TRIAL = ("benchmark", "problem_id", "version", "code", "judge_version")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a recording.

    Raises: FoureyesError naming the file and the line, if one is of no recording.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = json.loads(line)
                    if "trial" in row:
                        Trial.from_json(row["trial"])
                    needed = _TRIAL if "trial" in row else _CALL
                    missing = [name for name in needed if not isinstance(row.get(name), str)]
                except (ValueError, KeyError, TypeError, AttributeError):
                    raise FoureyesError(
                        f"{path} line {number}: not a line of a recording"
                    ) from None
                if missing:
                    raise FoureyesError(f"{path} line {number}: there is no {missing[0]!r} in it")
                yield row
    except UnicodeDecodeError as error:
        raise FoureyesError(f"{path}: the recording is not UTF-8 text ({error})") from None
    except OSError as error:
        raise FoureyesError(f"{path}: the recording cannot be read ({error.strerror})") from None
