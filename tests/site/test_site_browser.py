"""The site in a browser: every kind of page is clicked through, without an error, a request to a host, or a barrier."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 300_000  # milliseconds, for a machine that does much else
NAMES = ("chromium", "chromium-browser", "google-chrome")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser is installed; one of {', '.join(NAMES)} is looked for")
    with playwright.sync_playwright() as own:
        started = own.chromium.launch(
            executable_path=found, args=["--no-sandbox"] if os.getuid() == 0 else []
        )
        yield started
        started.close()


def opened(browser, site: Path, width: int, scheme: str) -> Iterator:
    """A page whose errors and requests to any host fail the test at its end."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE)
    own = context.new_page()
    wrong: list[str] = []
    own.on("console", lambda one: wrong.append(one.text) if one.type in ("error", "warning") else None)
    own.on("pageerror", lambda error: wrong.append(str(error)))
    own.on(
        "request", lambda one: wrong.append(one.url) if not re.match("file:|data:|blob:", one.url) else None
    )
    own.goto((site / "index.html").as_uri())
    yield own
    assert wrong == []
    context.close()


@pytest.fixture
def page(browser, site: Path) -> Iterator:
    yield from opened(browser, site, 1280, "light")


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide and light", "narrow and dark"])
def either(request, browser, site: Path) -> Iterator:
    yield from opened(browser, site, *request.param)


def drawn(place) -> None:
    """Wait until every panel of a place is drawn."""
    place.scroll_into_view_if_needed()
    place.locator(".plot .main-svg").first.wait_for()


def barriers(page) -> list[str]:
    """What axe-core finds wrong for readers with a keyboard or without sight."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def fits(page) -> bool:
    """Whether the page is no wider than the window: what is wide scrolls inside."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_scoreboard_filters_by_paper_verdict_kind_and_words(page):
    rows, count = page.locator("#board tbody tr:visible"), page.locator("#count")
    whole = page.locator("#board tbody tr").count()
    assert 0 < rows.count() < whole  # what was not run is left out at first
    page.locator("#filters").get_by_label("Verdict").select_option("NOT RUN")
    assert set(rows.locator(".badge").all_inner_texts()) == {"· NOT RUN"}
    page.locator("#filters").get_by_label("Verdict").select_option("")
    page.locator("#filters").get_by_label("Paper").select_option("gromov2023")
    assert set(rows.locator(".id").all_inner_texts()) == {"gromov2023"}
    page.locator("#filters").get_by_label("Kind").select_option("threshold")
    few = rows.count()
    page.locator("#filters").get_by_label("Words").fill("adamw")
    assert 0 < rows.count() < few
    assert count.inner_text() == f"{rows.count()} of {whole} claims"
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function(
        "n => document.querySelector('#count').textContent !== n", arg=f"{few} of {whole} claims"
    )


def test_the_keyboard_skips_to_the_content_and_the_theme_stays(page):
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    button = page.get_by_role("button", name="Theme")
    grounds = set()
    for _ in range(3):
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        button.click()
    assert len(grounds) == 2
    button.click()  # light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_a_claims_figure_answers_to_seeds_names_and_axes(page, site):
    page.locator("#filters").get_by_label("Verdict").select_option("")
    page.locator("#board a", has_text="The output layer").first.click() if page.locator(
        "#board a", has_text="The output layer"
    ).count() else page.goto((site / "papers/power2022/output-circles-2.html").as_uri())
    page.goto((site / "papers/power2022/delayed-generalization-2.html").as_uri())
    chart = page.locator("[data-chart]")
    drawn(chart)
    traces = "() => document.querySelector('[data-chart] .plot').data.length"
    before = page.evaluate(traces)
    seed = chart.get_by_role("group", name="Seeds").get_by_role("button").first
    seed.click()
    assert seed.get_attribute("aria-pressed") == "false"
    page.wait_for_function(f"n => ({traces})() < n", arg=before)
    seed.click()
    name = chart.get_by_role("group", name="Shown").get_by_role("button").first
    name.click()
    page.wait_for_function(f"n => ({traces})() < n", arg=before)
    name.click()
    page.wait_for_function(f"n => ({traces})() === n", arg=before)
    scale = "() => document.querySelector('[data-chart] .plot').layout.xaxis.type"
    first = page.evaluate(scale)
    chart.get_by_role("button", name="log x").click()
    page.wait_for_function(f"was => ({scale})() !== was", arg=first)
    with page.expect_download() as saved:
        chart.get_by_role("button", name="CSV of the figure").click()
    lines = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "panel,series,seed,x,y"
    assert len(lines) > 100


def test_hovering_tells_the_seed_and_the_number(page, site):
    page.goto((site / "papers/gromov2023/grok-time-jumps-with-alpha-adamw.html").as_uri())
    drawn(page.locator("[data-chart]"))
    plot = page.locator("[data-chart] .plot")
    page.evaluate(
        """() => {
          const plot = document.querySelector('[data-chart] .plot');
          const k = plot.data.findIndex(one => one.mode === 'markers' && one.text[0].includes('seed'));
          Plotly.Fx.hover(plot, [{ curveNumber: k, pointNumber: 0 }]);
        }"""
    )
    assert "seed" in plot.locator(".hovertext").first.text_content()


def test_a_slider_goes_through_the_fractions_of_a_sweep(page, site):
    page.goto((site / "papers/gromov2023/grok-time-jumps-with-alpha-adamw.html").as_uri())
    place = page.locator("[data-runs]")
    drawn(place)
    slider, said = place.get_by_role("slider"), place.locator("output")
    slider.fill("0")
    assert said.inner_text() == "α = 0.2"
    page.wait_for_function(
        "() => document.querySelector('[data-runs] .hint').textContent.includes('α = 0.2')"
    )
    slider.press("ArrowRight")
    assert said.inner_text() != "α = 0.2"
    assert slider.get_attribute("aria-valuetext") == said.inner_text()
    drawn(place)


def test_the_circle_and_the_phases_form_step_by_step(page, site):
    for claim, first in (
        ("power2022/output-circles-2", "before the first step"),
        ("gromov2023/phases-peak-at-zero", "step 0"),
    ):
        page.goto((site / f"papers/{claim}.html").as_uri())
        chart = page.locator("[data-chart]")
        drawn(chart)
        slider = chart.get_by_role("slider")
        slider.wait_for()
        late = chart.locator(".slide output").inner_text()
        slider.fill("0")
        assert chart.locator(".slide output").inner_text() == first != late


def test_the_command_is_copied(page, site):
    page.goto((site / "papers/power2022/output-circles-2.html").as_uri())
    button = page.get_by_role("button", name="Copy")
    if not button.is_visible():
        pytest.skip("this browser gives files no clipboard")
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("grokbench reproduce power2022 --tier")


def test_a_papers_page_draws_its_figures_as_they_come_into_view(page, site):
    page.locator(".card a").first.click()
    page.wait_for_url("**/papers/**/index.html")
    charts = page.locator("[data-chart]")
    assert charts.count() > 3
    for i in (0, charts.count() - 1):
        drawn(charts.nth(i))
    assert page.locator(".plot .main-svg").count() > 2


def test_any_two_recipes_are_compared(page, site):
    page.get_by_role("link", name="Compare").click()
    page.locator("#comparison .main-svg").first.wait_for()
    sides = page.locator("#compare select")
    sides.nth(0).select_option("gromov2023/adamw-alphas")
    page.locator("#compare input:enabled").first.wait_for()
    sides.nth(1).select_option("power2022/division")
    page.get_by_role("cell", name="optimizer.kind").or_(
        page.get_by_role("cell", name="model.kind")
    ).first.wait_for()
    assert "a=gromov2023/adamw-alphas&b=power2022/division" in page.url
    page.get_by_role("slider").first.fill("12")
    page.locator("#comparison td", has_text="α = 0.7").first.wait_for()
    page.locator("#comparison .main-svg").first.wait_for()
    page.goto((site / "papers/power2022/delayed-generalization-2.html").as_uri())
    page.get_by_role("link", name="Compare these recipes").click()
    page.locator("#comparison .main-svg").first.wait_for()
    assert page.locator("#compare select").nth(0).input_value().startswith("power2022/")


KINDS = {
    "index.html": "#board",
    "papers/power2022/index.html": "[data-chart]",
    "papers/power2022/output-circles-2.html": "[data-chart]",
    "papers/gromov2023/grok-time-jumps-with-alpha-adamw.html": "[data-runs]",
    "compare.html": "#comparison",
    "tracks/small.html": ".drawn",
}
"""A page of each kind, and what of it is drawn last."""


@pytest.mark.parametrize("name", KINDS)
def test_no_page_has_a_barrier_and_what_is_wide_scrolls_inside(name, either, site):
    either.goto((site / name).as_uri())
    place = either.locator(KINDS[name]).first
    if name in ("index.html", "tracks/small.html"):
        place.wait_for()
    else:
        drawn(place)
    assert barriers(either) == []
    assert fits(either)
