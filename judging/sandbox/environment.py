"""What programs meet in the sandbox: the same program may pass under one Python and fail under another."""

import importlib.metadata
import os
import platform
import sysconfig
from functools import cache

from foureyes.judging import libraries


@cache
def fingerprint(environment: str = "") -> str:
    """This interpreter, which is the sandbox's too, with its numpy, its platform and its C library.

    For example `CPython 3.11.7, numpy 2.4.1, linux-x86_64, glibc 2.36`; for programs that may use the
    libraries of an `environment` (libraries.py) these follow. Part of what identifies a verdict: syntax,
    messages and the last digits of floats depend on it. Raises: NotPrepared.
    """
    parts = (
        f"{platform.python_implementation()} {platform.python_version()}",
        f"numpy {libraries.numpy_version(environment) if environment else _numpy()}",
        sysconfig.get_platform(),
        _c_library(),
        *([libraries.identity(environment)] if environment else []),
    )
    return ", ".join(parts)


def _numpy() -> str:
    try:
        return importlib.metadata.version("numpy")
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "another C library"
    except (ValueError, OSError):  # musl, for one, does not say
        return "another C library"
