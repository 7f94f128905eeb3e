"""The site: every claim has a page, every link leads somewhere, nothing comes from elsewhere, and it says what reports say."""

from __future__ import annotations

import base64
import csv
import json
import re
import sys
import zlib
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import grokbench
from grokbench import figures, findings
from grokbench.claims import judge
from grokbench.claims.verdict import NOT_RUN
from grokbench.reports import verdicts
from grokbench.reports.site import boards, write
from grokbench.specs.errors import InputError
from grokbench.specs.loader import Library
from tests.site.conftest import BOARD, PARTLY, REPORTS, WHOLE

MOST_BYTES = 16_000  # for each claim: the site grows with the number of claims alone
VOID = {"meta", "link", "input", "br", "img", "hr"}
LOADS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """A page's links, what it loads, its ids and its text; a tag that is not closed in its place is an error."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == [], path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(own["href"] or "")
        if tag in LOADS and own.get(LOADS[tag]):
            self.loads.append(own[LOADS[tag]] or "")
        if own.get("id"):
            self.ids.append(own["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def unpacked(path: Path) -> dict:
    name, packed = json.loads(
        f"[{path.read_text(encoding='utf-8').strip().removeprefix('grokbench.take(')[:-1]}]"
    )
    assert path.with_suffix("").as_posix().endswith(name)
    return json.loads(zlib.decompress(base64.b85decode(packed)), object_hook=listed)


def listed(value: dict) -> dict | list:
    """What site.js does with a list that is written as differences."""
    if "Δ" not in value:
        return value
    places, *steps = value["Δ"]
    return [total / 10**places for total in accumulate(steps)]


def test_every_claim_of_a_report_has_a_page_with_its_verdict_and_its_numbers(site, reports, pages):
    rows = verdicts.read(REPORTS / "verdicts.json")
    for path in (reports / f"{paper}.json" for paper in (WHOLE, PARTLY)):
        for claim in json.loads(path.read_text(encoding="utf-8"))["claims"]:
            page = pages[f"papers/{path.stem}/{claim['id']}.html"]
            said = " ".join(page.text.split())
            cells = rows[f"{path.stem}.{claim['id']}"]["cells"]
            assert claim["verdict"] in said
            assert cells["here"] in said
            assert cells["paper says"] in said
            assert f"--tier {claim['tier']} --claim {claim['id']}" in said
            assert (site / f"papers/{path.stem}/{claim['id']}.csv").is_file() == bool(claim["values"])


def test_a_claims_csv_has_each_seeds_numbers_in_full(site):
    claim = next(
        one
        for one in json.loads((REPORTS / "power2022.json").read_text(encoding="utf-8"))["claims"]
        if one["control"] and one["verdict"] != NOT_RUN
    )
    with (site / f"papers/power2022/{claim['id']}.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:2] == ["of", "seed"]
    assert head[-1] == "holds"
    wanted = [("claim", one) for one in claim["values"]] + [("control", one) for one in claim["control"]]
    assert [(row[0], int(row[1])) for row in rows] == [(of, one["seed"]) for of, one in wanted]
    for row, (_, one) in zip(rows, wanted, strict=True):
        for text, value in zip(row[2:-1], one["measured"], strict=False):
            assert float(text) == value if value is not None else text in ("inf", "nan")


def test_the_table_of_runs_names_each_experiment_once_over_its_seeds(site, reports):
    document = json.loads((reports / f"{WHOLE}.json").read_text(encoding="utf-8"))
    claim = next(one for one in document["claims"] if len({run["experiment"] for run in one["runs"]}) > 1)
    page = (site / f"papers/{WHOLE}/{claim['id']}.html").read_text(encoding="utf-8")
    table = page.partition("<h3>Runs</h3>")[2].partition("</table>")[0]
    found = re.findall(r'rowgroup"[^>]*>([^<]+)<|<tr><td>(\d+)</td>', table)
    wanted = [("", str(run["seed"])) for run in claim["runs"]]
    for name in dict.fromkeys(run["experiment"] for run in claim["runs"]):
        at = next(i for i, run in enumerate(claim["runs"]) if run["experiment"] == name)
        wanted.insert(at + sum(heading != "" for heading, _ in wanted), (name, ""))
    assert found == wanted


def test_a_table_of_runs_has_no_column_of_dashes(site):
    empty, with_dashes = [], 0
    for path in site.rglob("papers/*/*.html"):
        part = path.read_text(encoding="utf-8").partition("<h3>Runs</h3>")[2].partition("</table>")[0]
        heads = re.findall(r'"col">([^<]+)<', part)
        rows = [re.findall(r"<td>([^<]*)</td>", line) for line in part.splitlines() if "<td>" in line]
        assert all(len(row) == len(heads) for row in rows)
        with_dashes += any("—" in row for row in rows)
        empty += [(path.name, head) for head, *cells in zip(heads, *rows, strict=True) if set(cells) == {"—"}]
    assert with_dashes  # a dash beside a number stays
    assert empty == []


def test_every_link_leads_to_a_file_and_a_place_in_it(site, pages):
    n = 0
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https"  # a paper's own address, which nothing loads
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            assert target.resolve().is_file(), (name, link)
            if parts.fragment and "=" not in parts.fragment:
                assert parts.fragment in pages[target.resolve().relative_to(site.resolve()).as_posix()].ids
            n += 1
    assert n > 100


def test_pages_load_nothing_but_files_beside_them(site, pages):
    for name, page in pages.items():
        for one in page.loads:
            assert one == "data:," or ((site / name).parent / one).resolve().is_file(), (name, one)
    style = (site / "assets" / "site.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in (site / "assets" / "site.js").read_text(encoding="utf-8")


def test_figures_hold_the_numbers_of_their_runs_few_and_rounded(site):
    chart = unpacked(site / "data" / "power2022" / "training.js")
    assert chart["title"]
    assert chart["seeds"] == list(range(100, 106))
    lines = [item for panel in chart["panels"] for item in panel["items"] if item["kind"] == "line"]
    assert all(len(item.get("x", ())) <= 202 for item in lines)
    bold = [item for item in lines if item.get("width", 0) > 1.5 and "y" in item]
    assert bold
    assert all("seeds" not in item for item in bold)
    names = {one["name"] for one in chart["names"]}
    assert {item["name"] for item in lines if "name" in item} <= names


def test_a_kind_that_knows_several_steps_shows_them_one_after_the_other(site):
    circles = unpacked(site / "data" / "power2022" / "embedding.js")["stages"]
    assert [one["when"] for one in circles] == ["before the first step", "in the end"]
    phases = unpacked(site / "data" / "gromov2023" / "phases.js")["stages"]
    steps = [int("".join(one["when"].split()[1:])) for one in phases]
    assert len(steps) > 8
    assert steps == sorted(set(steps))
    first, last = (
        max(y for item in one["panels"][0]["items"] if len(item.get("y", ())) > 8 for y in item["y"])
        for one in (phases[0], phases[-1])
    )
    assert last > 3 * first  # the phases gather round zero


def test_a_sweep_has_a_setting_for_each_fraction(site):
    own = unpacked(site / "data" / "gromov2023" / "runs-adamw-alphas.js")
    labels = [one["label"] for one in own["settings"]]
    assert labels[0] == "α = 0.2"
    assert labels == sorted(labels)
    assert all([run["seed"] for run in one["runs"]] == list(range(6)) for one in own["settings"])
    run = own["settings"][-1]["runs"][0]
    assert len(run["step"]) == len(run["accuracy"][0]) == len(run["loss"][1]) == 30  # of 78 runs
    (few,) = unpacked(site / "data" / "gromov2023" / "runs-gd-addition.js")["settings"]
    assert {len(one["step"]) for one in few["runs"]} == {60}
    assert run["t_gen"] is not None
    assert own["settings"][0]["runs"][0]["t_gen"] is None  # not reached
    assert own["fields"]["optimizer.kind"] == "adamw"


def test_a_second_block_of_seeds_is_told_on_the_papers_page_and_the_claims(pages):
    assert "On seeds 200–205" in pages["papers/power2022/index.html"].text
    assert (
        "On seeds 200–205: REPRODUCED 6/6 (the same)" in pages["papers/power2022/output-circles-2.html"].text
    )


def test_an_earlier_site_is_replaced_and_another_folder_is_left_alone(read, tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "charted", lambda *own: None)
    papers, out = [one for one in read[0] if one.report.paper.id == WHOLE], tmp_path / "site"
    write(papers, out)
    (out / "papers" / "old.html").write_text("")
    write(papers, out)
    assert not (out / "papers" / "old.html").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        write(papers, other)
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_without_reports_or_the_extra_the_error_says_what_to_do(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="grokbench reproduce PAPER"):
        grokbench.site(out=tmp_path / "site", reports=tmp_path)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(InputError, match=r"pip install 'grokbench\[site\]'"):
        grokbench.site(out=tmp_path / "site", reports=REPORTS)
    assert not (tmp_path / "site").exists()


def test_a_report_without_specs_or_of_another_version_is_left_out_and_named(read):
    papers, said = read
    assert [one.report.paper.id for one in papers] == [PARTLY, WHOLE]
    assert len(said) == 2
    assert "old.json is left out, because another version wrote it" in said[0]
    assert "no specs of mine2026 are known" in said[1]


def test_no_claim_is_judged_again(read, monkeypatch, reports):
    def refused(*words):
        raise AssertionError("a claim was judged")

    monkeypatch.setattr(judge, "judge", refused)
    monkeypatch.setattr(findings.overview, "written", lambda folder: ([(WHOLE, read[0][1].document)], []))
    (again,) = findings.reported(reports, Library(), refused)
    assert {one.id: one.verdict for one in again.report.verdicts} == {
        one["id"]: one["verdict"] for one in again.document["claims"]
    }


def test_a_leaderboard_has_a_page_that_says_what_its_document_says(site, pages, reports):
    page = pages["tracks/small.html"]
    said, first = ("".join(pages[name].text.split()) for name in ("tracks/small.html", "index.html"))
    document = json.loads((reports / f"{BOARD}.json").read_text(encoding="utf-8"))
    for entry in document["entries"]:
        own = [one["certificate"] for one in entry["workloads"]]
        cells = " ".join(f"{one['certificate']} {one['kept']} of {one['n']}" for one in entry["workloads"])
        row = f"{entry['title']} {own.count('CERTIFIED')} of {len(own)}"
        assert said.count("".join(f"{row} {cells}".split())) == 2  # and again on the other block
        assert "".join(row.split()) in first
    assert "Blockagain" in said
    assert {one.rpartition("-")[2] for one in page.loads if one.endswith(".svg")} == {
        "times.svg",
        "profiles.svg",
    }
    assert "tracks/small.html" in pages["index.html"].links


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 0}'])
def test_a_damaged_leaderboard_is_left_out_and_named(tmp_path, text):
    (tmp_path / f"{BOARD}.json").write_text(text, encoding="utf-8")
    said: list[str] = []
    assert boards.read(tmp_path, said.append) == []
    assert said == [f"{tmp_path / BOARD}.json is left out: it is no leaderboard of this version"]


@pytest.mark.thorough
def test_the_site_of_all_papers_is_small_and_has_every_claim(tmp_path):
    page = grokbench.site(out=tmp_path / "site", reports=REPORTS)
    files = [path for path in page.parent.rglob("*") if path.is_file()]
    claims = {
        f"papers/{row['paper']}/{row['claim']}.html"
        for row in verdicts.read(REPORTS / "verdicts.json").values()
    }
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES * len(claims)
    assert claims <= {path.relative_to(page.parent).as_posix() for path in files}
    for path in files:
        if path.suffix == ".html":
            Page(path)
