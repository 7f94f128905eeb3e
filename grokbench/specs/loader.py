"""The library of specs: tasks, recipes and papers by id or by file, checked when they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grokbench.specs import parse, schema
from grokbench.specs.errors import GrokbenchError, InputError, Mistake, SpecError, UnknownNameError
from grokbench.specs.locate import builtin_root
from grokbench.specs.types import Paper, Recipe, TaskSpec

CLAIMS_FILE = "claims.toml"


class Library:
    """Every spec under the installed folder and the ``extra`` ones (later folders win).

    ids: a task's is its file's name, a recipe's ``paper/name``, a paper's its folder's name. Where an id is
    asked for, a path that ends in ``.toml`` is read instead.
    """

    def __init__(self, extra: Iterable[str | Path] = ()) -> None:
        self._tasks: dict[str, Path] = {}
        self._recipes: dict[str, Path] = {}
        self._papers: dict[str, Path] = {}
        for root in (builtin_root(), *map(Path, extra)):
            if not root.is_dir():
                raise InputError(f"--specs {root}: no such folder")
            self._scan(root)

    def _scan(self, root: Path) -> None:
        for path in sorted((root / "tasks").glob("*.toml")):
            self._tasks[path.stem] = path
        for path in sorted((root / "baselines").glob("*/*.toml")):
            if path.name == CLAIMS_FILE:
                self._papers[path.parent.name] = path
            else:
                self._recipes[f"{path.parent.name}/{path.stem}"] = path

    def task_ids(self) -> tuple[str, ...]:
        """Ids of all tasks, sorted."""
        return tuple(sorted(self._tasks))

    def recipe_ids(self) -> tuple[str, ...]:
        """Ids of all recipes, sorted."""
        return tuple(sorted(self._recipes))

    def paper_ids(self) -> tuple[str, ...]:
        """Ids of all papers, sorted."""
        return tuple(sorted(self._papers))

    def paper_files(self) -> tuple[Path, ...]:
        """The claims files of all papers."""
        return tuple(self._papers[name] for name in self.paper_ids())

    def path_of(self, name: str) -> Path | None:
        """The file behind a task's, recipe's or paper's id; None when nothing has that id."""
        return self._tasks.get(name) or self._recipes.get(name) or self._papers.get(name)

    def task_document(self, name: str) -> dict[str, Any]:
        """The task's checked table, completed with defaults."""
        path = _path("task", name, self._tasks)
        document = _read(path)
        _check("task", document, path)
        return schema.completed("task", document)

    def task(self, name: str, settings: Mapping[str, Any] | None = None) -> TaskSpec:
        """The task ``name``, with dotted fields (``domain.p``) replaced by ``settings``."""
        return parse.task(_changed("task", self.task_document(name), settings or {}, name))

    def recipe_document(self, name: str) -> dict[str, Any]:
        """The recipe's checked table, its parent merged in, completed with defaults."""
        path = _path("baseline", name, self._recipes)
        document = _read(path)
        if "extends" in document:
            parent_path = _path("baseline", str(document["extends"]), self._recipes)
            parent = _read(parent_path)
            if "extends" in parent:
                raise SpecError(
                    [
                        Mistake(
                            str(path),
                            "extends",
                            f"{document['extends']} itself extends; one level is the limit",
                        )
                    ]
                )
            document = merged(parent, document)
        _check("recipe", document, path)
        return schema.completed("recipe", {key: value for key, value in document.items() if key != "extends"})

    def recipe(self, name: str, settings: Mapping[str, Any] | None = None) -> Recipe:
        """The recipe ``name``, with dotted fields (``optimizer.lr``) replaced by ``settings``."""
        return parse.recipe(_changed("recipe", self.recipe_document(name), settings or {}, name))

    def paper(self, name: str) -> Paper:
        """The paper ``name``: its experiments and claims; every reference in them is checked."""
        path = _path("paper", name, self._papers)
        document = _read(path)
        _check("paper", document, path)
        paper = parse.paper(schema.completed("paper", document))
        wrong = parse.broken_references(paper, self.task_ids(), self.recipe_ids(), str(path))
        if wrong:
            raise SpecError(wrong)
        return paper

    def validate(self, paths: Iterable[Path] = ()) -> list[Path]:
        """Check the given files, or all; returns the files read. Errors: SpecError with every mistake of every file."""
        files = list(paths) or [*self._tasks.values(), *self._recipes.values(), *self._papers.values()]
        wrong: list[Mistake] = []
        for path in files:
            wrong.extend(self._mistakes_in(path))
        if wrong:
            raise SpecError(wrong)
        return files

    def _mistakes_in(self, path: Path) -> list[Mistake]:
        try:
            kind = kind_of_file(path)
            if kind == "paper":
                return self._settings_mistakes(self.paper(str(path)), path)
            if kind == "task":
                self.task(str(path))
            else:
                self.recipe(str(path))
        except SpecError as error:
            return list(error.mistakes)
        except GrokbenchError as error:
            return [Mistake(str(path), "", str(error))]
        return []

    def _settings_mistakes(self, paper: Paper, path: Path) -> list[Mistake]:
        """Settings of experiments that their recipe or task refuses."""
        wrong: list[Mistake] = []
        for experiment in paper.experiments:
            varied = [{k: v} for plan in experiment.tiers.values() for k, vs in plan.vary.items() for v in vs]
            for settings in [dict(experiment.set), *varied]:
                try:
                    self.resolve(experiment.task, experiment.baseline, settings)
                except GrokbenchError as error:
                    wrong.append(Mistake(str(path), f"experiment {experiment.id}", str(error)))
        return wrong

    def resolve(self, task: str, baseline: str, settings: Mapping[str, Any]) -> tuple[TaskSpec, Recipe]:
        """Task and recipe with ``settings`` applied: ``task.…`` paths to the task, all others to the recipe."""
        own = {key.removeprefix("task."): value for key, value in settings.items() if key.startswith("task.")}
        rest = {key: value for key, value in settings.items() if not key.startswith("task.")}
        recipe = self.recipe(baseline, rest)
        return self.task(task, own), recipe


def kind_of_file(path: Path) -> str:
    """``paper``, ``task`` or ``baseline``, by a spec file's own keys. Errors: InputError, SpecError."""
    document = _read(_path("file", str(path), {}))
    if path.name == CLAIMS_FILE or "paper" in document:
        return "paper"
    return "task" if "operation" in document or "domain" in document else "baseline"


def merged(parent: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """``child`` over ``parent``: tables key by key, lists replaced, a table of another ``kind`` replaced whole."""
    out = dict(parent)
    for key, value in child.items():
        old = out.get(key)
        same_kind = (
            isinstance(old, dict)
            and isinstance(value, dict)
            and value.get("kind", old.get("kind")) == old.get("kind")
        )
        out[key] = merged(old, value) if same_kind and isinstance(old, dict) else value
    return out


def _path(what: str, name: str, known: Mapping[str, Path]) -> Path:
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise InputError(f"{name}: no such file")
        return path
    if name not in known:
        raise UnknownNameError(what, name, known)
    return known[name]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError([Mistake(str(path), "", f"not valid TOML: {error}")]) from None


def _check(kind: str, document: Mapping[str, Any], path: Path) -> None:
    wrong = schema.mistakes(kind, document, str(path))
    if not wrong:
        identity = document["paper"]["id"] if kind == "paper" else document["id"]
        expected = {
            "task": path.stem,
            "recipe": f"{path.parent.name}/{path.stem}",
            "paper": path.parent.name,
        }[kind]
        if identity != expected:
            wrong = [
                Mistake(str(path), "id", f"expected {expected!r}, as the file is called; got {identity!r}")
            ]
    if wrong:
        raise SpecError(wrong)


def _changed(kind: str, document: dict[str, Any], settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``document`` with dotted fields replaced, checked again. A new ``kind`` empties its table first."""
    if not settings:
        return document
    out = {key: dict(value) if isinstance(value, dict) else value for key, value in document.items()}
    for path, value in sorted(settings.items(), key=lambda item: _turn(item[0])):
        *tables, last = path.split(".")
        if not tables and path != "operation":
            raise InputError(f"--set {path}: only fields of a table can be set, such as optimizer.lr")
        node = out
        for depth, part in enumerate(tables):
            child = node.setdefault(part, {}) if depth else node.get(part)
            if not isinstance(child, dict):
                known = [
                    f"{key}.{field}"
                    for key, table in out.items()
                    if isinstance(table, dict)
                    for field in table
                ]
                raise UnknownNameError(f"setting of {name}", path, known)
            node = child
        if last == "kind" and node.get("kind") != value:
            node.clear()
        node[last] = value
    wrong = schema.mistakes(kind, out, f"{name} with --set")
    if wrong:
        raise SpecError(wrong)
    return schema.completed(kind, out)


def _turn(path: str) -> tuple[bool, int]:
    """Kinds are set first, outer ones before inner ones."""
    return not path.endswith(".kind"), path.count(".")
