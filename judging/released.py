"""Files that others have released: found on this machine, checked, else fetched once and kept."""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from foureyes.models import hub, packed
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

#: Where releases are: tests have a place of their own for them.
RELEASES = "https://github.com"
#: Seconds to wait for a connection, and for the next piece of a download.
PATIENCE = 15.0


@dataclass(frozen=True)
class Released:
    """One file of a release.

    `file` is what it is called where it is kept, and `aliases` elsewhere; `path` where it is fetched,
    in the hub's `dataset` or else among the releases. `md5` is of the uncompressed file, if its
    publisher's is known; `override` names the variable that another file can be set by, `cache` the
    folder of its publisher's own program.
    """

    file: str
    path: str
    md5: str | None = None
    override: str | None = None
    cache: str | None = None
    aliases: tuple[str, ...] = ()
    dataset: str | None = None

    @property
    def url(self) -> str:
        """Where it is fetched."""
        if self.dataset is not None:
            return f"https://huggingface.co/datasets/{self.dataset}/resolve/main/{self.path}"
        return f"{RELEASES}/{self.path}"

    def overridden(self) -> Path | None:
        """The file that somebody has set in its place."""
        found = self.override and os.environ.get(self.override)
        return Path(found).expanduser() if found else None

    def get(self) -> Path:
        """Where the file is on this machine, fetched if it was not there.

        Raises: FoureyesError if it cannot be had, or is not the released one.
        """
        return self._find() or self._fetch()

    def _find(self) -> Path | None:
        data = settings().data
        folders = [_our_cache()]
        if self.cache is not None:
            folders.insert(0, _caches() / self.cache)
        if data is not None:
            if not data.expanduser().is_dir():
                raise FoureyesError(f"FOUREYES_DATA: {data} is not a folder")
            folders.insert(0, data.expanduser())
        for folder in folders:
            for name in (self.file, *self.aliases):
                for path in (folder / name, folder / f"{name}.gz"):
                    if path.is_file():
                        self._check(path)
                        return path
        return hub.cached("dataset", self.dataset, self.path) if self.dataset else None

    def _check(self, path: Path) -> None:
        """Raises: FoureyesError if a file is not the released one."""
        if self.md5 is None:
            return
        try:
            with packed.opened(path) as file:
                found = _md5(file)
        except packed.DAMAGES as error:
            raise packed.damaged(path, error) from None
        if found != self.md5:
            raise FoureyesError(
                f"{path}: not the released file (md5 {found}, should be {self.md5}); "
                f"get it from {self.url}, or to use it as it is set {self.override}"
            )

    def _fetch(self) -> Path:
        """Fetch it, check it, and keep it in our cache, or in the hub's; whole or not at all."""
        if self.dataset is not None:
            try:
                return hub.fetch("dataset", self.dataset, self.path)
            except hub.HubUnavailable as error:
                raise self._unavailable(str(error)) from None
        place = _our_cache() / self.file
        made = [folder for folder in (place.parent, *place.parent.parents) if not folder.exists()]
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as folder:
                whole = Path(folder) / place.name
                self._download(whole)
                whole.replace(place)
        except OSError as error:
            raise FoureyesError(
                f"{place.parent}: cannot keep {place.name} here ({error.strerror or error}); "
                "set FOUREYES_CACHE to a folder that can be written"
            ) from None
        finally:
            for empty in made:  # nothing could be put into it
                with contextlib.suppress(OSError):
                    empty.rmdir()
        return place

    def _download(self, whole: Path) -> None:
        """Write what its address gives, uncompressed. Another process may be at the same."""
        import httpx  # for the one time that the file is not here yet

        came = whole.with_name("came")
        try:
            with (
                httpx.stream("GET", self.url, follow_redirects=True, timeout=PATIENCE) as answer,
                came.open("wb") as file,
            ):
                answer.raise_for_status()
                for part in answer.iter_raw(1 << 20):
                    file.write(part)
            with packed.opened(came) as unpacked, whole.open("wb") as file:
                shutil.copyfileobj(unpacked, file, 1 << 20)
        except httpx.HTTPStatusError as error:
            raise self._unavailable(f"the server says {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise self._unavailable(str(error) or type(error).__name__) from None
        except packed.DAMAGES:
            raise self._unavailable("what came is a damaged gzip file") from None
        with whole.open("rb") as file:
            is_right = file.read(1) == b"{" if self.md5 is None else _md5(file) == self.md5
        if not is_right:
            raise self._unavailable("what came is not the released file")

    def _unavailable(self, reason: str) -> FoureyesError:
        override = f", or set {self.override} to the file" if self.override else ""
        return FoureyesError(
            f"{self.file} is not on this machine and cannot be downloaded ({reason}): "
            f"get {self.url} elsewhere, save it as {self.file} or {self.file}.gz in a folder and set "
            f"FOUREYES_DATA to that folder{override}"
        )


def _md5(file: IO[bytes]) -> str:
    found = hashlib.md5(usedforsecurity=False)
    while part := file.read(1 << 20):
        found.update(part)
    return found.hexdigest()


def _caches() -> Path:
    """Where others keep what they have fetched (appdirs' user cache folder)."""
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()


def _our_cache() -> Path:
    return settings().cache / "benchmarks"
