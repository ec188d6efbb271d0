"""What content-addressed work is known by."""

import hashlib
import json
from typing import Any


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value in its canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
