"""Whether what lies beside a sweep file is really there: a link could lead to any file of ours."""

import os
from pathlib import Path

from foureyes.models.errors import FoureyesError


def check(folder: Path, name: Path) -> None:
    """See that no link leads from a name in `folder` out of it.

    What a file names by an absolute path or by `..` is where everybody can read that it is; a link in
    a folder that came from somebody is not.

    Raises: FoureyesError naming the link and where it leads to.
    """
    written = Path(os.path.abspath(folder / name))
    if not written.is_relative_to(os.path.abspath(folder)):
        return
    try:
        target = written.resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        raise FoureyesError(f"{written}: cannot be read ({error})") from None
    if not target.is_relative_to(folder.resolve()):
        raise FoureyesError(
            f"{name}: leads out of the sweep file's folder, to {target}; copy it into the folder, or "
            "name it by its own path"
        )
