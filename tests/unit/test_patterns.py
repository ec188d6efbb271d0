"""Patterns, their options and their prompts, as a sweep file names them."""

import re
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec
from foureyes.producer.sweeps import rehearsal, sweep, sweep_file
from foureyes.worker import patterns
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.patterns import Pattern, load_modules, templates, with_modules
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Program, Review, Sampling, Steps
from foureyes.worker.patterns.style import Style

ROOT = Path(__file__).parents[2]
FILE = """
name = "mine"
benchmarks = ["starter-lean"]
patterns = [PATTERN]
MORE
[models.c]
engine = "scripted"
script = "c.toml"
[[pairings]]
coder = "c"
reviewer = "c"
"""


def load(folder: Path, pattern: str, more: str = "") -> sweep.PlannedSweep:
    path = folder / "sweep.toml"
    if not (folder / "c.toml").exists():
        (folder / "c.toml").write_text('[[rules]]\nanswer = "code"\n')
    path.write_text(FILE.replace("PATTERN", pattern).replace("MORE", more))
    return sweep.load(path, 1)


def test_lists_of_values_are_runs_of_their_own(tmp_path: Path) -> None:
    grid = load(
        tmp_path,
        '"retry", { name = "retry", retries = [1, 3] }, { name = "retry", thinking = true }',
    )
    assert [pattern.label for pattern in grid.patterns] == [
        "retry", "retry(retries=1)", "retry(thinking=True)",
    ]  # fmt: skip
    assert grid.patterns[0].options == {
        "retries": 3, "prompts": "default", "thinking": None, "review_format": "json",
    }  # fmt: skip
    assert len({cell.key for cell in grid.cells()}) == 3


def test_prompts_are_an_axis_of_every_pattern(tmp_path: Path) -> None:
    grid = load(tmp_path, '"raw-coder", "retry"', 'prompts = ["default", "terse"]')
    assert [pattern.label for pattern in grid.patterns] == [
        "raw-coder", "raw-coder(prompts=terse)", "retry", "retry(prompts=terse)",
    ]  # fmt: skip


def test_wordings_are_an_axis_and_runs_of_before_are_the_same_runs(tmp_path: Path) -> None:
    """Else a sweep from before these options could not be gone on with: it would be another one."""
    grid = load(
        tmp_path,
        '"self-review", { name = "self-review", verdict = ["reasons-first", "trace"] }, '
        '{ name = "raw-coder", extraction = "last-block" }',
    )
    assert [pattern.label for pattern in grid.patterns] == [
        "self-review", "self-review(verdict=trace)", "raw-coder(extraction=last-block)",
    ]  # fmt: skip
    usual, trace, last = grid.patterns
    before = {"prompts": "default", "thinking": None, "review_format": "json"}
    assert usual.options == before
    assert trace.options == before | {"verdict": "trace"}
    assert last.options == before | {"extraction": "last-block"}
    assert usual.style == Style()
    assert trace.style == Style(verdict="trace")


@pytest.mark.parametrize(
    ("pattern", "more", "says"),
    [
        ('{ name = "retry", verdict = "late" }', "", "option 'verdict': Input should be 'reasons-first', 'examples'"),
        ('{ name = "retry", extraction = "first" }', "", "option 'extraction': Input should be 'whole' or 'last-block'"),
        ('{ name = "retry", retrys = 2 }', "", "pattern 'retry' has no option 'retrys'; did you mean 'retries'?"),
        ('{ name = "retry", retries = 0 }', "", "pattern 'retry', option 'retries': Input should be greater"),
        ('{ name = "retry", retries = [1, 99] }', "", "option 'retries': Input should be less"),
        ('{ name = "retry", retries = [] }', "", "pattern 'retry', option 'retries': the list is empty"),
        ('{ name = "retry", review_format = "xml" }', "", "option 'review_format': Input should be 'json' or 'text'"),
        ('{ name = "retri" }', "", "unknown pattern 'retri'; did you mean 'retry'?"),
        ('{ retries = 1 }', "", "name: Field required"),
        ('"retry"', 'prompts = "ters"', "there are no prompts 'ters'; did you mean 'terse'?"),
        ('"retry"', 'modules = ["nowhere"]', "no installed module 'nowhere'"),
        ('"retry(retries=1)"', "", 'here options are keys: { name = "retry", retries = ... }'),
        ('{ name = "retry", retries = true }', "", "option 'retries': Input should be a valid integer (it is True)"),
        ('{ name = "retry", retries = "3" }', "", "option 'retries': Input should be a valid integer (it is '3')"),
        ('"retry"', "samples = true", "line 5: samples: Input should be a valid integer"),
        ('"retry"', 'prompts = "my_own"', "option 'prompts': a name has lower-case letters, digits and '-'"),
        ('"raw-coder"', '[models.Coder]\nengine = "scripted"\nscript = "c.toml"', "line 5: models.Coder: 'Coder' is no name"),
        ('"raw-coder"', '[[pairings]]\nreviewer = "c"', "sweep.toml: pairings.0.coder: Field required"),
        ('"raw-coder"', '[models.other]\nengine = "scripted"\nscript = "gone.toml"', "gone.toml: the script cannot be read"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_before_anything_is_enqueued(
    tmp_path: Path, pattern: str, more: str, says: str
) -> None:
    with pytest.raises(FoureyesError, match=re.escape(says)) as caught:
        load(tmp_path, pattern, more)
    assert "sweep.toml" in str(caught.value)


def test_another_script_is_another_sweep(tmp_path: Path) -> None:
    """Else its answers would be those of the script that it was, without a word."""
    first = load(tmp_path, '"raw-coder"')
    (tmp_path / "c.toml").write_text('[[rules]]\nanswer = "other"\n')
    second = load(tmp_path, '"raw-coder"')
    assert first.key != second.key
    assert first.file.models["c"].identity() != second.file.models["c"].identity()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.toml").write_text('[[rules]]\nanswer = "other"\n')
    (tmp_path / "elsewhere" / "sweep.toml").write_text((tmp_path / "sweep.toml").read_text())
    assert sweep.load(tmp_path / "elsewhere" / "sweep.toml", 1).key == second.key


def own_prompts(folder: Path) -> Path:
    made = folder / "mine"
    made.mkdir()
    for path in (ROOT / "worker" / "prompts" / "default").glob("*.md"):
        (made / path.name).write_text(path.read_text())
    return made


def test_prompts_of_ones_own_travel_with_the_sweep(tmp_path: Path) -> None:
    """Else workers on other machines would lack them."""
    folder = own_prompts(tmp_path)
    (folder / "draft.md").write_text("Solve this: {{ spec.prompt }}")
    grid = load(tmp_path, '"raw-coder"', 'prompts = "mine"')
    files = grid.content().prompt_files
    (folder / "draft.md").unlink()
    made = templates.of("mine", files).render("draft", spec=grid.problems["starter-lean"][0].spec())
    assert made.startswith("Solve this: ")


def test_what_a_folder_lacks_is_as_it_ships(tmp_path: Path) -> None:
    """A release that brings a new prompt would refuse every folder of before."""
    folder = own_prompts(tmp_path)
    (folder / "fix.md").unlink()
    files = load(tmp_path, '"raw-coder"', 'prompts = "mine"').content().prompt_files
    shipped = ROOT / "worker" / "prompts" / "default" / "fix.md"
    assert files["mine"]["fix"] == shipped.read_text()
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(FoureyesError, match="there are no prompts in it; copy from"):
        load(tmp_path, '"raw-coder"', 'prompts = "mine"')


def test_a_template_of_no_step_is_refused(tmp_path: Path) -> None:
    folder = own_prompts(tmp_path)
    (folder / "fix.md").write_text("")
    (folder / "reveiw.md").write_text("")
    with pytest.raises(FoureyesError, match=r"no step has this prompt; did you mean 'review'\?"):
        load(tmp_path, '"raw-coder"', 'prompts = "mine"')


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("review", "{{ drafft.code }}", "there is no variable 'drafft'; did you mean 'draft'?"),
        ("fix", "{{ draft.kode }}", "a Program has no 'kode'"),
        ("_specification", "{% if spec.notes %}{{ nots }}{% endif %}", "no variable 'nots'"),
        ("review", "{{ spec.prompt / 2 }}", "TypeError: unsupported operand"),
        ("review", "{% if %}", "Expected an expression"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    """Also where it is only on one of the ways that the pattern can take."""
    (own_prompts(tmp_path) / f"{name}.md").write_text(text)
    with pytest.raises(
        FoureyesError, match=rf"'mine', [a-z_-]+\.md( line 1)?: .*{re.escape(says)}"
    ):
        load(tmp_path, '"enriched-review"', 'prompts = "mine"')


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("fix", "{% if not draft %}{{ reveiw.text }}{% endif %}.", "no variable 'reveiw'; did you mean 'review'"),
        ("draft", "  \n", "draft.md says nothing"),
    ],
)  # fmt: skip
def test_a_template_is_read_to_its_end(tmp_path: Path, name: str, text: str, says: str) -> None:
    """Else it would fail on the first answer that needs the rest, hours later."""
    (own_prompts(tmp_path) / f"{name}.md").write_text(text)
    with pytest.raises(FoureyesError, match=re.escape(says)):
        load(tmp_path, '"review-then-fix"', 'prompts = "mine"')


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"t": "\n{{ spec.kode }}"}, "t.md line 2: a Spec has no 'kode'"),
        ({"t": "\n{{ 1 / 0 }}"}, "t.md line 2: ZeroDivisionError: division by zero"),
        ({"t": "{{ nots }}"}, "t.md line 1: there is no variable 'nots'"),
        ({"t": "\n\n{% include 'no.md' %}"}, "t.md line 3: it includes no.md, and there is no such"),
        ({"t": "{% include 'u.md' %}", "u": "\n{{ spec.kode }}"}, "u.md line 2: a Spec has no 'kode'"),
        ({"t": "{% include 'u.md' %}", "u": "\n{% if %}"}, "u.md line 2: Expected an expression"),
        ({"t": "\n{% include 't.md' %}"}, "t.md line 2: it includes itself"),
        ({"t": "{% include 'u.md' %}", "u": "{% include 't.md' %}"}, ".md line 1: it includes itself"),
        ({"t": "{% macro a() %}{{ a() }}{% endmacro %}\n{{ a() }}"}, "t.md line 1: a macro calls itself"),
        ({}, "t.md: there is no such prompt"),
    ],
)  # fmt: skip
def test_a_template_that_fails_says_in_which_line(texts: dict[str, str], says: str) -> None:
    """Also where it came from a sweep's row, as it does on a worker."""
    made = templates.of("default", {templates.BESIDE: texts})
    with pytest.raises(FoureyesError) as raised:
        made.render("t", spec=rehearsal._SPEC)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_variables_of_templates_are_those_that_steps_give() -> None:
    given = {"style"}
    for name in patterns.patterns():
        steps = rehearsal._steps(patterns.find(name).configure({}))
        given.update(*(step.variables() for step in steps))
    assert given == set(templates.VARIABLES)


def test_a_folder_of_prompts_is_never_taken_for_ours(tmp_path: Path) -> None:
    own_prompts(tmp_path).rename(tmp_path / "terse")
    with pytest.raises(FoureyesError, match="'terse' is the name of prompts that ship"):
        load(tmp_path, '"raw-coder"', 'prompts = "terse"')
    (tmp_path / "default").mkdir()  # of something else
    (tmp_path / "system.md").write_text("")
    assert load(tmp_path, '"raw-coder"').prompt_files == {}


def test_a_template_can_reach_nothing_but_its_variables(tmp_path: Path) -> None:
    """Prompts of one's own are rendered on every worker."""
    folder = own_prompts(tmp_path)
    (folder / "draft.md").write_text("{{ spec.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(FoureyesError, match="unsafe"):
        load(tmp_path, '"raw-coder"', 'prompts = "mine"')


MODULE = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft, Sampling

@pattern("twice")
def twice(spec, times: int = 2):
    """Draft, and draft again."""
    for number in range(times):
        draft = yield Draft(spec, by=CODER, sampling=Sampling(0.5, seed=number))
    return draft.code
'''


def test_patterns_of_ones_own_come_from_a_module(tmp_path: Path) -> None:
    (tmp_path / "my_twice.py").write_text(MODULE)
    grid = load(tmp_path, '{ name = "twice", times = 3 }', 'modules = ["my_twice"]')
    assert [pattern.label for pattern in grid.patterns] == ["twice(times=3)"]
    assert grid.content().module_folder == str(tmp_path)


def test_a_module_that_is_edited_makes_another_sweep(tmp_path: Path) -> None:
    """Else the results of before would be shown for it, as done already."""
    (tmp_path / "my_edited.py").write_text(MODULE)
    first = load(tmp_path, '"twice"', 'modules = ["my_edited"]')
    (tmp_path / "my_edited.py").write_text(MODULE.replace("seed=number", "seed=number+1"))
    second = load(tmp_path, '"twice"', 'modules = ["my_edited"]')
    assert first.key != second.key
    assert first.patterns[0].pattern.body is not second.patterns[0].pattern.body


def test_an_installed_module_is_what_this_process_has_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that runs on has the old one, whatever the file says by now."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_installed.py").write_text(MODULE)
    elsewhere = tmp_path / "elsewhere"
    before = load_modules(["my_installed"], elsewhere)["my_installed"]
    (tmp_path / "my_installed.py").write_text(MODULE.replace("again", "anew"))
    after = load_modules(["my_installed"], elsewhere)["my_installed"]
    assert after == before and list(after.patterns) == ["twice"]
    edited = load_modules(["my_installed"], tmp_path)["my_installed"]
    assert edited.source_hash != before.source_hash


def test_modules_of_the_same_name_do_not_meet(tmp_path: Path) -> None:
    """A worker serves sweeps of several folders."""
    for folder, summary in (("a", "Ours."), ("b", "Theirs.")):
        (tmp_path / folder).mkdir()
        made = MODULE.replace("Draft, and draft again.", summary)
        (tmp_path / folder / "my_module.py").write_text(made)
        known = with_modules(load_modules(["my_module"], tmp_path / folder))
        assert known["twice"].summary == summary
    assert with_modules(load_modules(["my_module"], tmp_path / "a"))["twice"].summary == "Ours."
    assert "twice" not in patterns.patterns()


TYPED = '''
from __future__ import annotations
from dataclasses import dataclass
from enum import Enum
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft

class Way(Enum):
    LEFT = "left"
    RIGHT = "right"

@dataclass
class Note:
    text: str | None = None

@pattern("typed")
def typed(spec, way: Way = Way.LEFT, levels: tuple[int, ...] = (1,)):
    """Options of any type."""
    yield Draft(spec, by=CODER)
    return f"{way} {levels} {Note()}"
'''


def test_options_reach_a_pattern_as_it_declares_them(tmp_path: Path) -> None:
    (tmp_path / "my_typed.py").write_text(TYPED)
    known = with_modules(load_modules(["my_typed"], tmp_path))
    made = known["typed"].configure({"way": "right", "levels": [1, 2]})
    assert made.label == "typed(way=right, levels=[1, 2])"
    replay = PatternReplay(made, rehearsal._SPEC)
    replay.answer((Program(rehearsal._SPEC, "", ""),))
    assert replay.code == "Way.RIGHT (1, 2) Note(text=None)"
    assert known["typed"].configure({}).label == "typed"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("\n1 / 0", "ZeroDivisionError: division by zero (line 2)"),
        ("import nothing_like_it", "nothing_like_it"),
        ("", ".py has no pattern: one is marked by a line @pattern("),
        (MODULE.replace('@pattern("twice")', ""), ".py has no pattern: one is marked by"),
        (MODULE.replace("twice", "retry"), "there is a pattern 'retry' already; call yours something else (broken_"),
        (MODULE.replace('"twice"', '"thrice"').replace(": int = 2", ""), "needs a type and a default"),
        (MODULE.replace('"twice"', '"fourfold"').replace("Draft, and draft again.", ""), "no docstring"),
        (MODULE.replace("int = 2", "int = 'x'"), "option 'times': its default: Input should be a valid int"),
        (MODULE.replace("times: int", "thinking: int"), "option 'thinking': every pattern has it"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x (line 2)"),
        ("class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd", "Odd: (what it says cannot be told: Zero"),
        ("raise ValueError('a\\nb' + 'x' * 9999)", "ValueError: a b" + "x" * 497 + " ... (line 1)"),
        (MODULE + MODULE.replace("again", "anew"), "two patterns are called 'twice' (broken_"),
        (MODULE.replace('("twice")', ""), 'by a line @pattern("its-name") before it'),
        (MODULE.replace('"twice"', '"my twice(1)"'), "a name has letters, digits"),
        (MODULE.replace("spec, times: int = 2", ""), "takes no specification: def ...(spec, ...)"),
        (MODULE.replace("times: int", "_times: int"), "option '_times': no option can have this name"),
        (MODULE.replace("times: int", "copy: int"), "option 'copy': no option can have this name"),
        (MODULE.replace("int = 2", "float = float('nan')"), "a sweep file cannot write one of its options"),
        (MODULE.replace("int = 2", "type = int"), "a sweep file cannot write one of its options"),
    ],
)  # fmt: skip
def test_a_broken_module_is_named(tmp_path: Path, source: str, says: str) -> None:
    name = f"broken_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    with pytest.raises(FoureyesError, match=re.escape(says)):
        with_modules(load_modules([name], tmp_path))
    with pytest.raises(FoureyesError, match=re.escape(says)):  # and is not taken for good later
        with_modules(load_modules([name], tmp_path))
    assert "Draft, and" not in patterns.find("retry").summary


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('("twice")', "", "here is none"),
        ('"twice"', "3", "not 3"),
        ('"twice"', '"a b/c"', "not 'a b/c'"),
        ("Draft, and draft again.", "", "no docstring"),
        ('@pattern("twice")', '@pattern("twice")\nclass Twice: ...\n', "pattern 'twice' marks a class, which is no function"),
        ('@pattern("twice")', 'from functools import partial\n@pattern("twice")\n@partial', "marks a partial"),
        ("spec, times: int = 2", "", "takes no specification"),
        (": int = 2", "", "option 'times': it needs a type and a default"),
        ("int = 2", "int = 'x'", "option 'times': its default"),
        ("times: int", "name: int", "option 'name': a sweep file has the pattern's name there"),
        ("int = 2", "object = 2", "option 'times': its type lets anything in"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_pattern_s_head_has_its_line(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """Of two modules nobody would know which one is meant."""
    assert old in MODULE
    source = MODULE.replace(old, new, 1)
    (tmp_path / "heads.py").write_text(source)
    line = source[: source.index("@pattern")].count("\n") + 1
    with pytest.raises(FoureyesError, match=re.escape(says)) as raised:
        load_modules(["heads"], tmp_path)
    assert str(raised.value).endswith(f" (heads.py line {line})")
    assert " at 0x" not in str(raised.value)


TRACED = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft, Trace

@pattern("traced")
def traced(spec):
    """Looks at the first test."""
    draft = yield Draft(spec, by=CODER)
    if not spec.visible_tests:
        return draft.code
    step = Trace(draft, spec.visible_tests[0])
    way = yield step
    return way.report
'''


def test_a_pattern_that_no_contest_can_be_asked_by_is_named_before_anything_is_enqueued(
    tmp_path: Path,
) -> None:
    """Each of its attempts would end in error, when its drafts have been paid for."""
    (tmp_path / "my_traced.py").write_text(TRACED)
    load(tmp_path, '"traced"', 'modules = ["my_traced"]')
    file = tmp_path / "sweep.toml"
    file.write_text(file.read_text().replace('"starter-lean"', '"contest"'))
    with pytest.raises(
        FoureyesError, match="step 2: Trace follows functions, and this problem asks"
    ):
        sweep.load(file, 1)
    careful = TRACED.replace(
        "way = yield step", "way = draft if step.misfit(spec) else (yield step)"
    )
    (tmp_path / "my_traced.py").write_text(careful.replace("way.report", "draft.code"))
    assert sweep.load(file, 1).patterns


def test_a_pattern_that_fails_is_named_before_anything_is_enqueued(tmp_path: Path) -> None:
    """Every way that it can go is tried beforehand."""
    source = MODULE.replace("twice", "falls").replace("return draft.code", "1 / 0")
    (tmp_path / "my_falls.py").write_text(source)
    with pytest.raises(FoureyesError, match=r"toml: pattern 'falls', step 3: raised ZeroDivision"):
        load(tmp_path, '"falls"', 'modules = ["my_falls"]')


def test_tests_of_a_specification_of_ones_own_are_refused_before_anything_is_enqueued(
    tmp_path: Path,
) -> None:
    """The sandbox would run the prompt's, and the pattern would take what they show for its own."""
    (tmp_path / "own_tests.py").write_text(
        MODULE.replace("Sampling\n", "Sampling, VisibleTests\n")
        .replace('"twice"', '"own-tests"')
        .replace(
            "return draft.code",
            "import dataclasses; draft = yield Draft(dataclasses.replace(spec, visible_tests=()));"
            " trial = yield VisibleTests(draft); return draft.code",
        )
    )
    with pytest.raises(FoureyesError, match=r"sweep.toml: pattern 'own-tests', step \d: VisibleT"):
        load(tmp_path, '"own-tests"', 'modules = ["own_tests"]')


def test_the_most_drafts_can_be_asked_for(tmp_path: Path) -> None:
    """Their trials turn out in more ways than there are atoms in the sun."""
    (made,) = load(tmp_path, '{ name = "sample-and-select", drafts = 50 }').patterns
    assert len(list(rehearsal._combinations([2] * 50))) == 2 + 2 * 50
    assert rehearsal.draw(made).children


@pytest.mark.parametrize("name", sorted(patterns.patterns()))
def test_every_pattern_can_be_drawn_and_names_its_prompts(name: str) -> None:
    configured = patterns.find(name).configure({})
    drawn = rehearsal.draw(configured)
    assert drawn.children
    prompts = rehearsal.prompts(configured)
    assert prompts
    for folder in templates.names():
        for prompt in prompts:
            assert templates.shipped(folder).source(prompt)


def test_the_drawing_of_review_then_fix_is_what_the_paper_says() -> None:
    root = rehearsal._explore(patterns.find("review-then-fix").configure({}), rehearsal._SPEC)
    (review,) = root.branches.values()
    assert (root.said, review.said) == ("1 draft by coder", "2 review by reviewer")
    assert [(said, node.said) for said, node in review.branches.items()] == [
        ("2 approves", "the hidden tests judge the program of 1"),
        ("2 asks for changes", "3 fix by coder"),
    ]


@pytest.mark.parametrize(
    "file", sorted((ROOT / "sweeps").glob("*.toml")), ids=lambda file: file.stem
)
def test_the_sweeps_that_ship_are_valid(file: Path) -> None:
    made = sweep_file.parse(file).configured(patterns.patterns())
    labels = [pattern.label for pattern in made]
    assert len(labels) == len(set(labels))
    if file.stem == "paper":
        assert len(labels) == 7
    if file.stem == "catalogue":
        assert {each.pattern.name for each in made} == patterns.patterns().keys()


@pytest.mark.parametrize("remembers", ["steps", "kinds", "programs"])
def test_a_pattern_that_is_not_deterministic_is_named_before_it_runs(remembers: str) -> None:
    """Else its replays go on from answers to other questions."""
    starts: list[int] = []

    def body(spec: Spec) -> Steps:
        """Does something else each time."""
        starts.append(1)
        draft = yield Draft(spec, by=CODER)
        if remembers == "programs":
            return f"# {len(starts)}"
        if len(starts) % 2:
            return draft.code
        if remembers == "steps":
            yield Draft(spec, by=CODER, sampling=Sampling(seed=len(starts)))
        else:
            yield Review(draft, by=REVIEWER)
        return draft.code

    made = Pattern("mine", body, "Mine.", Style).configure({})
    with pytest.raises(
        FoureyesError,
        match=r"step \d: (asks for|ends with) something else .* \(test_patterns.py line \d+",
    ):
        rehearsal.draw(made)
