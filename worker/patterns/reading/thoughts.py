"""What an answer says, without what its model only thought, in the forms that models think in.

Text is read, never run; time is linear in its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

#: Names that only a prompt asks for, or a model makes up.
_MADE_UP = (
    "reasoning|reason|analysis|reflection|scratchpad|inner_monologue|chain_of_thought|cot"
    "|internal_thoughts"
)

#: One of the marks that a chat template writes, whatever it says.
_OF_TEMPLATE = r"<[|｜](?!think|inner_|begin_of_thought|START_THINKING|channel)[^<>|｜\n]{1,40}[|｜]>|<s>|<bos>"


@dataclass(frozen=True)
class _Form:
    """How one family of models marks a thought, as patterns.

    Where the chat template may open it, an answer may begin in the middle of one: the last end
    counts then. Otherwise it may also follow the program.
    """

    begin: str
    end: str
    opened_by_template: bool = True

    @cached_property
    def tags(self) -> re.Pattern[str]:
        return re.compile(f"(?P<begin>{self.begin})|{self.end}", re.IGNORECASE)

    @cached_property
    def section(self) -> re.Pattern[str]:
        """A section that begins on a line, closed or cut off; tokens of the model may be before it."""
        flags = re.IGNORECASE | re.DOTALL | re.MULTILINE
        return re.compile(rf"^(?:[ \t]|{_OF_TEMPLATE})*+{self.begin}.*?(?:{self.end}|\Z)", flags)


_FORMS = (
    _Form("<(?:seed:)?(?:think|thinking|thoughts?)>", "</(?:seed:)?(?:think|thinking|thoughts?)>"),
    _Form(r"\[THINK\]", r"\[/THINK\]"),
    _Form("◁think▷", "◁/think▷"),
    _Form(r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    _Form(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    _Form(r"<\|channel>thought", r"<channel\|>"),
    _Form("<unused94>", "<unused95>"),
    _Form(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    _Form(r"<\|think\|>", r"<\|content\|>"),
    _Form(f"<(?:{_MADE_UP})>", f"</(?:{_MADE_UP})>", opened_by_template=False),
)

#: The messages of gpt-oss: all but the final channel is thought.
_CHANNEL = re.compile(
    r"(?P<begin><\|channel\|>)\s*(?P<name>\w+)[^<\n]{0,80}(?:<\|constrain\|>\w*)?<\|message\|>"
)
_END_OF_MESSAGE = re.compile(r"<\|(?:end|return|call|start)\|>")
#: The same where the server has left out the special tokens.
_BARE_CHANNELS = re.compile(r"\Aanalysis(?=[A-Z\"'`<]).*?(?:assistantfinal|\Z)", re.DOTALL)
#: What some models put between thought and answer, if they begin like this.
_HEADINGS = re.compile(
    r"\A\s*Here (?:is my thought process|are my reasoning steps):.*?"
    r"(?:Here is my response:|\[BEGIN FINAL RESPONSE\])",
    re.DOTALL,
)
#: Where the model ended its turn, or began the user's; what follows is made up, often a next question.
_END_OF_TURN = re.compile(
    r"<\|(?:im_end|end|endoftext|eot_id|eot|end_of_text|eom_id|return|END_RESPONSE|assistant_end)\|>"
    r"|<\|(?:END_OF_TURN_TOKEN|end_of_turn|user|file_sep)\|>|\[\|(?:endofturn|user)\|\]|<file_sep>"
    r"|<\|im_start\|>user\b|<\|start_header_id\|>user\b|<start_of_turn>user\b|<[|｜]User[|｜]>"
    r"|</s>(?=\s|\Z|<s>|\[INST\])|<end_of_turn>|<eos>|<[|｜]end▁of▁sentence[|｜]>"
    r"|^(?-i:\[INST\]|\#\#\#[ ](?:Instruction|Human|User):)",
    re.IGNORECASE | re.MULTILINE,
)
#: What an answer may begin with before it says anything.
_UNSAID = re.compile(rf"(?:\s|{_OF_TEMPLATE})*+")


def without_thinking(text: str) -> str:
    """The answer without its reasoning sections, closed or cut off, and up to the end of its turn.

    Tags in quotes are written about, as in a program that looks for them.
    """
    text = _HEADINGS.sub("", _BARE_CHANNELS.sub("", _final_channel(text)))
    for form in _FORMS:
        text = _without(form, text)
    said = _UNSAID.match(text)
    for end in _unquoted(_END_OF_TURN, text):
        if said and end.start() > said.end():
            return text[: end.start()]
    return text


def _final_channel(text: str) -> str:
    channels = list(_unquoted(_CHANNEL, text))
    if not channels:
        return text
    said = [channel.end() for channel in channels if channel["name"].lower() == "final"]
    answer = text[said[-1] :] if said else ""
    end = next(_unquoted(_END_OF_MESSAGE, answer), None)
    return answer[: end.start()] if end else answer


def _without(form: _Form, text: str) -> str:
    """The answer without the thoughts of one form."""
    tags = list(_unquoted(form.tags, text))
    if not tags:
        return text
    if not form.opened_by_template:
        text = form.section.sub("", text)
        tags = [tag for tag in _unquoted(form.tags, text) if not tag["begin"]]
        return text[tags[-1].end() :] if tags else text
    depth = 0
    begins_with_one = tags[0]["begin"] and not text[: tags[0].start()].strip()
    for tag in tags if begins_with_one else ():
        depth += 1 if tag["begin"] else -1
        if depth == 0:
            return form.section.sub("", text[tag.end() :])
    ends = [tag.end() for tag in tags if not tag["begin"]]
    return form.section.sub("", text[ends[-1] :] if ends else text)


def _unquoted(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The places where a text has a tag and does not only write about it.

    What begins something has a quote before it then, and what ends it one behind it: an answer's
    last word before an end may be quoted.
    """
    for tag in pattern.finditer(text):
        before, after = text[max(0, tag.start() - 2) : tag.start()], text[tag.end() : tag.end() + 2]
        if pattern.groupindex.get("begin") and tag["begin"]:
            quoted = before[-1:] in ("'", '"', "`")
        else:
            in_ticks = before[-1:] == "`" != before[:-1] and after[:1] == "`" != after[1:]
            quoted = after[:1] in ("'", '"') or in_ticks
        if not quoted:
            yield tag
