"""Files of the Hugging Face hub, by its own library: mirrors, tokens and caches are as it has them.

HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE mean what they mean elsewhere.
"""

import os
from pathlib import Path
from typing import Literal

from foureyes.models.errors import FoureyesError

#: Seconds in which the hub has to answer at all; the library itself retries for half a minute.
_PATIENCE = 5.0
Kind = Literal["model", "dataset"]


class HubUnavailable(FoureyesError):
    """The hub, or what was asked of it, cannot be had; its text is the reason, for a sentence."""


def cached(kind: Kind, repository: str, file: str) -> Path | None:
    """Where the hub's own cache has a file that somebody has fetched; None if it does not."""
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    found = try_to_load_from_cache(repository, file, repo_type=kind)
    return Path(found) if isinstance(found, str) else None


def fetch(kind: Kind, repository: str, file: str, folder: Path | None = None) -> Path:
    """Fetch a file, into a folder or the hub's own cache; what came before it was cut off is kept.

    Raises: HubUnavailable.
    """
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import httpx  # theirs, and as long in coming
        from huggingface_hub import constants, hf_hub_download
    except ImportError:
        raise HubUnavailable("the package huggingface-hub is not installed") from None
    try:
        httpx.head(constants.ENDPOINT, timeout=_PATIENCE)
        return Path(hf_hub_download(repository, file, repo_type=kind, local_dir=folder))
    except Exception as error:  # offline, blocked or gone: the libraries have a dozen errors for it
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise HubUnavailable(reason[0].rstrip(".")) from None
