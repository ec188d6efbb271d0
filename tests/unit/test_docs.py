"""If one of these fails, a reader of the documentation follows a link to nowhere, or is followed."""

import doctest
import inspect
import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import fields, is_dataclass
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from foureyes.models import problem
from foureyes.models.shown import TracedLine
from foureyes.producer.sweeps.sweep import load
from foureyes.producer.sweeps.sweep_file import parse
from foureyes.worker.patterns import steps
from scripts.copied import commands
from tests.programs import ROOT

#: Attributes whose address a browser fetches without being asked, by element.
FETCHED = {
    ("img", "src"), ("script", "src"), ("iframe", "src"), ("source", "src"), ("object", "data"),
    ("link", "href"), ("video", "src"), ("audio", "src"), ("img", "srcset"),
}  # fmt: skip


class Page(HTMLParser):
    """The links, the anchors, and what is fetched of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == "id":
                self.anchors.add(value)
            elif value and (tag, name) == ("a", "href"):
                self.links.append(value)
            elif value and (tag, name) in FETCHED:
                self.fetched.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as `make docs` builds them, every warning being an error."""
    folder = tmp_path_factory.mktemp("site")
    made = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        timeout=200, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_link_between_pages_leads_to_its_place(site: Path, pages: dict[Path, Page]) -> None:
    assert len(pages) > 20
    broken = defaultdict(list)
    for path, page in pages.items():
        if path.name == "404.html":  # its links begin at the root of a server
            continue
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            target = (path.parent / unquote(address)).resolve() if address else path
            target = target / "index.html" if target.is_dir() else target
            known = pages[target].anchors if target in pages else set()
            if not target.is_file() or (anchor and unquote(anchor) not in known):
                broken[str(path.relative_to(site))].append(link)
    assert not broken


def test_reading_a_page_asks_nobody_else_for_anything(site: Path, pages: dict[Path, Page]) -> None:
    foreign = {
        address for page in pages.values() for address in page.fetched if urlsplit(address).netloc
    }
    assert not foreign
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", styles)
    text = "".join(path.read_text() for path in pages)
    assert 'class="mermaid"' not in text  # the theme would fetch what draws them


def test_a_copy_button_takes_the_command_and_not_what_it_printed(site: Path) -> None:
    """Else what is pasted into a terminal are a prompt and a table."""
    blocks = 0
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for attributes, shown in re.findall(
            r'<div class="highlight"([^>]*)><pre>(?:<span></span>)?<code>(.*?)</code>',
            text,
            re.DOTALL,
        ):
            if not shown.startswith("$ "):
                continue
            blocks += 1
            (copied,) = re.findall(r'data-copy="([^"]*)"', attributes)
            assert copied and not re.search(r"[┏│]|^\$ ", unescape(copied)), path
    assert blocks > 15
    page = (site / "sql.html").read_text(encoding="utf-8")
    copied = unescape(re.findall(r'data-copy="([^"]*FROM v_scores[^"]*)"', page)[0])
    assert copied.splitlines()[0].startswith('foureyes sql "SELECT pattern, n')
    assert len(copied.splitlines()) == 3 and copied.endswith('ORDER BY run_id"')


def test_a_fence_holds_none_that_would_end_it() -> None:
    """The rest of the page would be shown as a program, and programs as text."""
    broken = []
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        opened = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = re.match(r" *(`{3,})(.*)", line)
            if found is None or len(found[1]) < len(opened):
                continue
            if opened and found[2].strip():
                broken.append(f"{path.name} line {number}: begins inside of another")
            opened = "" if opened else found[1]
        if opened:
            broken.append(f"{path.name}: the last one is open")
    assert not broken


@pytest.mark.parametrize(
    ("shown", "copied"),
    [
        ("$ foureyes doctor\nok  python\n", ["foureyes doctor"]),
        ('$ a "b\n  c"\nout\n$ d\n', ['a "b\n  c"', "d"]),
        ("$ a \\\n  b\nout", ["a \\\n  b"]),
        ("foureyes doctor", []),
    ],
)
def test_what_of_a_terminal_is_a_command(shown: str, copied: list[str]) -> None:
    assert list(commands(shown)) == copied


def test_what_the_readme_points_to_is_there() -> None:
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    named += re.findall(r"`((?:docs|sweeps|deploy|worker|producer|models|results)/[\w./-]*)`", text)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_figures_of_the_statistics_page_are_those_of_the_code() -> None:
    found = doctest.testfile(str(ROOT / "docs" / "statistics.md"), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0


def test_the_benchmark_of_the_how_to_is_one(tmp_path: Path) -> None:
    """Else the first file that a user writes after it is refused."""
    text = (ROOT / "docs" / "howto" / "benchmark.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    sweep, parts = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=60, check=True)
    (tmp_path / "mine.toml").write_text(sweep)
    made = load(tmp_path / "mine.toml")
    assert [len(problem.spec().visible_tests) for problem in made.problems["mine"]] == [1, 2, 1]
    (tmp_path / "parts.toml").write_text(re.sub("benchmarks = .*\n", parts, sweep))
    contests, libraries = parse(tmp_path / "parts.toml").benchmarks
    assert (str(contests.first), str(contests.to), libraries.limit) == (
        "2025-01-01",
        "2025-03-31",
        20,
    )


def _queries() -> list[tuple[str, str]]:
    """What the pages ask of views, with the page."""
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return [
        (file.name, query)
        for file in files
        for query in re.findall(r'foureyes sql "([^"]+)"', file.read_text(encoding="utf-8"))
        if re.search(r"\bv_(?!features)\w+", query)
    ]


def test_what_the_pages_ask_of_views_is_asked_of_one_sweep() -> None:
    """Else a person who has run two gets the rows of both, and takes them for one."""
    queries = _queries()
    assert len(queries) > 10
    for page, query in queries:
        assert re.search(r"\b(sweep|sweep_id|step_id|attempt_id|run_id) = ", query), (page, query)
        if re.search(r"\bv_(flips|compare)\b", query):
            assert "alike" in query or "baseline_run_id = " in query, (page, query)


#: What is made by positions, or asked by the replay and not by patterns.
_OTHERWISE = {"Ask", "Code", "Json", "Number", "OneOf", "RepairVerdict"}


def test_every_field_of_a_step_and_of_what_it_gives_is_on_the_page() -> None:
    """Else whoever writes a pattern has to read our code, or guesses."""
    page = (ROOT / "docs" / "howto" / "pattern.md").read_text(encoding="utf-8")
    told = [*vars(steps).values(), problem.VisibleTest, TracedLine]
    classes = [each for each in told if inspect.isclass(each) and is_dataclass(each)]
    assert len(classes) > 20
    lacking = [
        f"{each.__name__}.{field.name}"
        for each in classes
        if each.__name__ not in _OTHERWISE
        for field in fields(each)
        if each.__name__ not in page or not re.search(rf"\b{field.name}\b[`=]", page)
    ]
    assert lacking == []
