"""Parts: found by name wherever they come from, known to schemas and keys, and blamed by name when they are wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench import parts
from grokbench.api import resolve_trial
from grokbench.networks.quadratic_mlp import ARCHITECTURE
from grokbench.specs.errors import GrokbenchError, InputError, UnknownNameError
from grokbench.specs.fields import field
from grokbench.store import keys
from grokbench.training.losses import MSE
from tests import packages, processes

PLUGIN = Path(__file__).parent.parent / "data" / "plugin.py"
SPECS = PLUGIN.parent / "specs"
ROWS = {
    "task.domain.p": 11,
    "model.kind": "rows",
    "loss.kind": "absolute",
    "optimizer.kind": "sign",
    "optimizer.lr": 0.01,
}


@pytest.fixture(autouse=True)
def nothing_registered():
    """Each test begins and ends with the built-in parts alone."""

    def clear() -> None:
        parts._registered.clear()
        parts._plugins.clear()
        parts._installed.cache_clear()

    clear()
    yield
    clear()


def run(**settings: Any) -> grokbench.Record:
    return grokbench.run("addition", "gromov2023/adamw", seed=9000, steps=20, settings={**ROWS, **settings})


def install(
    folder: Path, code: str, group: str = "losses", name: str = "focal", package: str = "focalpack"
) -> None:
    """A package with one entry point, as pip would leave it in ``folder``."""
    (folder / f"{package}.py").write_text(code, encoding="utf-8")
    packages.install(folder, package, "2.1", {f"grokbench.{group}": {name: f"{package}:PART"}})


GOOD = "from grokbench.training.losses import MSE as PART\n"


def fresh(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command that imports everything anew, packages in the folder ``path`` too, and whose workers do so again."""
    places = os.pathsep.join(filter(None, [str(path) if path else "", os.environ.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, "-m", "grokbench", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": places},
    )


# -- scripts --------------------------------------------------------------------------------------------


def test_a_scripts_network_loss_and_optimizer_train_with_their_defaults_filled_in():
    parts.run_plugin(PLUGIN)
    record = run()
    assert record.trial.recipe.model == {"kind": "rows", "spread": 0.1}
    assert record.environment["engine"] == "plain"
    assert record.curves["train_loss"][-1] < record.curves["train_loss"][0]
    assert record.content == run().content


def test_a_scripts_wrapper_stands_around_a_built_in_optimizer():
    parts.run_plugin(PLUGIN)
    up = run(**{"optimizer.kind": "gd", "optimizer.lr": 0.1, "optimizer.wrapper.kind": "reverse"})
    assert up.curves["train_loss"][-1] > up.curves["train_loss"][0]


def test_fields_of_a_scripts_part_are_checked_like_any_other():
    parts.run_plugin(PLUGIN)
    with pytest.raises(GrokbenchError, match=r"model\.spread: expected a number > 0\.0; got -1"):
        run(**{"model.spread": -1})
    with pytest.raises(GrokbenchError, match="did you mean 'rows'"):
        run(**{"model.kind": "rowz"})
    with pytest.raises(GrokbenchError, match=r"model\.sprad: unknown key"):
        run(**{"model.sprad": 1.0})


def test_a_script_is_run_once_and_no_other_part_may_have_a_name_that_is_taken(tmp_path):
    parts.run_plugin(PLUGIN)
    parts.run_plugin(PLUGIN)
    with pytest.raises(InputError, match=r"registers the loss 'mse'; grokbench has one already"):
        grokbench.register("losses", "mse", MSE)
    with pytest.raises(InputError, match=r"registers the network 'rows'; .*plugin\.py has one already"):
        grokbench.register("networks", "rows", ARCHITECTURE)
    with pytest.raises(UnknownNameError, match="did you mean 'losses'"):
        grokbench.register("loss", "mine", MSE)


def test_the_source_of_a_part_from_outside_belongs_to_the_key_of_every_trial_that_uses_it(tmp_path):
    def key(text: str, **settings: Any) -> str:
        nothing = tmp_path / "mine.py"
        nothing.write_text(text, encoding="utf-8")
        parts._registered.clear()
        parts._plugins.clear()
        import linecache

        linecache.clearcache()
        parts.run_plugin(nothing)
        return keys.key(
            resolve_trial("addition", "gromov2023/adamw", seed=0, steps=5, settings={**ROWS, **settings})
        )

    text = PLUGIN.read_text(encoding="utf-8")
    built_in = {"model.kind": "relu-mlp", "loss.kind": "mse", "optimizer.kind": "adamw"}
    assert key(text) == key(text)
    assert key(text) != key(text + "# changed\n")
    assert key(text, **built_in) == key(text + "# changed\n", **built_in)
    half = {"model.kind": "relu-mlp", "optimizer.kind": "adamw"}
    assert key(text, **half) != key(text + "# changed\n", **half)  # its loss is the script's


def test_a_key_does_not_depend_on_where_a_script_lies(tmp_path):
    found = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "mine.py").write_bytes(PLUGIN.read_bytes())
        parts._registered.clear()
        parts.run_plugin(folder / "mine.py")
        found.append(keys.key(resolve_trial("addition", "gromov2023/adamw", seed=0, steps=5, settings=ROWS)))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise RuntimeError('no luck')\n", r"the script raised RuntimeError: no luck"),
        (
            "import grokbench\ngrokbench.register('losses', 'x', 'text')\n",
            "the loss 'x' of .* lacks fields, total, reduce",
        ),
    ],
)
def test_a_script_that_raises_or_registers_no_part_is_refused_in_a_sentence(tmp_path, text, message):
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        parts.run_plugin(tmp_path / "bad.py")


def broken(**changed: Any) -> None:
    """The script's network with another forward, targets, …"""
    from dataclasses import replace

    parts.run_plugin(PLUGIN)
    whole = parts.find("networks", "rows")

    def build(model, n_elements, seed):
        network = whole.build(model, n_elements, seed)
        for name, value in changed.items():
            setattr(network, name, value)
        return network

    parts._registered.clear()
    grokbench.register("networks", "rows", replace(whole, build=build))


def fail(*args: Any) -> None:
    raise ZeroDivisionError("by nought")


BUILT = {"loss.kind": "mse", "optimizer.kind": "adamw"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"forward": lambda inputs, noise=None: "text"}, r"gives a str where outputs \(2, classes\)"),
        (
            {"forward": lambda inputs, noise=None: inputs.double()[:, 0]},
            r"gives a tensor \(2,\) where outputs",
        ),
        ({"targets": lambda rows, task: rows}, r"gives targets a ndarray beside outputs a tensor \(2, 11\)"),
        ({"forward": fail}, r"failed \(ZeroDivisionError: by nought\)"),
    ],
    ids=["text", "wrong shape", "wrong targets", "raises"],
)
def test_a_network_that_gives_what_it_should_not_is_named_with_its_script(changed, message):
    broken(**changed)
    with pytest.raises(InputError, match=rf"the network 'rows' of .*test_parts\.py {message}"):
        run(**BUILT)


def test_what_is_built_must_have_the_methods_of_its_kind():
    parts.run_plugin(PLUGIN)
    from dataclasses import replace

    network, rule = parts.find("networks", "rows"), parts.find("optimizers", "sign")
    parts._registered.clear()
    grokbench.register("networks", "rows", replace(network, build=lambda model, n, seed: SimpleNamespace()))
    with pytest.raises(
        InputError, match=r"gives a network that lacks inputs, targets, .* of type SimpleNamespace"
    ):
        run(**BUILT)
    parts._registered.clear()
    grokbench.register(
        "optimizers", "sign", replace(rule, build=lambda table, noise: SimpleNamespace(init=fail))
    )
    with pytest.raises(InputError, match=r"the optimizer 'sign' of .* gives a rule that lacks update"):
        run(**{"model.kind": "relu-mlp", "loss.kind": "mse"})


def test_a_loss_that_is_no_scalar_with_a_gradient_is_named():
    from dataclasses import replace

    grokbench.register("losses", "rowwise", replace(MSE, total=lambda outputs, targets, loss: outputs.sum(1)))
    with pytest.raises(InputError, match=r"the loss 'rowwise' of .* gives a tensor \(2,\) where a scalar"):
        grokbench.run(
            "addition",
            "gromov2023/adamw",
            steps=1,
            settings={"task.domain.p": 11, "model.kind": "relu-mlp", "loss.kind": "rowwise"},
        )


# -- installed packages --------------------------------------------------------------------------------


def test_an_installed_packages_part_is_found_named_and_keyed_by_its_version(tmp_path, monkeypatch):
    install(tmp_path, GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    assert parts.part("losses", "focal").origin == "focalpack 2.1"
    record = grokbench.run(
        "addition",
        "gromov2023/adamw",
        steps=2,
        settings={"task.domain.p": 11, "loss.kind": "focal", "model.width": 8},
    )
    ((kind, name, label, digest),) = keys.family_fields(record.trial)["parts"]
    assert (kind, name, label, len(digest)) == ("losses", "focal", "focalpack 2.1", 64)
    assert np.isfinite(record.curves["train_loss"]).all()


def test_a_name_that_two_packages_claim_is_an_error_that_names_both(tmp_path, monkeypatch):
    install(tmp_path, GOOD)
    install(tmp_path, GOOD, package="otherpack")
    install(tmp_path, GOOD, name="mse", package="thirdpack")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        InputError, match=r"two packages claim the loss 'focal': focalpack 2\.1 and otherpack 2\.1"
    ):
        parts.find("losses", "focal")
    with pytest.raises(InputError, match=r"two packages claim the loss 'mse': grokbench and thirdpack 2\.1"):
        parts.find("losses", "mse")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise OSError('no disk')\n", r"cannot be loaded \(OSError: no disk\)"),
        ("PART = 'text'\n", "lacks fields, total, reduce; it is of type str"),
        (
            "from types import SimpleNamespace as S\nPART = S(fields=1, total=1, reduce=1)\n",
            "are no dataclass",
        ),
    ],
)
def test_a_package_whose_part_cannot_be_used_is_named_in_one_sentence_and_exit_2(tmp_path, code, message):
    install(tmp_path, code)
    done = fresh(
        *("run", "--task", "addition", "--baseline", "gromov2023/adamw", "--set", 'loss.kind="focal"'),
        *("--store", str(tmp_path / "store")),
        path=tmp_path,
    )
    assert done.returncode == 2
    assert "the loss 'focal' of focalpack 2.1" in done.stderr
    import re

    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr


def test_a_broken_package_disturbs_no_recipe_that_does_not_use_it(tmp_path, monkeypatch):
    install(tmp_path, "raise OSError('no disk')\n")
    monkeypatch.syspath_prepend(tmp_path)
    resolve_trial("addition", "gromov2023/adamw", seed=0, steps=5)


# -- the command line ----------------------------------------------------------------------------------


def test_a_plugin_trains_in_the_workers_of_a_command(tmp_path):
    words = [
        "--task",
        "addition",
        "--baseline",
        "gromov2023/adamw",
        "--plugin",
        str(PLUGIN),
        "--store",
        str(tmp_path),
    ]
    for name, value in ROWS.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    done = fresh("run", *words, "--steps", "5", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 5
    swept = processes.grokbench(
        "sweep",
        *words,
        "--alphas",
        "0.5",
        "--seeds",
        "1",
        "--steps",
        "5",
        "--json",
        "--out",
        str(tmp_path / "o"),
    )
    assert swept.returncode == 0, swept.stderr
    assert f"--plugin {PLUGIN}" in json.loads(swept.stdout)["command"]


def giving_text(folder: Path) -> Path:
    """The plugin with a network whose outputs are no numbers."""
    text = PLUGIN.read_text(encoding="utf-8").replace(
        "return self.X[inputs[:, 0]] + self.Y[inputs[:, 1]]", "return 'text'"
    )
    (folder / "bad.py").write_text(text, encoding="utf-8")
    return folder / "bad.py"


def test_a_plugin_that_fails_in_a_worker_is_one_sentence_and_exit_2(tmp_path):
    script = giving_text(tmp_path)
    words = [
        "run",
        "--task",
        "addition",
        "--baseline",
        "gromov2023/adamw",
        "--plugin",
        str(script),
    ]
    for name, value in ROWS.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    done = processes.grokbench(*words, "--store", str(tmp_path / "store"))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("Error: the network 'rows' of ")
    assert "gives a str where outputs" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["sweep", "--baseline", "gromov2023/adamw", "--alphas", "0.5"],
        ["compare", "gromov2023/adamw", "hu2024/official", "--alpha", "0.5"],
        [
            "compare",
            "gromov2023/adamw",
            "hu2024/official",
            "--alpha",
            "0.5",
            "--tune",
            "evaluation.spacing=7,8",
        ],
    ],
    ids=["sweep", "compare", "tuning"],
)
def test_where_every_trial_fails_there_is_no_result_and_the_exit_status_is_1(tmp_path, command):
    script = giving_text(tmp_path)
    words = [
        *command,
        "--task",
        "addition",
        "--seeds",
        "1",
        "--steps",
        "5",
        "--plugin",
        str(script),
    ]
    for name, value in ROWS.items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    done = processes.grokbench(*words, "--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Error: no trial ")
    assert not any((tmp_path / "out").iterdir())


def test_a_claim_on_a_part_that_fails_is_an_error_verdict_that_names_it(tmp_path):
    specs = tmp_path / "specs"
    import shutil

    shutil.copytree(SPECS, specs)
    recipe = specs / "baselines" / "tiny" / "adamw.toml"
    recipe.write_text(recipe.read_text(encoding="utf-8") + '\n[loss]\nkind = "absolute"\n', encoding="utf-8")
    text = PLUGIN.read_text(encoding="utf-8").replace(
        "return total / n_rows", "return total / 0 / n_rows.nought"
    )
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    done = processes.grokbench(
        *(
            "reproduce",
            "tiny",
            "--claim",
            "generalises",
            "--specs",
            str(specs),
            "--plugin",
            str(tmp_path / "bad.py"),
        ),
        *("--store", str(tmp_path / "store"), "--out", str(tmp_path / "out"), "--json"),
    )
    assert done.returncode == 1, done.stderr
    (claim,) = [one for one in json.loads(done.stdout)["claims"] if one["id"] == "generalises"]
    assert claim["verdict"] == "ERROR"
    assert "the loss 'absolute' of " in claim["reason"]


OWN_TESTS = ("learners", "computations", "probes", "analyses", "measures", "executors")


@pytest.mark.parametrize("kind", [kind for kind in parts.KINDS if kind not in OWN_TESTS])
def test_list_shows_every_part_with_fields_first_line_and_origin(kind):
    done = processes.grokbench("list", kind, "--json", "--plugin", str(PLUGIN))
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert set(parts.BUILT_IN[kind]) < set(rows)
    assert all(row["title"] for row in rows.values())
    assert {row["origin"] for row in rows.values()} == {"grokbench", str(PLUGIN)}


def test_list_shows_required_fields_bare_and_others_with_their_default():
    rows = {row["id"]: row for row in json.loads(processes.grokbench("list", "optimizers", "--json").stdout)}
    assert rows["gd"]["fields"].split() == [
        "groups=[]",
        "wrapper=none",
        "lr",
        "momentum=0.0",
        "weight_decay=0.0",
    ]


def test_a_plugin_that_there_is_not_is_exit_2():
    done = processes.grokbench("list", "networks", "--plugin", "nowhere.py")
    assert (done.returncode, done.stderr) == (2, "Error: --plugin nowhere.py: no such file\n")


def test_every_built_in_part_is_declared_without_torch():
    code = (
        "import sys; from grokbench import parts; "
        "[parts.find(kind, name) for kind, named in parts.BUILT_IN.items() for name in named]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_field_without_a_sentence_cannot_be_written():
    with pytest.raises(TypeError):
        field(1)  # help is what --help, list and the schemas print
