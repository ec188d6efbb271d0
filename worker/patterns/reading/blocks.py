"""Where in an answer a program may stand. Text is read, never run; time is linear in its length."""

import html
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt

#: Only blocks, and quotes and lists for what stands in them; inline marks are not read.
_MARKDOWN = MarkdownIt("zero").enable(["fence", "code", "blockquote", "list"])
_MARKDOWN.core.ruler.enableOnly(["block"])

_LINE_END = re.compile(r"\r++\n?")
_TAGS = "pre|code|python|answer|solution|final|response|output|program|result"
#: What stands before or after a program, where Markdown does not see a fence: after text, at the end
#: of a line of code, without its other half; tags; a model's own tokens. Not in longer
#: strings, nor in lines of comments.
_MARK = re.compile(
    rf"""
      \"\"\".*?\"\"\" | \'\'\'.*?\'\'\' | (?P<quote>["'])```\w*(?:\\n)?(?P=quote)
    | ^[ \t]+\#[^\n]*
    | (?P<mark>
        (?:`{{3,}} | ^[ \t]*~{{3,}}) (?:[ \t]*[\w.+\#-]+[ \t]*$ | [ \t]*(?:python|py)[\d.]*\b)?
      | </?(?:{_TAGS})\b[^<>\n]*> | \[/?(?:PYTHON|CODE|ANSWER|INST)\] | <[|｜][^<>|｜\n]{{1,40}}[|｜]>
      )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE,
)  # fmt: skip
_TICKS = re.compile("`+")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'""")
#: With the line ends that some models leave in it.
_STRING_OF_JSON = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
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
_NUMBERED = re.compile(r"^[ \t]*\d+(?:[.:|)]|[ \t]*[|│])?(?=[ \t]|$)", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*[>|│][ ]?", re.MULTILINE)
_BREAK = re.compile(r"<br ?/?>\n?", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>\n]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A part of an answer, and the number of lines above it."""

    text: str
    line: int


def plain_lines(text: str) -> str:
    """The text with one kind of line end."""
    return _LINE_END.sub("\n", text)


def fenced(answer: str) -> list[Block]:
    """The blocks of code that an answer has by CommonMark's rules, in quotes and lists too."""
    return [
        Block(textwrap.dedent(token.content).strip("\n"), (token.map or [0])[0])
        for token in _MARKDOWN.parse(answer)
        if token.type in ("fence", "code_block") and token.content.strip()
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
            made.append(Block(text, line))
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
    if text.lstrip()[:1] in ("{", "[", '"') or '{"' in text:
        yield from _strings_of_json(text)
    if "\n" not in text.strip() and "\\n" in text:
        yield text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _after_change(text: str) -> str:
    """What a diff leaves."""
    gone = ("-", "@@", "+++ ", "diff ", "index ", "\\ No newline")
    lines = [line for line in text.split("\n") if not line.startswith(gone)]
    return textwrap.dedent("\n".join(line[1:] if line[:1] in "+ " else line for line in lines))


def _strings_of_json(text: str) -> Iterator[str]:
    """The strings in a JSON value that may be a program, each with its fence, if it has one."""
    for found in _STRING_OF_JSON.finditer(text):
        if "def " in found[0] or "lambda" in found[0]:
            try:
                yield textwrap.dedent(json.loads(found[0], strict=False))
            except ValueError:
                continue
