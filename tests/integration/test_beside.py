"""Two attempts side by side: who asks why one was solved and the other not must see where they differ."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.enums import Kind, State, Status, Suite
from foureyes.models.session import session
from foureyes.models.tables import Completion, Execution, Step
from foureyes.models.team import CODER, REVIEWER
from foureyes.results.web.app import create
from foureyes.results.web.colours import coloured
from tests.conftest import copied
from tests.sweeps import make_sweep

DRAFT = (
    'def f(x):\n    """Add one."""\n    if x < 0:\n        return 0  # no <b>\n    return x + 2\n'
)
FIX = 'def f(x):\n    """Add one."""\n    return x + 1\n'


@pytest.fixture(scope="module")
def pages(postgres: str) -> Iterator[TestClient]:
    """Attempt 1 is a draft; 2 reviewed the same draft, whose review names a line, and mended it."""
    with pytest.MonkeyPatch.context() as patch, copied(postgres, "migrated", patch):
        make_sweep("raw-coder", "grounded-review", problems=1)
        make_sweep("raw-coder", problems=2, name="other")
        with session() as db:
            asked(db, 1, 0, Kind.DRAFT, DRAFT, DRAFT)
            tried(db, 1, 1, Kind.JUDGE, DRAFT, {"reason": "wrong answer"}, Status.FAIL)
            asked(db, 2, 0, Kind.DRAFT, DRAFT, DRAFT)
            results = [{"source": ">>> f(1)\n2", "passed": False, "shown": "3"}]
            tried(db, 2, 1, Kind.TRIAL, DRAFT, {"results": results})
            issues = ["Line 5 adds <i>2</i>.", "Zero is forgotten."]
            asked(db, 2, 2, Kind.REVIEW, "{}", None, verdict="revise", issues=issues)
            asked(db, 2, 3, Kind.FIX, FIX, FIX)
            results = [{"source": ">>> f(1)\n2", "passed": True, "shown": "2"}]
            tried(db, 2, 4, Kind.TRIAL, FIX, {"results": results})
            tried(db, 2, 5, Kind.JUDGE, FIX, {}, Status.PASS)
            db.execute(text(
                "UPDATE attempt SET state = 'done', outcome = CASE run_id WHEN 1 THEN 'unsolved' "
                "ELSE 'solved' END WHERE run_id <= 2"
            ))  # fmt: skip
        with TestClient(create(), base_url="http://127.0.0.1", follow_redirects=False) as client:
            yield client


def asked(
    db: Session,
    attempt: int,
    position: int,
    kind: Kind,
    answer: str,
    code: str | None,
    **values: Any,
) -> None:
    """A model call of an attempt, which was shown the draft."""
    call = Completion(
        key=f"{attempt} {position}", model_id=1, kind=kind, prompt=kind, prompt_hash="h", text=answer,
        request={"messages": [{"role": "user", "content": DRAFT}]}, state=State.DONE,
        prompt_tokens=50, completion_tokens=10 * (position + 1), seconds=1.0,
    )  # fmt: skip
    db.add(call)
    db.flush()
    role = REVIEWER if kind is Kind.REVIEW else CODER
    db.add(
        Step(
            attempt_id=attempt, position=position, branch=0, kind=kind, role=role, code=code,
            completion_id=call.id, **values,
        )
    )  # fmt: skip


def tried(
    db: Session, attempt: int, position: int, kind: Kind, code: str, detail: dict[str, Any],
    judged: Status | None = None,
) -> None:  # fmt: skip
    """A program of an attempt, run."""
    run = Execution(
        key=f"{attempt} {position}", problem_id=1, code=code, judge_version="1", state=State.DONE,
        suite=Suite.VISIBLE if kind is Kind.TRIAL else Suite.HIDDEN, base=judged, plus=judged,
        reason=detail.get("reason"), detail=detail,
    )  # fmt: skip
    db.add(run)
    db.flush()
    db.add(Step(attempt_id=attempt, position=position, branch=0, kind=kind, execution_id=run.id))


def lines(page: str) -> list[tuple[str, str]]:
    """The programs, line by line: a line that is the same stands for both."""
    found = []
    for row in re.findall(r'<tr><td class="(?:place|nothing).*?</tr>', page, re.DOTALL):
        halves = re.findall(
            r'<td class="text (?:left|right)( same)?(?: said)?"><code>(.*?)</code>', row
        )
        texts = [unescape(re.sub("<[^>]*>", "", code)) for _, code in halves]
        if halves[0][0]:
            assert texts[0] == texts[1]
            found.append(("same", texts[0]))
        elif len(texts) == 2:
            found.append((texts[0], texts[1]))
        else:
            found.append((texts[0], "") if 'class="text left' in row else ("", texts[0]))
    return found


def test_the_judged_programs_stand_beside_each_other(pages: TestClient) -> None:
    page = pages.get("/beside?left=1&right=2").text
    assert lines(page) == [
        ("same", "def f(x):"),
        ("same", '    """Add one."""'),
        ("    if x < 0:", "    return x + 1"),
        ("        return 0  # no <b>", ""),
        ("    return x + 2", ""),
    ]
    assert "draft 1, judged of raw-coder" in page and "fix 4, judged of grounded-review" in page
    assert '<span class="keyword">if</span>' in page
    # tokens out: 10 against 10 + 30 + 40
    assert re.search(r"tokens out</th><td>10</td><td>80</td><td[^>]*>\+70<", page)
    back = pages.get("/beside?left=2&right=1").text
    assert lines(back)[2] == ("    return x + 1", "    if x < 0:")


def test_a_review_stands_at_the_lines_of_the_program_that_it_is_about(pages: TestClient) -> None:
    judged = pages.get("/beside?left=1&right=2").text
    # it was not said of the fix
    assert 'class="remark"' not in judged and "of no one line" not in judged
    assert (
        re.search("3. review</a> of <a [^>]*>draft 1<", judged)
        and "Line 5 adds &lt;i&gt;2&lt;/i&gt;." in judged
    )
    (step,) = re.findall(r'<option value="(\d+)">draft 1</option>', judged)
    page = pages.get(f"/beside?left=1&right=2&right_step={step}").text
    assert "They are the same." in page and {kind for kind, _ in lines(page)} == {"same"}
    assert re.findall(r'(\d)</td>[^\n]*<code>[^\n]*</code>\s*<span class="remark">', page) == ["5"]
    assert re.search(r"of no one line</h3>\s*<ul[^>]*><li><small>3.</small> Zero is forg", page)


def test_visible_tests_are_those_of_the_program_that_is_shown(pages: TestClient) -> None:
    page = pages.get("/beside?left=1&right=2").text
    tests = page[page.index("Visible tests</h2>") :]
    assert "&gt;&gt;&gt; f(1)" in tests and "not run" in tests
    assert ">passed<" in tests and ">failed<" not in tests
    (step,) = re.findall(r'<option value="(\d+)">draft 1</option>', page)
    of_draft = pages.get(f"/beside?left=1&right=2&right_step={step}").text
    assert re.search(r'>failed</span>\s*<pre class="prose">3</pre>', of_draft)


def test_an_attempt_without_a_program_is_said_to_have_none(pages: TestClient) -> None:
    page = pages.get("/beside?left=3&right=1").text
    assert "no program" in page
    assert lines(page)[0] == ("", "def f(x):")


@pytest.mark.parametrize(("left", "right", "step"), [(1, 2, 10**6), (2, 1, 1)])
def test_a_step_of_another_attempt_is_none(
    pages: TestClient, left: int, right: int, step: int
) -> None:
    """It stays in the address when the form names another attempt."""
    asked_for = pages.get(f"/beside?left={left}&right={right}&left_step={step}")
    assert lines(asked_for.text) == lines(pages.get(f"/beside?left={left}&right={right}").text)


def test_two_problems_are_not_compared_and_one_attempt_is_itself(pages: TestClient) -> None:
    other = pages.get("/attempts?sweep=2&problem=t/1").text
    (attempt,) = re.findall(r'"/attempts/(\d+)"', other)
    answer = pages.get(f"/beside?left=1&right={attempt}")
    assert answer.status_code == 400 and "at different problems" in answer.text
    itself = pages.get("/beside?left=1&right=1")
    assert (itself.status_code, itself.headers["location"]) == (303, "/attempts/1")


def test_attempts_and_problems_lead_there(pages: TestClient) -> None:
    assert "/beside?left=1&amp;right=2" in pages.get("/attempts/2").text
    page = pages.get("/problems/1?sweep=1").text
    assert re.findall(r'<option value="(\d)"( selected)?', page) == [
        ("1", ""), ("2", ""), ("1", ""), ("2", " selected"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        "",
        "\n\nx\n\n",
        "x = '''a\nb'''\n",
        "f'{'\n\\\n",
        "</span><script>\x1b\u202e",
        "\r\n\x00\x0c",
    ],
)
def test_colours_change_no_letter_and_no_line(program: str) -> None:
    given = program.split("\n")
    shown = coloured(given)
    assert len(shown) == len(given)
    for line, was in zip(shown, given, strict=True):
        assert "<script" not in line and not set(line) & set("\x1b\u202e\r\x00")
        plain = unescape(re.sub(r"</?span[^>]*>", "", line))
        assert plain == was or not was.isprintable()
