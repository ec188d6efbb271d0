"""What people write in the pages: notes and tags about attempts. The one thing that pages write, if
`foureyes web` was started with `--notes`.

A form is taken from our own pages only: it has to come from the same origin, as browsers tell, and with a
token that only a page of this process has.
"""

import secrets
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from sqlalchemy import func, text
from sqlmodel import col, select

from foureyes.models.session import session
from foureyes.models.storable import storable
from foureyes.models.tables import Attempt, PeopleNote
from foureyes.results.web import database
from foureyes.results.web.filters import Mistaken
from foureyes.results.web.pages import Id, Missing

router = APIRouter()

#: Characters of a note, of a name and of a tag.
LONGEST, LONGEST_NAME, LONGEST_TAG = 4000, 80, 40
MOST_TAGS = 10
#: Notes about an attempt: whoever wants to write more should do it elsewhere.
_MOST_NOTES = 200
#: Bytes of a form: each character of a note may take nine of them.
_MOST_BYTES = 64 * 1024
_MOST_FIELDS = 10

_WITHDRAW = text("""
UPDATE people_note SET withdrawn_at = :now
WHERE id = :id AND withdrawn_at IS NULL
RETURNING attempt_id
""")


class Refused(Exception):
    """A form that is not from a page of ours; says so."""


def _tags(value: object) -> list[str]:
    """The words of a field, each once."""
    words = storable(str(value)).replace(",", " ").split()
    return list(dict.fromkeys(word.removeprefix("#")[: LONGEST_TAG + 1] for word in words))


def _clean(value: object) -> str:
    return storable(str(value)).replace("\r\n", "\n").strip()


Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]
Author = Annotated[str, BeforeValidator(_clean), Field(min_length=1, max_length=LONGEST_NAME)]


class WrittenNote(BaseModel):
    """What a person filled in."""

    author: Author
    text: Annotated[str, BeforeValidator(_clean), Field(max_length=LONGEST)] = ""
    tags: Annotated[list[Tag], BeforeValidator(_tags), Field(max_length=MOST_TAGS)] = []


def new_token() -> str:
    """What forms of this process carry."""
    return secrets.token_urlsafe(32)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that one of our pages sent.

    Raises: Refused for any other.
    """
    _, _, origin = request.headers.get("origin", "").partition("://")
    if not origin or origin.lower() != request.headers.get("host", "").lower():
        raise Refused(
            "This form does not come from a page of this server, as far as the browser says."
        )
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise Mistaken(f"text: it has more than {LONGEST:,} characters")
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Refused("This form cannot be read.") from None
    if not compare_digest(fields.get("token", "").encode(), request.app.state.token.encode()):
        raise Refused(
            "This form is of a server that has ended: load its page again, and send it from there."
        )
    return fields


Form = Annotated[dict[str, str], Depends(_form)]


@router.post("/attempts/{attempt_id}/notes")
def write(attempt_id: Id, fields: Form) -> Response:
    """Keep a note about an attempt."""
    given = _read(fields)
    if not given.text and not given.tags:
        raise Mistaken("text: a note has a text, or a tag")
    with session() as db:
        if db.get(Attempt, attempt_id) is None:
            raise Missing(f"There is no attempt {attempt_id}.")
        about = select(func.count()).where(col(PeopleNote.attempt_id) == attempt_id)
        if db.exec(about).one() >= _MOST_NOTES:
            raise Mistaken(f"text: attempt {attempt_id} has {_MOST_NOTES} notes, which is the most")
    with database.writing() as db:
        db.add(PeopleNote(attempt_id=attempt_id, **given.model_dump()))
    return RedirectResponse(f"/attempts/{attempt_id}#notes", 303)


@router.post("/notes/{note_id}/withdraw")
def withdraw(note_id: Id, _: Form) -> Response:
    """Show a note no longer; its row stays."""
    with database.writing() as db:
        attempt_id = db.execute(_WITHDRAW, {"id": note_id, "now": datetime.now(UTC)}).scalar()
    if attempt_id is None:
        raise Missing(f"There is no note {note_id}.")
    return RedirectResponse(f"/attempts/{attempt_id}#notes", 303)


def _read(fields: dict[str, str]) -> WrittenNote:
    """A form's fields as what they are meant to be.

    Raises: Mistaken naming the field that cannot be used.
    """
    try:
        return WrittenNote.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise Mistaken(f"{first['loc'][0]}: {first['msg']}") from None
