"""Learners from outside: trained, keyed and checked like built-in ones, and blamed by name when they are wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench import Learner, Size, parts
from grokbench.api import resolve_trial
from grokbench.specs.errors import GrokbenchError, InputError
from grokbench.specs.fields import field
from grokbench.store import keys
from tests import processes
from tests.parts.test_parts import fresh, install, nothing_registered

__all__ = ["nothing_registered"]
PLUGIN = Path(__file__).parent.parent / "data" / "learner.py"
SPECS = PLUGIN.parent / "specs"
OWN = {"task.domain.p": 7, "learner.kind": "counts"}


def run(**settings: Any) -> grokbench.Record:
    return grokbench.run("addition", "mallinar2024/rfm", seed=9000, steps=3, settings={**OWN, **settings})


def test_a_scripts_learner_trains_with_its_defaults_its_loss_and_its_streams():
    parts.run_plugin(PLUGIN)
    record = run()
    assert record.trial.recipe.learner == {"kind": "counts", "power": 1.0}
    assert record.curves["step"].tolist() == [0, 1, 2, 3]
    assert (
        record.curves["train_accuracy"][0] > 2 / 7
    )  # of the few rows with this x, one is as frequent as any
    assert record.weights["counts"].shape == (7, 7)
    softmax = np.log(np.exp(record.weights["counts"].astype(float)).sum(axis=1)).mean()
    assert record.curves["train_loss"][-1] == pytest.approx(
        softmax - 1, abs=0.1
    )  # cross-entropy, not a square
    assert record.content == run().content
    other = grokbench.run("addition", "mallinar2024/rfm", seed=9001, steps=3, settings=OWN)
    assert (other.weights["counts"] % 1 != record.weights["counts"] % 1).all()


def test_its_source_and_its_fields_belong_to_the_key(tmp_path):
    def key(text: str, **settings: Any) -> str:
        import linecache

        (tmp_path / "mine.py").write_text(text, encoding="utf-8")
        parts._registered.clear()
        parts._plugins.clear()
        linecache.clearcache()
        parts.run_plugin(tmp_path / "mine.py")
        asked = resolve_trial("addition", "mallinar2024/rfm", seed=0, steps=5, settings={**OWN, **settings})
        return keys.key(asked)

    text = PLUGIN.read_text(encoding="utf-8")
    assert key(text) == key(text)
    assert key(text) != key(text + "# changed\n")
    assert key(text) != key(text, **{"learner.power": 2.0})
    assert key(text, **{"learner.kind": "rfm"}) == key(text + "# changed\n", **{"learner.kind": "rfm"})


def test_an_installed_packages_learner_is_named_and_keyed_by_its_version(tmp_path, monkeypatch):
    code = PLUGIN.read_text(encoding="utf-8").replace('grokbench.register("learners", "counts", ', "PART = (")
    install(tmp_path, code, group="learners", name="counts", package="countpack")
    monkeypatch.syspath_prepend(tmp_path)
    ((kind, name, label, digest),) = keys.family_fields(run().trial)["parts"]
    assert (kind, name, label, len(digest)) == ("learners", "counts", "countpack 2.1", 64)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"predict": lambda self, rows: "text"}, r"gives str where outputs \(2, classes\) are expected"),
        ({"predict": lambda self, rows: np.zeros(len(rows))}, r"gives \(2,\) where outputs \(2, classes\)"),
        ({"predict": lambda self, rows: np.zeros((len(rows), 3))}, "gives 3 classes; the task has 7"),
        ({"state": lambda self: [1]}, "gives a state that is no dict of named numpy arrays"),
        ({"initial": lambda self, rows: 1 / 0}, r"failed \(ZeroDivisionError: division by zero\)"),
        ({"step": lambda self: 1 / 0}, r"failed \(ZeroDivisionError: division by zero\)"),
        ({"step": None}, "gives a learner that lacks step; it is of type Other"),
    ],
    ids=["text", "wrong shape", "too few classes", "no state", "raises", "raises later", "no step"],
)
def test_a_learner_that_gives_what_it_should_not_is_named_with_its_script(changed, message):
    parts.run_plugin(PLUGIN)
    whole = parts.find("learners", "counts")
    methods = {
        name: getattr(whole.build, name) for name in ("__init__", "initial", "step", "predict", "state")
    }
    kept = {name: value for name, value in {**methods, **changed}.items() if value is not None}
    parts._registered.clear()
    other = Learner("counts", whole.fields, type("Other", (), kept), whole.size)
    grokbench.register("learners", "counts", other)
    with pytest.raises(InputError, match=rf"the learner 'counts' of .*test_learners\.py {message}"):
        run()


def test_a_learner_without_a_size_is_refused_when_it_is_registered():
    class Nothing:
        fields = build = None

    with pytest.raises(InputError, match=r"the learner 'x' of .* lacks size, loss"):
        grokbench.register("learners", "x", Nothing())
    with pytest.raises(TypeError):
        field(1.0)
    assert Size(1, 1)


def test_its_fields_are_checked_and_a_recipe_of_a_network_has_no_learner_to_set():
    parts.run_plugin(PLUGIN)
    with pytest.raises(GrokbenchError, match=r"learner\.power: expected a number > 0"):
        run(**{"learner.power": 0})
    with pytest.raises(GrokbenchError, match=r"unknown setting of gromov2023/gd 'learner\.kind'"):
        resolve_trial("addition", "gromov2023/gd", seed=0, settings={"learner.kind": "counts"})


# -- the command line ----------------------------------------------------------------------------------


def words(plugin: Path, store: Path) -> list[str]:
    out = [
        "--task",
        "addition",
        "--baseline",
        "mallinar2024/rfm",
        "--plugin",
        str(plugin),
        "--store",
        str(store),
    ]
    for name, value in OWN.items():
        out += ["--set", f"{name}={json.dumps(value)}"]
    return out


def test_a_plugins_learner_trains_in_the_workers_of_a_command(tmp_path):
    done = fresh("run", *words(PLUGIN, tmp_path), "--steps", "5", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 5


def test_a_plugins_learner_that_fails_in_a_worker_is_one_sentence_and_exit_2(tmp_path):
    text = PLUGIN.read_text(encoding="utf-8")
    (tmp_path / "bad.py").write_text(text.replace("self.counts **= self.power", "1 / 0"), encoding="utf-8")
    done = processes.grokbench("run", *words(tmp_path / "bad.py", tmp_path), "--steps", "5")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("Error: the learner 'counts' of ")
    assert "Traceback" not in done.stderr


def test_a_claim_on_a_learner_that_fails_is_an_error_verdict_that_names_it(tmp_path):
    specs = tmp_path / "specs"
    shutil.copytree(SPECS, specs)
    recipe = specs / "baselines" / "tiny" / "adamw.toml"
    head = 'id = "tiny/adamw"\ntitle = "t"\norigin = "paper"\nsource = "s"\n'
    recipe.write_text(head + '[learner]\nkind = "counts"\n', encoding="utf-8")
    text = PLUGIN.read_text(encoding="utf-8")
    (tmp_path / "bad.py").write_text(text.replace("self.counts **= self.power", "1 / 0"), encoding="utf-8")
    done = processes.grokbench(
        *("reproduce", "tiny", "--claim", "generalises", "--specs", str(specs)),
        *("--plugin", str(tmp_path / "bad.py"), "--store", str(tmp_path / "store")),
        *("--out", str(tmp_path / "out"), "--json"),
    )
    assert done.returncode == 1, done.stderr
    (claim,) = [one for one in json.loads(done.stdout)["claims"] if one["id"] == "generalises"]
    assert claim["verdict"] == "ERROR"
    assert "the learner 'counts' of " in claim["reason"]


def test_list_and_show_know_learners():
    rows = {row["id"]: row for row in json.loads(processes.grokbench("list", "learners", "--json").stdout)}
    assert rows["rfm"]["fields"].split()[:2] == ['kernel="quadratic"', "bandwidth=2.5"]
    shown = processes.grokbench("show", "mallinar2024/rfm-gaussian", "--resolved").stdout
    assert "learner.kind = 'rfm'\nlearner.kernel = 'gaussian'\n" in shown
    assert "learner.bandwidth = 2.5" in shown
    assert "model" not in shown
