"""Loads the libraries that programs of some formats use, once, in the zygote: each takes seconds."""

import contextlib
import functools
import importlib
import importlib.util
import os
import sqlite3
import threading
import urllib.parse
import warnings
from typing import Any

#: What BigCodeBench's programs and tests import, beside Python's own.
_LOADED = [
    "numpy", "numpy.testing", "pandas", "pandas.testing", "pandas.tseries.frequencies", "pytz", "dateutil.parser",
    "scipy", "scipy.stats", "scipy.fft", "scipy.optimize", "scipy.spatial.distance", "scipy.ndimage",
    "scipy.signal", "scipy.linalg", "scipy.interpolate", "scipy.integrate", "sklearn.preprocessing", "sklearn.linear_model",
    "sklearn.decomposition", "sklearn.cluster", "sklearn.model_selection", "sklearn.metrics",
    "sklearn.feature_extraction.text", "sklearn.ensemble", "sklearn.datasets", "sklearn.impute",
    "sklearn.feature_selection", "sklearn.mixture", "sklearn.svm", "sklearn.pipeline",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "mpl_toolkits.mplot3d", "seaborn",
    # Python's own, which these programs import and those of others seldom do.
    "unittest.mock", "doctest", "glob", "shutil", "sqlite3", "zipfile", "gzip", "tarfile", "pathlib",
    "subprocess", "urllib.request", "http.client", "http.server", "smtplib", "ssl", "xml.etree.ElementTree",
    "configparser", "difflib", "pickle", "email.message", "ipaddress", "hmac", "codecs", "optparse",
]  # fmt: skip
#: The folder among the packages that holds matplotlib's list of fonts.
FONTS = ".fonts"
#: How long to wait for threads that loading has started: matplotlib's timer, which is ended by then.
_END_SECONDS = 5.0


def load() -> None:
    """Load all that are there. A zygote has one thread, so those that were started have to end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _have_no_settings()
        for module in _LOADED:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
    _have_no_locks()
    # No program may ask for them: to copy a file with what belongs to it would fail.
    os.listxattr = lambda path=None, *, follow_symlinks=True: []
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(_END_SECONDS)


def _have_no_locks() -> None:
    """Let sqlite3 do without locks of files, which no program gets: nobody else sees its files."""
    connect = sqlite3.connect

    @functools.wraps(connect)
    def without_locks(database: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(database, str | os.PathLike) and not named.get("uri"):
            path = os.fspath(database)
            if isinstance(path, str) and path not in ("", ":memory:"):
                database = f"file:{urllib.parse.quote(path)}?nolock=1"
                named["uri"] = True
        return connect(database, *arguments, **named)

    sqlite3.connect = sqlite3.dbapi2.connect = without_locks


def _have_no_settings() -> None:
    """Keep matplotlib from making a folder for its caches, which it could write nowhere.

    The list of its fonts was made when the libraries were installed (judging/libraries.py).
    """
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return
    package = os.path.dirname(found.origin)
    os.environ["MATPLOTLIBRC"] = os.path.join(package, "mpl-data", "matplotlibrc")
    import matplotlib

    folder = os.path.join(os.path.dirname(package), FONTS)
    matplotlib.get_configdir = matplotlib.get_cachedir = lambda: folder
