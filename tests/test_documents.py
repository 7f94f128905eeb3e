"""What the documents tell a reader to write or type is what grokbench takes."""

from __future__ import annotations

import math
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from grokbench import parts, scaffold
from grokbench.claims.phrases import anchor
from grokbench.claims.verdict import VERDICTS
from grokbench.exports import files
from grokbench.figures import registry
from grokbench.plan import bench
from grokbench.specs.loader import Library
from grokbench.validation.check import validate_all
from tests import processes

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "REPRODUCE.md",
    "CONTRIBUTING.md",
    "PERFORMANCE.md",
    "RELIABILITY.md",
    "SECURITY.md",
    "RULES.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
)
PAPERS = tuple(name for name in DOCUMENTS if name.startswith("docs/papers/"))
"""The page of each paper."""
SHELL = ("", "sh", "bash", "console")
"""What a block of commands may be called."""
ONLY_READ = ("pip", "pytest", "git", "cd", "ruff", "mypy", "eval", "python")
"""Programs that a document may name and that are not run here."""
IN_ORDER = "CONTRIBUTING.md"
"""The page whose commands need one another; ``test_contributing`` follows it."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, *languages: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", read(name), re.M | re.S)
    return [body for kind, body in found if kind in languages]


def lines(name: str) -> list[list[str]]:
    """The commands in the blocks of a document, as words; a block that begins with no program is what one prints."""
    found = []
    for block in blocks(name, *SHELL):
        bare = re.sub(r"(^|\s)#.*", "", block.replace("\\\n", " "), flags=re.M)
        parts = [part for line in bare.splitlines() for part in re.split(r" && | \| ", line.strip())]
        words = [shlex.split(part.removeprefix("$ ")) for part in parts]
        words = [one for one in words if one]
        if words and words[0][0] in ("grokbench", *ONLY_READ):
            found += words
    return found


def commands(name: str) -> list[list[str]]:
    """The grokbench commands of a document: those in blocks, and those in a line that leave nothing to be filled in."""
    text = re.sub(r"^[ \t]*```.*?^[ \t]*```", "", read(name), flags=re.M | re.S)
    spans = [" ".join(span.split()) for span in re.findall(r"(?<!`)`(grokbench [^`]+)`(?!`)", text)]
    whole = [shlex.split(span) for span in spans if not re.search(r"\b[A-Z]{2,}\b|[…|<\[]", span)]
    return [words for words in [*lines(name), *whole] if words[0] == "grokbench"]


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_shown_exists_with_its_options(name):
    from grokbench.cli import group

    context = click.Context(group)
    for words in commands(name):
        command = group.get_command(context, words[1])
        assert command is not None, words
        if isinstance(command, click.Group) and len(words) > 2:
            command = command.get_command(context, words[2])
            assert command is not None, words
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= options, words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_program_that_a_document_names_is_one_that_is_checked(name):
    """What is not run has a form: pip installs this project, pytest takes the plugin's options, git clones."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    plugin = read("grokbench/pytest_plugin.py")
    for words in lines(name):
        assert words[0] in ("grokbench", *ONLY_READ), words
        if words[0] == "pip":
            assert words[1] == "install", words
            extras = re.findall(r"\[(\w+)\]", " ".join(words))
            assert set(extras) <= set(project["optional-dependencies"]), words
            constraints = [words[i + 1] for i, word in enumerate(words) if word == "-c"]
            assert all((ROOT / path).is_file() for path in constraints), words
        elif words[0] == "git":
            assert words[1] in ("clone", "init", "add", "commit"), words
        elif words[0] == "pytest":
            own = {word.split("=")[0] for word in words[1:] if word.startswith("--")}
            assert all(f'"{word}"' in plugin for word in own - {"--benchmark-only"}), words
        elif words[0] == "python":
            path = words[1] if words[1] != "-m" else f"{words[2].replace('.', '/')}.py"
            assert (ROOT / path).is_file(), words


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md"])
def test_nothing_is_left_to_be_filled_in(name):
    assert "@@" not in read(name)


LEAST = {
    "reproduce": {"--tier": "smoke"},
    "run": {"--steps": "2"},
    "sweep": {"--steps": "2", "--seeds": "2"},
    "site": {"--reports": "reports/"},
    "compare": {"--steps": "2", "--seeds": "2"},
}


def at_smoke(words: list[str]) -> tuple[str, ...]:
    """The same command, of as little as there is: the smoke tier, or two steps; into a folder of the test."""
    kept = [word for word in words[1:] if word != "--open"]  # which would start the tester's browser
    least = dict(LEAST.get(kept[0], {}))
    if kept[0] == "bench" and "--growth" not in kept:  # the least of many, whichever are named
        least["--case"] = "toy embedding MLP"
    on_seeds = kept[0] == "reproduce" and "--seeds" in kept  # which the smoke tier does not take
    if on_seeds or (kept[0] == "leaderboard" and "--records" not in kept):
        return tuple(dict.fromkeys((*kept, "--dry-run")))
    if kept[0] in ("sweep", "compare") and "s5-product" not in kept:
        least["--set"] = "task.domain.p=23"
    for option in [*least, "--out"]:
        while option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return (*kept, *(word for pair in least.items() for word in pair))


def own_specs(folder: Path) -> Library:
    """A library with what the blocks of docs/specs.md, claims.md and figures.md say, added to gromov2023."""
    product, bits = blocks("docs/specs.md", "toml")[:2]
    paper = folder / "baselines" / "gromov2023"
    paper.mkdir(parents=True)
    (folder / "tasks").mkdir()
    for name, own in (("of-groups", product), ("of-bits", bits)):
        head = f'id = "{name}"\ntitle = "From a fragment"\n'
        (folder / "tasks" / f"{name}.toml").write_text(head + own, encoding="utf-8")
    claims = blocks("docs/claims.md", "toml")
    added = {"claims": [claims[0], claims[-1]], "figures": blocks("docs/figures.md", "toml")}
    for name, own in added.items():
        text = "\n".join([read(f"baselines/gromov2023/{name}.toml"), *own])
        (paper / f"{name}.toml").write_text(text, encoding="utf-8")
    return Library((folder,))


def tried(words: tuple[str, ...]) -> Any:
    """A command as a parameter; one that times every network at every size, or makes the whole site, is thorough."""
    long = "--growth" in words or words[0] == "site"
    return pytest.param(words, marks=pytest.mark.thorough if long else (), id=" ".join(words))


def test_every_case_that_a_document_names_is_timed_by_bench():
    named = {
        words[i + 1]
        for name in DOCUMENTS
        for words in commands(name)
        if words[1:2] == ["bench"]
        for i, word in enumerate(words)
        if word == "--case"
    }
    assert len(named) > 3
    known = [case.id for case in bench.cases()]
    assert all(any(word in own for own in known) for word in named)


@pytest.mark.parametrize(
    "words",
    [
        tried(words)
        for words in sorted(
            {at_smoke(words) for name in DOCUMENTS if name != IN_ORDER for words in commands(name)}
        )
    ],
)
def test_every_command_of_the_documents_runs(words, tmp_path):
    for word in words:
        if re.fullmatch(r"[\w-]+\.toml", word):  # a task of the reader's own
            (written,) = scaffold.new("task", word.removesuffix(".toml"), into=tmp_path)
            written.rename(tmp_path / word)
    words = [str(ROOT / word) if word.startswith("reports/") else word for word in words]
    for module in [files.NEEDS[word] for word in words if word in files.NEEDS]:
        pytest.importorskip(module, reason="the extra export is not installed")
    done = processes.grokbench(*words, cwd=tmp_path)
    if "cuda" in words and "sees no CUDA device" in done.stderr:
        assert done.returncode == 2
        return
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if blocks(name, "python")])
def test_the_code_of_a_document_runs_on_the_networks_that_its_commands_save(name, tmp_path):
    for words in commands(name):
        if "--save" in words:
            assert processes.grokbench(*at_smoke(words), cwd=tmp_path).returncode == 0
    for i, block in enumerate(blocks(name, "python")):
        script = tmp_path / f"block_{i}.py"  # a file, since spawned workers read it again
        script.write_text(re.sub(r"\bsteps=[\d_]+", "steps=2", block), encoding="utf-8")
        printed = run(str(script), cwd=tmp_path).splitlines()
        assert printed
        if name in PAPERS:
            numbers = [float(line.split()[-1]) for line in printed if line.startswith("  ")]
            assert numbers
            assert all(map(math.isfinite, numbers))


def test_what_the_pages_on_specs_claims_and_figures_show_loads_and_is_valid(tmp_path):
    library = own_specs(tmp_path)
    assert library.task("of-groups").domain["factors"][1] == {"kind": "symmetric-group", "n": 4}
    assert library.task("of-bits").source["rows"] == 3000
    own = library.recipe("gromov2023/gd", tomllib.loads(blocks("docs/specs.md", "toml")[3]))
    assert own.data["corruption"]["share"] == 0.35
    paper = library.paper("gromov2023")
    assert paper.claims[-1].id == "gd-groks-slowly-too"
    assert [figure["id"] for figure in paper.figures[-3:]] == ["fit-first", "less-data", "with-momentum"]
    assert paper.discrepancies[-1].as_code == ("gd-slow",)
    computed, watched, started = map(tomllib.loads, blocks("docs/claims.md", "toml")[1:-1])
    assert started["start"]["experiment"] in {experiment.id for experiment in paper.experiments}
    assert computed["computation"]["kind"] in parts.names("computations")
    assert set(watched["analyses"]) <= set(parts.names("analyses"))
    written = [tmp_path / "tasks", tmp_path / "baselines"]
    assert len(validate_all(library, written)) == 4


def test_the_track_and_the_submission_of_the_page_on_the_leaderboard_are_valid(tmp_path):
    mine, track = blocks("docs/leaderboard.md", "toml")
    for name, text in (("small/mine", mine), ("mine", track), ("small", read("tasks/tracks/small.toml"))):
        path = tmp_path / "tasks" / "tracks" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert len(validate_all(Library(tmp_path), [tmp_path])) == 3


def test_claims_that_the_documents_name_exist():
    library = Library()
    known = {claim.id for name in library.paper_ids() for claim in library.paper(name).claims}
    named = [
        words[i + 1]
        for name in DOCUMENTS
        for words in commands(name)
        for i in range(len(words))
        if words[i] == "--claim"
    ]
    assert named
    assert set(named) <= known


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_the_documents_lead_somewhere(name):
    text = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", read(name), flags=re.M | re.S))
    for target, _, place in (link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", text)):
        if target.startswith("http"):
            continue
        path = ((ROOT / name).parent / target).resolve() if target else ROOT / name
        # reports/ is written by a run, so only what lies outside it must be there.
        if path.is_relative_to(ROOT / "reports"):
            continue
        assert path.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
            assert place in {anchor(heading) for heading in headings}, (target, place)


def test_what_reports_and_messages_say_of_reproduce_is_there():
    headings = re.findall(r"^## (.*)$", read("REPRODUCE.md"), re.M)
    assert {"Words", "How to read a verdict"} <= set(headings)
    assert all(f"| {verdict} |" in read("REPRODUCE.md") for verdict in VERDICTS)


def test_every_paper_has_a_page_that_leads_to_its_report():
    found = {Path(name).stem for name in PAPERS}
    assert found == set(Library().paper_ids())
    for name in found:
        assert f"(docs/papers/{name}.md)" in read("REPRODUCE.md")
        assert f"(../../reports/{name}.md)" in read(f"docs/papers/{name}.md")


@pytest.mark.parametrize("name", PAPERS)
def test_figures_and_recipes_that_the_page_of_a_paper_names_exist(name):
    """A paper of which nothing is trained has no figures; its page names claims."""
    library = Library()
    paper = library.paper(Path(name).stem)
    drawn = set(registry(paper)) if paper.experiments else {claim.id for claim in paper.claims}
    head = "our figure" if paper.experiments else "our claim"
    rows = [line.split("|")[1:-1] for line in read(name).splitlines() if line.startswith("|")]
    start = next(i for i, row in enumerate(rows) if head in row[1])
    named = {
        figure
        for row in rows[start + 2 :]
        if len(row) == 3
        for figure in re.findall(r"`([a-z0-9-]+)`", row[1])
    }
    assert named
    assert named <= drawn
    recipes = set(re.findall(r"`((?:[a-z]+\d{4})/[a-z0-9-]+)`", read(name)))
    assert recipes <= set(library.recipe_ids())
