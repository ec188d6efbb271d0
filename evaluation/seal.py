"""What tells the verdicts that were given here from those that came with somebody's samples."""

import hashlib
import hmac
import json
import secrets
from functools import cache
from typing import Any

from foureyes.models import private
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

_KEY_BYTES = 32
#: Where the verdict stands among the samples: it may be asked for again in another place.
_APART = ("task_id", "index", "seal")


def of(verdict: dict[str, Any]) -> str:
    """The seal of a verdict: only this installation can make it, and for no other verdict."""
    content = {name: value for name, value in verdict.items() if name not in _APART}
    told = json.dumps(content, sort_keys=True, ensure_ascii=True).encode()
    return hmac.new(_key(str(settings().home)), told, hashlib.sha256).hexdigest()


def is_ours(verdict: dict[str, Any]) -> bool:
    """Whether a verdict carries the seal of this installation."""
    return hmac.compare_digest(str(verdict.get("seal", "")).encode(), of(verdict).encode())


@cache
def _key(home: str) -> bytes:
    """The key in FOUREYES_HOME, made if there is none; where none can be kept, one for this process.

    Raises: FoureyesError if others may have written the one that is there.
    """
    path = settings().home / "verdicts.key"
    found = private.read(path)
    if found is None:
        try:
            settings().home.mkdir(parents=True, exist_ok=True)
            private.write(path, secrets.token_bytes(_KEY_BYTES), replace=False)
        except (OSError, FoureyesError):  # a disk that can only be read: nothing is taken up again
            return secrets.token_bytes(_KEY_BYTES)
        found = private.read(path)
    if found is None or len(found) < _KEY_BYTES:
        raise FoureyesError(f"{path}: holds no key; remove it")
    return found
