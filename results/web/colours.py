"""Programs with the colours of Python's syntax, as markup whose every piece is escaped."""

from functools import partial

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Operator, String

from foureyes.results.visible import visible

#: The class of the style sheet for each kind of token; the first that fits.
_CLASSES = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (String, "string"),
    (Name.Function, "defined"),
    (Name.Class, "defined"),
)
# as they are: line n of what comes out is line n of what was written
_lexer = partial(PythonLexer, stripnl=False, ensurenl=False)


def coloured(lines: list[str]) -> list[Markup]:
    """The same lines, made visible, with a `span` around each token that has a colour.

    What is no Python gets what colours it may: the lexer knows errors, and takes time in proportion.
    """
    found = [Markup()]
    for kind, text in _lexer().get_tokens("\n".join(map(visible, lines))):
        name = next((name for of, name in _CLASSES if kind in of), None)
        for number, piece in enumerate(text.split("\n")):
            if number:
                found.append(Markup())
            if piece:
                found[-1] += _span(name, piece)
    return found


def _span(name: str | None, piece: str) -> Markup:
    return (
        escape(piece) if name is None else Markup('<span class="{}">{}</span>').format(name, piece)
    )
