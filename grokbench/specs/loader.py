"""The library of specs: tasks, recipes, papers and tracks by id or by file, checked when they are read."""

from __future__ import annotations

import copy
import dataclasses
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grokbench.specs import files, parse, schema, tracks, values
from grokbench.specs.errors import GrokbenchError, InputError, Mistake, SpecError, UnknownNameError, nearest
from grokbench.specs.files import FIGURES_FILE, SpecFile
from grokbench.specs.homes import remedy, shown
from grokbench.specs.installed import installed
from grokbench.specs.locate import builtin_root
from grokbench.specs.settings import changed, divided, given, merged
from grokbench.specs.tracks import Submission, Track
from grokbench.specs.types import Paper, Recipe, TaskSpec

OnNote = Callable[[str], None]


class Library:
    """Every spec of grokbench, of installed packages and of the ``extra`` folders, in this order; later folders win.

    ids: a task's or a track's is its file's name, a recipe's ``paper/name``, a submission's ``track/name``, a paper's its
    folder's name. Where an id is asked for, a
    path that ends in ``.toml`` is read instead; ids in that file are looked for beside it first.
    on_note: told once of each file that hides another one and is used, of each file that :meth:`each` leaves out, and of each
    package whose specs cannot be found.
    """

    def __init__(self, extra: str | Path | Iterable[str | Path] = (), on_note: OnNote | None = None) -> None:
        self.extra = values.paths("specs", extra)
        self._on_note = on_note or (lambda text: None)
        self._said: set[str] = set()
        self._documents: dict[Path, dict[str, Any]] = {}
        self._whole: dict[Path, dict[str, Any]] = {}
        self._papers: dict[Path, Paper] = {}
        self._files: dict[tuple[str, str], SpecFile] = {}
        self._beside: dict[Path, Library] = {}
        self._homes = [files.absolute(builtin_root())]
        self._add(files.in_root(builtin_root(), builtin=True))
        for package in installed():
            self.note(package.problem)
            if package.folder is not None:
                self._homes.append(files.absolute(package.folder))
                self._add(files.in_root(package.folder))
        for root in self.extra:
            if not root.is_dir():
                raise InputError(f"{root}: no such folder of specs")
            if not files.is_root(root):
                raise InputError(
                    f"{root}: the folder of specs holds neither tasks/ nor baselines/; "
                    "tasks lie in DIR/tasks, recipes and claims in DIR/baselines/<paper>"
                )
            self._homes.append(files.absolute(root))
            self._add(files.in_root(root))

    def _add(self, found: Iterable[SpecFile]) -> None:
        for file in found:
            hidden = self._files.get((file.kind, file.id))
            if hidden is not None and not hidden.path.samefile(file.path):
                file = SpecFile(file.kind, file.id, file.path, file.builtin, hides=hidden)
            self._files[file.kind, file.id] = file

    def beside(self, path: Path) -> Library:
        """This library, with the specs that lie beside the file ``path`` added: its folder of specs, or its own folder."""
        root = files.root_of(path)
        home = root or files.absolute(path).parent
        if home in self._homes:
            return self
        if home not in self._beside:
            other = copy.copy(self)
            other._files, other._homes, other._beside = dict(self._files), [*self._homes, home], {}
            found = files.in_folder(path.parent) if root is None else files.in_root(shown(path, root))
            other._add(found)
            self._beside[home] = other
        return self._beside[home]

    def ids(self, kind: str) -> tuple[str, ...]:
        """Ids of all specs of a kind (``task``, ``baseline``, ``paper``, ``track`` or ``submission``), sorted."""
        return tuple(sorted(name for own, name in self._files if own == kind))

    def task_ids(self) -> tuple[str, ...]:
        """Ids of all tasks, sorted."""
        return self.ids("task")

    def recipe_ids(self) -> tuple[str, ...]:
        """Ids of all recipes, sorted."""
        return self.ids("baseline")

    def paper_ids(self) -> tuple[str, ...]:
        """Ids of all papers, sorted."""
        return self.ids("paper")

    def paths(self) -> tuple[Path, ...]:
        """The files of all specs, hidden ones left out."""
        return tuple(file.path for file in self._files.values())

    def note(self, text: str) -> None:
        """Tell whoever opened the library, once."""
        if text and text not in self._said:
            self._said.add(text)
            self._on_note(text)

    def file(self, kind: str, name: str) -> SpecFile:
        """The file behind an id or a path. A file that hides another one is told of. Errors: UnknownNameError, InputError."""
        if name.endswith(".toml"):
            path = Path(name)
            if not path.is_file():
                raise InputError(f"{name}: no such file")
            there = files.kind_of_file(path)
            if there != kind:
                raise InputError(f"{name}: the file of a {there}; the file of a {kind} is expected here")
            own = self.beside(path)._files.get((kind, files.id_of(kind, path)))
            if own is None or not own.path.samefile(path):
                own = SpecFile(kind, files.id_of(kind, path), path)
            found = SpecFile(kind, own.id, path, own.builtin, own.hides)
        elif (kind, name) in self._files:
            found = self._files[kind, name]
        else:
            raise UnknownNameError(kind, name, self.ids(kind), remedy(kind, name), "specs")
        self.note(found.shadow)
        return found

    def files_of(
        self, *, tasks: Iterable[str] = (), baselines: Iterable[str] = (), papers: Iterable[str] = ()
    ) -> tuple[SpecFile, ...]:
        """Every file that is read for these, parents of recipes included, each once and in the order of their keys."""
        found = [self.file("task", name) for name in tasks] + [self.file("paper", name) for name in papers]
        for name in baselines:
            own = self.file("baseline", name)
            parent = self._parent(own)
            found += [own] if parent is None else [own, parent]
        return tuple(sorted({file.key: file for file in found}.values(), key=lambda file: file.key))

    def task_document(self, name: str) -> dict[str, Any]:
        """The task's checked table, completed with defaults."""
        path = self.file("task", name).path
        return self._completed("task", path, lambda: self._read(path))

    def task(self, name: str | TaskSpec, settings: Mapping[str, Any] | None = None) -> TaskSpec:
        """The task ``name``, or the one given, with fields (``domain.p``) replaced by ``settings``."""
        if isinstance(name, TaskSpec):
            document, label = given("task", name), name.id
        else:
            document, label = self.task_document(name), name
        return parse.task(changed("task", document, settings or {}, label))

    def recipe_document(self, name: str) -> dict[str, Any]:
        """The recipe's checked table, its parent merged in, completed with defaults."""
        own = self.file("baseline", name)

        def whole() -> dict[str, Any]:
            document, parent = self._read(own.path), self._parent(own)
            return document if parent is None else merged(self._read(parent.path), document)

        return self._completed("recipe", own.path, whole)

    def recipe(self, name: str | Recipe, settings: Mapping[str, Any] | None = None) -> Recipe:
        """The recipe ``name``, or the one given, with fields (``optimizer.lr``) replaced by ``settings``."""
        if isinstance(name, Recipe):
            document, label = given("recipe", name), name.id
        else:
            document, label = self.recipe_document(name), name
        return parse.recipe(changed("recipe", document, settings or {}, label))

    def paper(self, name: str) -> Paper:
        """The paper ``name``: its experiments and claims; every reference in them is checked."""
        path = self.file("paper", name).path
        if path not in self._papers:
            document = self._read(path)
            _check("paper", document, path)
            wrong = parse.long_snapshots(document, str(path))
            if not wrong:
                paper = parse.paper(schema.completed("paper", document))
                known = self.beside(path)
                wrong = parse.broken_references(paper, known.task_ids(), known.recipe_ids(), str(path))
            if wrong:
                raise SpecError(wrong)
            self._papers[path] = dataclasses.replace(
                paper, figures=self._figures(path.with_name(FIGURES_FILE))
            )
        return self._papers[path]

    def _figures(self, path: Path) -> tuple[Mapping[str, Any], ...]:
        """The tables of a paper's figures, completed; none where it has no such file. Errors: SpecError."""
        if not path.is_file():
            return ()
        document = self._read(path)
        wrong = schema.mistakes("figures", document, str(path))
        if wrong:
            raise SpecError(wrong)
        return tuple(schema.completed("figures", document)["figure"])

    def track(self, name: str) -> Track:
        """The track ``name``; the task and recipe of every workload is checked to be there."""
        path = self.file("track", name).path
        found, known = (
            tracks.track(self._completed("track", path, lambda: self._read(path))),
            self.beside(path),
        )
        _refuse(tracks.broken_track(found, known.task_ids(), known.recipe_ids(), str(path)))
        return found

    def submission(self, name: str) -> Submission:
        """The submission ``name``, ``track/name``, checked against its track."""
        path = self.file("submission", name).path
        found = tracks.submission(self._completed("submission", path, lambda: self._read(path)))
        _refuse(tracks.broken_submission(found, self.beside(path).track(found.track), str(path)))
        return found

    def each(self, kind: str) -> Iterator[Any]:
        """Every task, recipe, paper or track that can be read; a note tells of each file that cannot."""
        loaders: dict[str, Callable[[str], Any]] = {
            "task": self.task,
            "baseline": self.recipe,
            "paper": self.paper,
            "track": self.track,
            "submission": self.submission,
        }
        for name in self.ids(kind):
            try:
                yield loaders[kind](name)
            except GrokbenchError as error:
                path = self._files[kind, name].path
                words = ["grokbench", "validate", str(path)]
                first = str(error).splitlines()[0].removeprefix(f"{path}: ").removeprefix("top level: ")
                self.note(f"{path} is left out: {first}; `{shlex.join(words)}` says all.")

    def resolve(
        self, task: str | TaskSpec, baseline: str | Recipe, settings: Mapping[str, Any]
    ) -> tuple[TaskSpec, Recipe]:
        """Task and recipe with ``settings`` applied: ``task.…`` fields to the task, all others to the recipe."""
        own, rest = divided(values.settings(settings))
        return self.task(task, own), self.recipe(baseline, rest)

    def _completed(self, kind: str, path: Path, whole: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The table of a task or recipe with its defaults, the caller's own; a file is checked once."""
        if path not in self._whole:
            document = whole()
            _check(kind, document, path)
            own = {key: value for key, value in document.items() if key != "extends"}
            self._whole[path] = schema.completed(kind, own)
        return copy.deepcopy(self._whole[path])

    def _read(self, path: Path) -> dict[str, Any]:
        """The table in a file, which is read once."""
        if path not in self._documents:
            self._documents[path] = files.read(path)
        return self._documents[path]

    def _parent(self, own: SpecFile) -> SpecFile | None:
        """The file of the recipe that ``own`` extends, if it extends one. Errors: SpecError."""
        document, library = self._read(own.path), self.beside(own.path)
        if "extends" not in document:
            return None
        name, near = document["extends"], None
        if not isinstance(name, str):
            text = f"expected the id of one recipe, such as 'gromov2023/gd'; got {name!r}"
        elif not name:
            text = "names no recipe; write the id of one, such as 'gromov2023/gd', or leave the key out"
        elif name.endswith(".toml"):
            text = f"expected the id of a recipe, as <paper>/<name>; got the file name {name!r}"
            near = nearest(f"{own.path.parent.name}/{Path(name).stem}", library.recipe_ids())
        elif name == own.id:
            text = "a recipe cannot extend itself"
        elif name not in library.recipe_ids():
            text, near = f"no baseline {name!r}", nearest(name, library.recipe_ids())
        else:
            found = library.file("baseline", name)
            further = self._read(found.path).get("extends")
            if further is None:
                return found
            text = f"{name!r} itself extends {further!r}; one level is the limit"
        raise SpecError([Mistake(str(own.path), "extends", text, near)])


def _refuse(mistakes: Iterable[Mistake]) -> None:
    if wrong := list(mistakes):
        raise SpecError(wrong)


def _check(kind: str, document: Mapping[str, Any], path: Path) -> None:
    wrong = schema.mistakes(kind, document, str(path))
    if not wrong:
        identity = document["paper"]["id"] if kind == "paper" else document["id"]
        expected = files.id_of("baseline" if kind == "recipe" else kind, path)
        if identity != expected:
            key = "paper.id" if kind == "paper" else "id"
            called = "as the folder is called" if kind == "paper" else "as the file is called"
            wrong = [Mistake(str(path), key, f"expected {expected!r}, {called}; got {identity!r}")]
    if wrong:
        raise SpecError(wrong)
