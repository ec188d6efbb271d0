"""A server's time limit, and the name of its key's variable, are no part of a completion's key.

The keys that were made with the defaults stay (models/llm.py); those made with others, or with a slash
at the end of `base_url`, become what they would have been: what was answered is found again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from models.digest import digest

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ROWS_AT_A_TIME = 1000
#: Done ones first: of several calls that differ in nothing else, one has the key.
_CALLS = """
SELECT id, key, request FROM completion WHERE request -> 'model' ->> 'engine' = 'openai' AND (
    request -> 'model' ->> 'timeout' <> '300.0'
    OR request -> 'model' ->> 'api_key_env' <> 'OPENAI_API_KEY'
    OR request -> 'model' ->> 'base_url' LIKE '%/')
ORDER BY state <> 'done', id
"""
_RENAME = """
UPDATE completion SET key = :key, request = :request
WHERE id = :id AND NOT EXISTS (SELECT FROM completion AS other WHERE other.key = :key)
"""


def upgrade() -> None:
    """Give each call of such a model its key; one that is there twice keeps its old one."""
    db = op.get_bind()
    rename = sa.text(_RENAME).bindparams(sa.bindparam("request", type_=JSONB))
    calls = sa.text(_CALLS).columns(request=JSONB)
    for row in db.execute(calls, execution_options={"yield_per": _ROWS_AT_A_TIME}):
        request = row.request | {"model": _canonical(row.request["model"])}
        if row.key == digest(row.request):  # else it is not what it says it is
            db.execute(rename, {"id": row.id, "key": digest(request), "request": request})
    models = db.execute(sa.text("SELECT id, settings FROM language_model").columns(settings=JSONB))
    for row in models.fetchall():
        if row.settings.get("engine") == "openai":
            told = {key: row.settings[key] for key in ("engine", "model", "base_url")}
            values = {"id": row.id, "identity": digest(_canonical(told))}
            db.execute(
                sa.text("UPDATE language_model SET identity = :identity WHERE id = :id"), values
            )


def downgrade() -> None:
    """What the keys were is not known any more: with settings other than the defaults, ask anew."""


def _canonical(model: dict[str, Any]) -> dict[str, Any]:
    """What decides a model's answers, in the form that its keys have."""
    return model | {
        "base_url": model["base_url"].rstrip("/"),
        "api_key_env": "OPENAI_API_KEY",
        "timeout": 300.0,
    }
