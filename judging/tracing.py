"""A program run line by line: what its variables were on the way, for whoever mends it to read.

The tracer stands behind the program, in its own process. A program that knows it can say what it likes,
and deceives nobody but the model that mends it: no verdict is made of a trace.
"""

import re

from foureyes.judging.visible.running import Given
from foureyes.models.shown import GAVE, Traced, TracedLine
from foureyes.models.storable import countable

#: Lines that are followed; those that are kept of the beginning, and as many of the end.
_MOST, _KEPT = 5000, 30
#: Characters of a line, of its values and of an end that are kept.
_CUT = 300
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_NAME = "_foureyes_trace"

_TRACER = f"""

def {_NAME}(call):
    import collections, reprlib, sys
    inside = {_NAME}.__code__
    shown = reprlib.Repr()
    shown.maxstring = shown.maxother = 60
    first, last, before, raising, ways = [], collections.deque(maxlen={_KEPT}), {{}}, set(), [0, ""]

    class Enough(BaseException):
        pass

    def told(frame):
        now = {{name: shown.repr(value) for name, value in list(frame.f_locals.items())[:20]
               if name[0] not in "._"}}
        seen = before.get(frame, {{}})
        before[frame] = now
        return ", ".join(f"{{name}} = {{text}}" for name, text in now.items() if seen.get(name) != text)

    def note(number, text):
        ways[0] += 1
        (first if len(first) < {_KEPT} else last).append((number, text))
        if ways[0] >= {_MOST}:
            raise Enough

    def look(frame, event, given):
        if frame.f_code.co_filename != inside.co_filename or frame.f_lineno >= inside.co_firstlineno:
            return None
        if event == "line":
            note(frame.f_lineno, told(frame))
        elif event == "exception":
            note(frame.f_lineno, f"raises {{given[0].__name__}}")
            raising.add(frame)
        elif event == "return":
            if given is not None or frame not in raising:
                note(frame.f_lineno, f"returns {{shown.repr(given)}}")
            before.pop(frame, None)
        return look

    sys.settrace(look)
    try:
        ways[1] = "it gives " + shown.repr(call())
    except Enough:
        ways[1] = "it goes on and on"
    except BaseException as error:
        ways[1] = f"it raises {{type(error).__name__}}: {{error}}"[:300]
    finally:
        sys.settrace(None)
    return [first + list(last), ways[0], ways[1]]
"""


def traceable(code: str) -> str:
    """A program that can be asked for its way through a call."""
    return code + _TRACER


def asked(call: str) -> str:
    """The expression that asks for it."""
    return f"{_NAME}(lambda: {call})"


def read(code: str, given: Given) -> Traced:
    """The way in what was given. Nothing in it can be relied on: it was made beside the program."""
    match given.value:
        case [[*steps], int() as count, str() as ended] if given.output.how == GAVE:
            source = dict(enumerate(code.splitlines(), 1))
            lines = [
                TracedLine(step[0], source.get(step[0], "").strip()[:_CUT], _told(step[1]))
                for step in steps[: 2 * _KEPT]
                if isinstance(step, tuple | list)
                and len(step) == 2
                and countable(step[0])
                and isinstance(step[1], str)
            ]
            return Traced(tuple(lines), max(0, min(count, _MOST) - len(lines)), _told(ended))
    return Traced((), 0, given.output.shown)


def _told(text: str) -> str:
    """A text as it is kept: where an object lies in memory is another place in each process."""
    return _ADDRESS.sub("at 0x...", text[: 2 * _CUT])[:_CUT]
