"""Where and as whom PostgreSQL runs when we are root: it refuses to run as root itself.

It runs as the system user `foureyes`, and its data lies in a folder of its own under
/var/lib/foureyes: nobody else may enter a home under /root, and widening its permissions is not
ours to do. `<home>/postgres` is a link to that folder, and its file `home` names the home.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from foureyes.models.errors import FoureyesError

_USER = "foureyes"
_SYSTEM_FOLDER = Path("/var/lib/foureyes")


def user() -> pwd.struct_passwd:
    """The system user, made if there is none.

    Raises: FoureyesError if it cannot be made.
    """
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", _USER]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    try:  # also if it failed: another process may have been quicker
        return pwd.getpwnam(_USER)
    except KeyError:
        raise FoureyesError(
            f"PostgreSQL must not run as root, and the system user {_USER!r} cannot be made "
            f"({made.stderr.strip()}); run foureyes as an ordinary user"
        ) from None


def folder(home: Path) -> Path:
    """The folder under /var/lib that belongs to this home; made, with the link to it, if needed.

    Raises: FoureyesError if an ordinary user made the home's database.
    """
    link = home / "postgres"
    if not link.is_symlink():
        if link.exists():
            raise FoureyesError(
                f"{link}: made by an ordinary user ({_owner(link)}); use foureyes as that user, or "
                "set FOUREYES_HOME to another folder"
            )
        _remove_orphans()
        made = _SYSTEM_FOLDER / f"home-{secrets.token_hex(6)}"
        made.mkdir(mode=0o700)
        try:
            link.symlink_to(made)
        except FileExistsError:
            made.rmdir()  # another process was quicker
    found = link.resolve()
    if found.parent != _SYSTEM_FOLDER:
        raise FoureyesError(f"{link}: points to {found}, which is not below {_SYSTEM_FOLDER}")
    found.mkdir(mode=0o700, exist_ok=True)
    _note_home(found, home)
    return found


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"user id {path.stat().st_uid}"


def _note_home(found: Path, home: Path) -> None:
    """Write down which home the data belongs to, for a person, and for `make clean`."""
    note = found / "home"
    if note.exists():
        noted = Path(note.read_text()) / "postgres"
        if noted.is_symlink() and noted.resolve() == found:
            return  # still true; ours may be a copy of that home
    note.write_text(str(home))


def _remove_orphans() -> None:
    """Remove the data of temporary homes that are gone, as tests make them.

    Of no others: a home that is missing may have been moved, or be on a disk that comes back.
    """
    for folder in _SYSTEM_FOLDER.glob("home-*"):
        with suppress(OSError):  # one that is just being made, or removed, by another process
            home = Path((folder / "home").read_text())
            if home.exists() or not home.is_relative_to(tempfile.gettempdir()):
                continue
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def programs(installed: Path) -> Path:
    """A copy of PostgreSQL's programs that the system user can enter, made if there is none."""
    package = installed.parents[1]
    size = sum(file.stat().st_size for file in installed.iterdir())
    copy = _SYSTEM_FOLDER / f"postgresql-{size}"
    if not copy.exists():
        try:
            _SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
            _copy(package, copy)
        except OSError as error:
            raise FoureyesError(
                f"{copy}: PostgreSQL's programs cannot be copied there ({error}); make room, or "
                "run foureyes as an ordinary user"
            ) from None
    return copy / installed.relative_to(package.parent)


def _copy(package: Path, copy: Path) -> None:
    making = Path(tempfile.mkdtemp(dir=_SYSTEM_FOLDER))
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):  # found relative to it
            if part.is_dir():
                ignored = shutil.ignore_patterns("pginstall", "__pycache__")  # an older PostgreSQL
                shutil.copytree(part, making / part.name, symlinks=True, ignore=ignored)
        making.chmod(0o755)
        os.rename(making, copy)
    except OSError:
        if not copy.exists():
            raise  # else another process was quicker
    finally:
        shutil.rmtree(making, ignore_errors=True)
