"""Where in an answer a program may stand. Text is read, never run; time is linear in its length."""

import contextlib
import html
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt

from foureyes.models import trees

#: Only blocks, and quotes and lists for what stands in them; inline marks are not read.
_MARKDOWN = MarkdownIt("zero").enable(["fence", "code", "blockquote", "list"])
_MARKDOWN.core.ruler.enableOnly(["block"])

_LINE_END = re.compile(r"\r++\n?")
_TAGS = "pre|code|python|answer|solution|final|response|output|program|result"
#: A fence of quotes.
_QUOTE_FENCE = r"^(?:\'\'\'|\"\"\")(?:python|py)[\d.]*[ \t]*$"
#: What stands before or after a program, where Markdown does not see a fence: after text, at the end
#: of a line of code, without its other half; tags; a model's own tokens. Not in longer
#: strings, nor in lines of comments.
_MARK = re.compile(
    rf"""
      (?!{_QUOTE_FENCE}) (?: \"\"\".*?\"\"\" | \'\'\'.*?\'\'\' )
    | (?P<quote>["'])```\w*(?:\\n)?(?P=quote)
    | ^[ \t]+\#[^\n]*
    | (?P<mark>
        (?:`{{3,}} | ^[ \t]*~{{3,}}) (?:[ \t]*[\w.+\#-]+[ \t]*$ | [ \t]*(?:python|py)[\d.]*\b)?
      | {_QUOTE_FENCE} | <!\[CDATA\[ | \]\]>(?=\s*</)
      | </?(?:{_TAGS})\b[^<>\n]*> | \[/?(?:PYTHON|CODE|ANSWER|INST)\] | <[|｜][^<>|｜\n]{{1,40}}[|｜]>
      )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE,
)  # fmt: skip
_TICKS = re.compile("`+")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'""")
#: With the line ends that some models leave in it, and where an answer was cut off in it.
_IN_QUOTES = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
#: A list of them, as notebooks have the lines of a program; one; one as Python writes it.
_STRING_OF_JSON = re.compile(
    rf"(?P<list>\[\s*+(?:{_IN_QUOTES}\s*+,?\s*+)++\])|{_IN_QUOTES}|'(?:[^'\\\n]|\\.)*+'", re.DOTALL
)
#: What a string must have, of which one may be in any program.
_OF_PROGRAMS = ("def ", "lambda", "print(", "import ")
#: A key of YAML with text below it, further to the right.
_YAML = re.compile(
    r"^([ \t]*+)(?:- )?[\w-]++:[ \t]*+\|[-+\d]*+[ \t]*+\n((?:\1[ \t]++.*+\n?|[ \t]*+\n)++)",
    re.MULTILINE,
)
#: What is said before a program on its first line.
_LABEL = re.compile(
    r"^[ \t]*(?:\*\*)?[A-Z][\w ]{0,30}:(?:\*\*)?[ \t]+(?=(?:async )?def |class |import |from |@)",
    re.MULTILINE,
)
#: What only notebooks understand.
_MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)
#: What editors and fonts put in the place of Python's own characters.
_LOOKALIKES = {
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), ""),
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "\u2028\u2029\u0085\v\f"), "\n"),
    **dict.fromkeys(map(ord, "‘’‛′"), "'"),
    **dict.fromkeys(map(ord, "“”‟″"), '"'),
    **dict.fromkeys(map(ord, "−–‐‑"), "-"),
    **{wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
}
_PROMPTED = re.compile(r"^[ \t]*(?:>>>|\.\.\.|In \[\d+\]:|\.{3,}:)(?: (.*))?$", re.MULTILINE)
_CHANGED = re.compile(r"^\+(?!\+\+ )", re.MULTILINE)
_NUMBERED = re.compile(
    r"^[ \t]*(?:(?:L?\d+|\[\d+\])(?:[.:|)]|[ \t]*[|│])?(?=[ \t]|$)|\d+→)", re.MULTILINE
)
_QUOTED = re.compile(r"^[ \t]*[>|│][ ]?", re.MULTILINE)
_BREAK = re.compile(r"<br ?/?>\n?", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>\n]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A part of an answer, and the number of lines above it. `is_open`: the answer ends in it."""

    text: str
    line: int
    is_open: bool = False


def plain_lines(text: str) -> str:
    """The text with one kind of line end."""
    return _LINE_END.sub("\n", text)


def fenced(answer: str) -> list[Block]:
    """The blocks of code that an answer has by CommonMark's rules, in quotes and lists too."""
    tokens = [
        token
        for token in _MARKDOWN.parse(answer)
        if token.type in ("fence", "code_block") and token.content.strip()
    ]
    end = answer.rstrip()
    return [
        Block(
            textwrap.dedent(token.content).strip("\n"),
            (token.map or [0])[0],
            token is tokens[-1] and end.endswith(token.content.rstrip()),
        )
        for token in tokens
    ]


def pieces(answer: str) -> list[Block]:
    """An answer cut at all that looks like a fence, whatever it opens or closes."""
    marks = [found.span() for found in _MARK.finditer(answer) if found["mark"]]
    return _between(answer, marks)


def ticked(answer: str) -> list[Block]:
    """An answer cut at its back-ticks: code within a line."""
    return _between(answer, [found.span() for found in _TICKS.finditer(answer)])


def _between(answer: str, marks: list[tuple[int, int]]) -> list[Block]:
    made: list[Block] = []
    start = line = 0
    for begin, end in [*marks, (len(answer), len(answer))]:
        text = answer[start:begin]
        if text.strip():
            made.append(Block(text, line, end == len(answer)))
        line += answer.count("\n", start, end)
        start = end
    return made


def readings(text: str) -> Iterator[str]:
    """A block as it is, and then by each way of writing code down that it may be in."""
    text = textwrap.dedent(text)
    if _ENTITY.search(text) and _ENTITY.search(_STRING.sub("", text)):
        text = html.unescape(text)
    yield text
    if (mended := text.translate(_LOOKALIKES)) != text:
        yield mended
    if _PROMPTED.search(text):
        yield "\n".join(line or "" for line in _PROMPTED.findall(text))
    if _CHANGED.search(text):
        yield _after_change(text)
    if _NUMBERED.search(text):
        yield textwrap.dedent(_NUMBERED.sub("", text))
    if _QUOTED.search(text):
        yield textwrap.dedent(_QUOTED.sub("", text))
    if _TAG.search(text):
        shown = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
        yield textwrap.dedent(shown.translate(_LOOKALIKES))
    if _LABEL.search(text):
        yield _LABEL.sub("", text)
    if _MAGIC.search(text):
        yield _MAGIC.sub("", text)
    for found in reversed([*_YAML.finditer(text)]):
        yield textwrap.dedent(found[2])
    if text.lstrip()[:1] in ("{", "[", '"') or '{"' in text or "{'" in text:
        yield from _strings_of_json(text)
    if "\n" not in text.strip() and "\\n" in text:
        yield text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _after_change(text: str) -> str:
    """What a diff leaves."""
    gone = ("-", "@@", "+++ ", "diff ", "index ", "\\ No newline")
    lines = [line for line in text.split("\n") if not line.startswith(gone)]
    return textwrap.dedent("\n".join(line[1:] if line[:1] in "+ " else line for line in lines))


def _strings_of_json(text: str) -> Iterator[str]:
    """The strings in a JSON value that may be a program, each with its fence, if it has one; the last first.

    Lists of strings are lines too. Of a notebook all its code is one program.
    """
    found = [found for found in _STRING_OF_JSON.finditer(text) if _may_be_program(found[0])]
    if '"cells"' in text and (program := _of_notebook(text)):
        yield program
    for each in reversed(found):
        with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            if not each["list"]:
                yield textwrap.dedent(_string(each[0]))
                continue
            strings = json.loads(each[0], strict=False)
            yield textwrap.dedent(_lines(strings))
            yield from (textwrap.dedent(one) for one in reversed(strings) if _may_be_program(one))


def _may_be_program(text: str) -> bool:
    return any(word in text for word in _OF_PROGRAMS)


def _string(written: str) -> str:
    """The value of a string, which may lack its end."""
    if written[0] == "'":
        return str(trees.literal(written))
    try:
        return str(json.loads(written, strict=False))
    except ValueError:
        return str(json.loads(written.rstrip("\\") + '"', strict=False))


def _lines(strings: list[str]) -> str:
    """A text that is written as its lines, with their ends or without."""
    return ("" if any(one.endswith("\n") for one in strings) else "\n").join(strings)


def _of_notebook(text: str) -> str:
    """The code of a notebook's cells; empty if it is none."""
    try:
        cells = json.loads(text, strict=False)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n\n".join(one if isinstance(one, str) else _lines(one) for one in sources)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
