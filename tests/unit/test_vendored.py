"""Of somebody else's files, those that lie here are what their makers published."""

import hashlib

from foureyes.results.web.templating import HERE

STATIC = HERE / "static"


def test_htmx_is_the_published_file_and_its_licence_lies_beside_it() -> None:
    """Else every page runs a script that nobody has looked at: release 2.0.10 of the package htmx.org."""
    published = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"
    script = (STATIC / "htmx.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == published
    assert (STATIC / "htmx.sha256").read_text() == f"{published}  htmx.js\n"
    assert b'version:"2.0.10"' in script
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE").read_text()
