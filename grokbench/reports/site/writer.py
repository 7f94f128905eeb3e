"""``write``: the files of the site."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grokbench import figures
from grokbench.plan.single import check_folder
from grokbench.reports.document import write_text
from grokbench.reports.site import boards, content, packing
from grokbench.reports.site.boards import Board
from grokbench.reports.site.content import Reported
from grokbench.reports.site.curves import curves, trained
from grokbench.specs.errors import InputError

if TYPE_CHECKING:
    import jinja2

MADE_BY = "grokbench-site.json"
"""A file that says that a folder is such a site, so that what an earlier one left may go."""
PLOTLY = ("plotly", "package_data/plotly.min.js")
OWN = ("site.css", "site.js")


def require() -> None:
    """Errors: InputError where the extra "site" is not installed."""
    _templates()
    _plotly()


def write(papers: Sequence[Reported], out: Path, tracks: Sequence[Board] = ()) -> Path:
    """Write the site of these papers and leaderboards under ``out``; returns its first page.

    Files of an earlier site there are removed. Errors: InputError where the extra "site" is not installed, or the folder
    cannot be written or holds something else.
    """
    pages, plotly = _templates(), _plotly()
    check_folder(out)
    try:
        _clear(out)
        for name in OWN:
            write_text(out / "assets" / name, _asset(name))
        write_text(out / "assets" / "plotly.js", packing.script("plotly", plotly.read_text(encoding="utf-8")))
        pages.globals["tracks"] = [boards.shown(one) for one in tracks]  # which every page leads to
        _write(papers, out, pages)
        _tracks(tracks, out, pages)
    except OSError as error:
        raise InputError(
            f"the site cannot be written to {out} ({error.strerror}); name another folder"
        ) from None
    return out / "index.html"


def _write(papers: Sequence[Reported], out: Path, pages: jinja2.Environment) -> None:
    papers = sorted(papers, key=_age)
    told = [content.paper(one) for one in papers]
    known: dict[str, list[dict[str, Any]]] = {}
    for reported, paper in zip(papers, told, strict=True):
        drawn = _figures(reported, out)
        known[paper["id"]] = _curves(reported, out)
        root = out / "papers" / paper["id"]
        _page(pages, root / "index.html", "paper.html", 2, paper=paper, figures=drawn, papers=told)
        entries = {entry["id"]: entry for entry in reported.document["claims"]}
        for i, own in enumerate(paper["claims"]):
            claim = content.claim(reported, entries[own.id], drawn)
            around = {"before": paper["claims"][i - 1 : i], "after": paper["claims"][i + 1 : i + 2]}
            page = root / f"{own.id}.html"
            _page(pages, page, "claim.html", 2, paper=paper, claim=claim, figures=drawn, **around)
            if claim["numbers"]:
                write_text(root / f"{own.id}.csv", content.as_csv(reported, entries[own.id]))
    kinds = sorted({claim.kind for paper in told for claim in paper["claims"]})
    _page(pages, out / "index.html", "scoreboard.html", 0, papers=told, kinds=kinds)
    _page(pages, out / "compare.html", "compare.html", 0, papers=told, known=known)


def _tracks(tracks: Sequence[Board], out: Path, pages: jinja2.Environment) -> None:
    """A page for each leaderboard, with copies of its figures."""
    for board in tracks:
        own = boards.shown(board)
        drawn = []
        for title, path in board.figures.items():
            file = f"data/tracks/{own['id']}-{path.name}"
            write_text(out / file, path.read_text(encoding="utf-8"))
            drawn.append({"title": title, "file": file})
        _page(pages, out / own["page"], "track.html", 1, track=own, figures=drawn)


def _age(reported: Reported) -> tuple[bool, int, str]:
    """Papers by year; what compares several comes last."""
    own = reported.report.paper
    return own.year is None, own.year or 0, own.id


def _figures(reported: Reported, out: Path) -> dict[str, dict[str, Any]]:
    """Write the numbers of each figure that has runs; its id → title and caption."""
    report, drawn = reported.report, {}
    for name, (kind, own) in figures.registry(report.paper).items():
        found = figures.charted(kind, own, report.cells)
        if found is not None:
            _data(out, f"{report.paper.id}/{name}", found)
            drawn[name] = {"title": found["title"], "caption": found["caption"]}
    return drawn


def _curves(reported: Reported, out: Path) -> list[dict[str, Any]]:
    """Write the curves of each experiment that was trained; what a list of them says."""
    report, written = reported.report, []
    for experiment in report.paper.experiments:
        if trained(report.cells.get(experiment.id, ())):
            own = curves(report, experiment.id)
            _data(out, f"{report.paper.id}/runs-{experiment.id}", own)
            written.append({"id": experiment.id, "title": own["title"], "recipe": own["recipe"]})
    return written


def _data(out: Path, name: str, value: Mapping[str, Any]) -> None:
    """Numbers as a script: a page that lies in a folder may load a script from beside it, but not read a file."""
    write_text(out / "data" / f"{name}.js", packing.script(name, packing.document(value)))


def _page(pages: jinja2.Environment, path: Path, template: str, depth: int, **words: Any) -> None:
    text = pages.get_template(template).render(root="../" * depth, **words)
    write_text(path, "\n".join(line for line in text.splitlines() if line.strip()) + "\n")


def _templates() -> jinja2.Environment:
    from grokbench.reports.site import words

    try:
        import jinja2
    except ImportError:
        raise _lacking("jinja2") from None
    pages = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _asset(f"../templates/{name}")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages.filters |= words.FILTERS
    return pages


def _asset(name: str) -> str:
    folder, _, file = name.rpartition("/")
    place = resources.files("grokbench.reports.site") / ("templates" if folder else "assets") / file
    return place.read_text(encoding="utf-8")


def _plotly() -> Path:
    """The JavaScript that the installed plotly brings."""
    package, file = PLOTLY
    try:
        path = Path(str(resources.files(package) / file))
    except ModuleNotFoundError:
        raise _lacking(package) from None
    if not path.is_file():
        raise InputError(f"the installed {package} has no {file}; install another version of it")
    return path


def _lacking(package: str) -> InputError:
    return InputError(
        f"the site needs {package}, which is not installed; install it with pip install 'grokbench[site]'"
    )


def _clear(out: Path) -> None:
    """Remove an earlier site. Errors: InputError where the folder holds anything else."""
    mark = out / MADE_BY
    if any(out.iterdir()) and not mark.is_file():
        raise InputError(f"{out} holds other files; name a folder that is empty, or an earlier site")
    for name in ("papers", "tracks", "data", "assets"):
        shutil.rmtree(out / name, ignore_errors=True)
    write_text(mark, "{}\n")
