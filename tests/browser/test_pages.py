"""The web pages in a real browser: what a person sees, can reach by keyboard, and is safe from."""

import re
from collections.abc import Callable
from urllib.parse import urljoin

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests import hostile_rows
from tests.sweeps import make_sweep

Open = Callable[..., Page]
#: A narrow phone, and a desk.
WIDTHS = (400, 1280)


def wide(page: Page) -> int:
    """How far the whole page can be scrolled to the side, in pixels."""
    found = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return int(found)


def hostile_addresses() -> list[str]:
    ids = hostile_rows.make()
    return [
        "/", f"/sweeps/{ids['sweep']}", f"/runs/{ids['run']}", f"/problems/{ids['problem']}",
        "/attempts", "/attempts?problem=%3Cscript%3E&show=missed", f"/attempts/{ids['attempt']}",
        f"/attempts/{ids['failed']}", f"/sweeps/{ids['sweep']}/models",
        f"/sweeps/{ids['sweep']}/matrix?baseline={ids['run']}",
        f"/beside?left={ids['attempt']}&right={ids['failed']}", f"/compare?baseline={ids['run']}",
    ]  # fmt: skip


def test_hostile_texts_run_nothing_and_stay_in_their_boxes(open_page: Open) -> None:
    page = open_page("/", viewport={"width": 400, "height": 800})
    for address in hostile_addresses():
        page.goto(urljoin(page.url, address))
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.title() != "owned", address
        assert page.locator("main img, main svg, main script").count() == 0
        assert wide(page) <= 0, address


def test_a_whole_hostile_text_is_shown_as_plain_text(open_page: Open) -> None:
    ids = hostile_rows.make()
    page = open_page(f"/texts/sweep/{ids['sweep']}/file")
    assert page.evaluate("document.contentType") == "text/plain"
    assert "<script>document.title" in page.inner_text("body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_a_desk(open_page: Open, scheme: str) -> None:
    """In light and in dark: the text must stand out from its ground in both."""
    make_sweep("raw-coder", "review-then-fix", problems=3)
    for width in WIDTHS:
        page = open_page("/", viewport={"width": width, "height": 800}, color_scheme=scheme)
        ground, text, link = page.evaluate(
            """() => [getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.body).color,
                getComputedStyle(document.querySelector('nav a:nth-child(2)')).color]"""
        )
        assert contrast(text, ground) > 7 and contrast(link, ground) > 4.5
        for address in (
            "/", "/sweeps/1", "/sweeps/1/matrix?baseline=1", "/runs/1", "/problems/1", "/attempts",
            "/compare?baseline=1", "/attempts/1",
        ):  # fmt: skip
            page.goto(urljoin(page.url, address))
            assert wide(page) <= 0, (address, width)
        page.get_by_role("link", name="beside this one").click()
        page.wait_for_url(re.compile("/beside"))
        assert wide(page) <= 0, width


def test_on_a_phone_numbers_come_before_bars(open_page: Open) -> None:
    """Else who looks at a sweep on a phone sees bars, and not what is solved."""
    make_sweep("raw-coder", "review-then-fix", problems=3)
    page = open_page("/sweeps/1", viewport={"width": 400, "height": 800})
    for number in page.locator("#runs tbody tr").first.locator(".number").all()[:3]:
        box = number.bounding_box()
        assert box is not None and box["x"] + box["width"] <= 400
    # the rest is reached by scrolling, of which a shadow tells
    scrolled, attached = page.locator("#runs .scroll").evaluate(
        "box => [box.scrollWidth > box.clientWidth, getComputedStyle(box).backgroundAttachment]"
    )
    assert scrolled and attached == "local, local, scroll, scroll"


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, as WCAG 2.2 defines it: 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_running_sweep_is_followed_until_it_is_done(open_page: Open, database: str) -> None:
    """And no longer: a page that is left open over night must not ask for ever."""
    sweep = make_sweep("raw-coder", problems=2)
    page = open_page(f"/sweeps/{sweep}")
    expect(page.locator("#runs")).to_contain_text("0 of 2 attempts ended")
    page.locator("#run-1").focus()
    ended = "UPDATE attempt SET state = 'done', outcome = 'solved'"
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(f"{ended} WHERE id = 1")
        expect(page.locator("#runs")).to_contain_text("1 of 2 attempts ended", timeout=60_000)
        # what somebody is about to open stays in focus
        assert page.evaluate("document.activeElement.id") == "run-1"
        other.execute(ended)
    expect(page.locator("#runs")).to_contain_text("Nothing is left to do", timeout=60_000)
    assert page.locator("#runs").get_attribute("hx-get") is None
    expect(page.locator("#models")).to_be_attached()


def test_a_person_finds_an_attempt_by_keyboard_alone(open_page: Open) -> None:
    make_sweep("raw-coder", "raw-reviewer", problems=2)
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the content")
    page.keyboard.press("Enter")
    for pattern, address in (
        ("test", r"/sweeps/1$"),
        ("raw-reviewer", r"/runs/2$"),
        ("4", r"/attempts/4$"),
    ):
        press_until(page, pattern)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(address))
    outline = page.evaluate(
        "() => { document.querySelector('nav a').focus({focusVisible: true});"
        " return getComputedStyle(document.querySelector('nav a')).outlineStyle; }"
    )
    assert outline == "solid"


def press_until(page: Page, text: str) -> None:
    """Press Tab until a link of this text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == text:
            return
    raise AssertionError(f"{text!r} cannot be reached")


def test_the_form_makes_an_address_that_shows_the_same_again(open_page: Open) -> None:
    make_sweep("raw-coder", "raw-reviewer", problems=40)
    page = open_page("/attempts")
    page.get_by_label("Pattern").select_option("raw-reviewer")
    page.get_by_label("Outcome").select_option("unfinished")
    page.get_by_label("Problem").fill("t/")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(
        re.compile(r"/attempts\?pattern=raw-reviewer&outcome=unfinished&problem=t%2F$")
    )
    expect(page.locator("tbody tr")).to_have_count(40)
    expect(page.get_by_label("Pattern")).to_have_value("raw-reviewer")
    again = open_page(page.url.removeprefix(re.match(r"\w+://[^/]+", page.url)[0]))  # type: ignore[index]
    assert again.locator("tbody").inner_text() == page.locator("tbody").inner_text()


def test_a_person_finds_what_a_pattern_improved_and_sees_why(
    open_page: Open, database: str
) -> None:
    """From a sweep through its matrix to both programs: with a phone, where only some columns have room."""
    sweep = make_sweep("raw-coder", "review-then-fix", problems=3)
    solved = """UPDATE attempt SET state = 'done', outcome = CASE
        WHEN run_id = 2 AND problem_id = 2 THEN 'solved' ELSE 'unsolved' END"""
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(solved)
    page = open_page(f"/sweeps/{sweep}", viewport={"width": 400, "height": 800})
    page.get_by_role("link", name="matrix of problems and runs").click()
    expect(page.locator(".matrix tbody:not(.sums) tr")).to_have_count(3)
    expect(page.get_by_label("Difficulty")).to_have_count(0)  # these problems have none
    page.locator("[name=baseline]").select_option("raw-coder")
    page.locator("[name=show]").select_option("improved on the baseline")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"/matrix\?baseline=1&show=improved$"))
    page.locator(".matrix tbody:not(.sums)").get_by_role("link", name="●").click()
    page.wait_for_url(re.compile(r"/beside\?left=\d+&right=\d+$"))
    expect(page.locator(".sides")).to_contain_text("review-then-fix")
    expect(page.locator(".sides .outcome")).to_have_text(["unsolved", "solved"])


def test_pages_follow_each_other_and_lead_back(open_page: Open) -> None:
    make_sweep("raw-coder", problems=60)
    page = open_page("/attempts")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url(re.compile("after=50$"))
    expect(page.locator("tbody tr")).to_have_count(10)
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    page.get_by_role("link", name="First page").click()
    page.wait_for_url(re.compile("/attempts$"))


def test_a_person_writes_a_note_and_withdraws_it(open_page: Open) -> None:
    """A browser has to say where the form comes from: it is refused otherwise."""
    make_sweep("raw-coder", problems=2)
    page = open_page(
        "/attempts/1", java_script_enabled=False, viewport={"width": 400, "height": 800}
    )
    page.get_by_label("A note").fill("Off by one. </textarea><b>")
    page.get_by_label("Tags").fill("off-by-one")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Keep").click()
    page.wait_for_url(re.compile("/attempts/1#notes$"))
    expect(page.get_by_text("Off by one. </textarea><b>")).to_be_visible()
    assert wide(page) <= 0
    page.get_by_role("link", name="#off-by-one").first.click()
    page.wait_for_url(re.compile(r"/attempts\?sweep=1&tag=off-by-one$"))
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Off by one.")).to_have_count(0)


def test_without_scripts_all_can_be_read(open_page: Open) -> None:
    make_sweep("raw-coder", problems=2)
    page = open_page("/sweeps/1", java_script_enabled=False)
    page.get_by_role("link", name="What the models did").click()
    expect(page.get_by_role("heading", name="Models of test")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="all attempts").click()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", name="Specification")).to_be_visible()
    summary = page.locator("summary", has_text="What it was asked")
    assert summary.count() == 0  # nothing was asked yet: there is nothing behind a click either
