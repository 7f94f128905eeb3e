"""Probes, analyses and measures from elsewhere: validated, made in workers, judged, and blamed by name when they are wrong."""

from __future__ import annotations

import dataclasses
import json
import linecache
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grokbench
from grokbench import parts
from grokbench.measures import measure, measure_names
from grokbench.plan.resolve import resolve_trial
from grokbench.specs.errors import GrokbenchError, InputError, PartError, UnknownNameError
from grokbench.specs.loader import Library
from grokbench.specs.types import Trial
from grokbench.store import keys
from grokbench.store.folder import Store
from grokbench.training.analyses.making import analysed
from grokbench.training.engine import train
from grokbench.training.watching import Analysis, Probe
from grokbench.validation.check import validate_all
from tests import processes
from tests.parts.test_parts import SPECS, fresh, install, nothing_registered  # noqa: F401

PLUGIN = Path(__file__).parent.parent / "data" / "watchers.py"
EXPERIMENT = 'horizon = 1.5\nprobes = ["largest"]\nanalyses = ["moved"]\n'
RULE = '{ measure = "generalises", min = 1, reason = "It must reach 99 %." }'


def small(**looks: Any) -> Trial:
    settings = {"task.domain.p": 11, "model.width": 8}
    trial = resolve_trial("addition", "gromov2023/adamw", seed=9000, steps=5, settings=settings)
    return dataclasses.replace(trial, **looks)


def specs(folder: Path, rule: str = '{ measure = "how-far", min = 0.0, reason = "It moves." }') -> Path:
    """The tiny paper, whose first experiment uses the script's probe and analysis, and its first claim this rule."""
    root = folder / "specs"
    shutil.copytree(SPECS, root)
    claims = root / "baselines" / "tiny" / "claims.toml"
    text = claims.read_text(encoding="utf-8")
    text = text.replace("horizon = 1.5\n", EXPERIMENT, 1).replace(RULE, rule, 1)
    claims.write_text(text, encoding="utf-8")
    return root


def reproduced(folder: Path, plugin: Path, root: Path) -> tuple[subprocess.CompletedProcess[str], Any]:
    done = processes.grokbench(
        *("reproduce", "tiny", "--tier", "smoke", "--claim", "generalises", "--specs", str(root)),
        *("--plugin", str(plugin), "--store", str(folder / "store"), "--out", str(folder / "out"), "--json"),
    )
    claims = json.loads(done.stdout)["claims"] if done.stdout else []
    return done, next((one for one in claims if one["id"] == "generalises"), None)


# -- what works ----------------------------------------------------------------------------------------


def test_a_scripts_probe_analysis_and_measure_decide_a_claim_through_workers(tmp_path):
    done, claim = reproduced(tmp_path, PLUGIN, specs(tmp_path))
    assert done.returncode == 0, done.stderr
    assert claim["verdict"] == "INCONCLUSIVE"  # as every statistical claim at smoke
    assert claim["values"][0]["measured"][0] > 0


def test_a_scripts_probe_and_analysis_look_at_any_network():
    parts.run_plugin(PLUGIN)
    record = analysed(train(small(probes=("largest", "trace"), analyses=("moved",))))
    assert list(record.probes["largest"]) == ["step", "W1", "W2"]
    assert record.probes["largest"]["W1"][-1] == pytest.approx(float(abs(record.weights["W1"]).max()))
    assert record.analyses["moved"]["W1"].shape == (1,)
    assert record.analyses["moved"]["W1"][0] > 0
    bare = train(small())
    assert record.content == bare.content


def test_the_weights_before_the_first_step_are_those_of_a_snapshot_there():
    parts.run_plugin(PLUGIN)
    drawn, kept = (
        analysed(train(small(analyses=("moved", "neuron-phases"), snapshots=steps))) for steps in ((), (0,))
    )
    for name in drawn.analyses:
        for key, values in drawn.analyses[name].items():
            assert values.tobytes() == kept.analyses[name][key].tobytes()


def test_specs_that_name_parts_that_there_are_not_are_refused_with_the_nearest_name(tmp_path):
    root = specs(tmp_path)
    with pytest.raises(GrokbenchError, match=r"probes\[0\]: expected one of trace, ipr, phases, spectrum, "):
        validate_all(Library([root]), [root])
    parts.run_plugin(PLUGIN)
    assert validate_all(Library([root]), [root])
    claims = root / "baselines" / "tiny" / "claims.toml"
    claims.write_text(claims.read_text(encoding="utf-8").replace('"moved"', '"movd"'), encoding="utf-8")
    with pytest.raises(GrokbenchError, match=r"analyses\[0\]: expected one of .*moved; .*mean 'moved'"):
        validate_all(Library([root]), [root])


def test_what_a_probe_is_not_for_is_refused_before_training():
    parts.run_plugin(PLUGIN)
    with pytest.raises(InputError, match="the probe 'largest' looks at residues only"):
        resolve_trial("s5-product", "gromov2023/adamw", seed=0, steps=5, probes="largest")


def test_the_source_of_a_probe_joins_the_key_and_that_of_an_analysis_the_request(tmp_path):
    def names(text: str, **looks: Any) -> tuple[str, str]:
        script = tmp_path / "mine.py"
        script.write_text(text, encoding="utf-8")
        parts._registered.clear()
        parts._plugins.clear()
        linecache.clearcache()
        parts.run_plugin(script)
        trial = small(**looks)
        return keys.key(trial), keys.request(trial)

    text = PLUGIN.read_text(encoding="utf-8")
    for looks in ({}, {"probes": ("ipr",), "analyses": ("neuron-phases",)}):
        assert names(text, **looks) == names(text + "# changed\n", **looks)
    (key, _), (other, _) = (names(t, probes=("largest",)) for t in (text, text + "# changed\n"))
    assert key != other
    (key, request), (same, other) = (names(t, analyses=("moved",)) for t in (text, text + "# changed\n"))
    assert key == same
    assert request != other


def test_arrays_of_an_analysis_whose_source_changed_are_made_again_without_training(tmp_path):
    store = Store(tmp_path / "store")
    script = tmp_path / "mine.py"
    text = PLUGIN.read_text(encoding="utf-8")
    for extra in ("", "# changed\n"):
        script.write_text(text + extra, encoding="utf-8")
        parts._registered.clear()
        parts._plugins.clear()
        linecache.clearcache()
        parts.run_plugin(script)
        trial = small(analyses=("moved",))
        assert store.find(trial) is None
        trained = store.trained(trial)
        assert (trained is None) == (extra == "")
        store.save(analysed(trained or train(trial)))
        found = store.find(trial)
        assert found is not None
        assert found.analyses["moved"]["W1"].shape == (1,)


def test_a_measure_is_loaded_without_the_others():
    code = (
        "import sys; from grokbench.measures import measure, measure_names; "
        "known = [f'grokbench.measures.{n}' for n in ('times', 'circles', 'circuit', 'networks', 'tables')]; "
        "assert measure_names() and not any(m in sys.modules for m in known); measure('grokking'); "
        "print([m for m in known if m in sys.modules], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['grokbench.measures.times'] False"


def test_every_built_in_measure_is_what_its_name_says():
    for name in measure_names():
        assert callable(measure(name))
    assert list(parts.BUILT_IN["measures"]) == sorted(parts.BUILT_IN["measures"])


@pytest.mark.parametrize("kind", ["probes", "analyses", "measures", "executors"])
def test_list_shows_every_part_with_its_line_and_origin(kind):
    done = processes.grokbench("list", kind, "--json", "--plugin", str(PLUGIN))
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert set(parts.BUILT_IN[kind]) < set(rows)
    assert all(row["meaning"] for row in rows.values())
    assert {row["origin"] for row in rows.values()} == {"grokbench", str(PLUGIN)}
    if kind == "measures":
        assert rows["how-far"]["arguments"] == 'matrix = "W1", arm = 0'
        assert rows["how-far"]["meaning"] == "How far a matrix went from where it began."


# -- what is wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda weights: 1 / 0, r"failed \(ZeroDivisionError: division by zero\)"),
        (lambda weights: "text", "gives a str where numbers by name are expected"),
        (lambda weights: {"a": "text"}, "gives 'a' of type <U4 and shape"),
        (lambda weights: {"a": np.ones((2, 2))}, r"gives 'a' of type float64 and shape \(2, 2\); expected a number"),
    ],
    ids=["raises", "text", "text inside", "wrong shape"],
)  # fmt: skip
def test_a_probe_that_gives_what_it_should_not_is_named(look, message):
    grokbench.register("probes", "mine", Probe("mine", look))
    with pytest.raises(PartError, match=rf"the probe 'mine' of .*test_watching_parts\.py {message}"):
        train(small(probes=("mine",)))


def test_a_probe_whose_columns_change_is_named():
    rows = iter([{"a": 1.0}, {"b": 1.0}])
    grokbench.register("probes", "mine", Probe("mine", lambda weights: next(rows)))
    with pytest.raises(PartError, match=r"the probe 'mine' of .* gives b with the shapes .* after a with"):
        train(small(probes=("mine",)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda *given: 1 / 0, r"failed \(ZeroDivisionError: division by zero\)"),
        (lambda *given: "text", "gives a str where arrays by name are expected"),
        (lambda *given: {"a": "text"}, "gives 'a' of type <U4 where numbers are expected"),
    ],
    ids=["raises", "text", "text inside"],
)
def test_an_analysis_that_gives_what_it_should_not_is_named(make, message):
    grokbench.register("analyses", "mine", Analysis("mine", 1, make))
    with pytest.raises(PartError, match=rf"the analysis 'mine' of .*test_watching_parts\.py {message}"):
        analysed(train(small(analyses=("mine",))))


def test_an_analysis_that_fails_in_a_worker_is_an_error_verdict(tmp_path):
    script = tmp_path / "bad.py"
    text = PLUGIN.read_text(encoding="utf-8").replace(
        "first, last = weights_by_step[0],", "first, last = 1 / 0,"
    )
    script.write_text(text, encoding="utf-8")
    done, claim = reproduced(tmp_path, script, specs(tmp_path))
    assert done.returncode == 1, done.stderr
    assert claim["verdict"] == "ERROR"
    assert f"the analysis 'moved' of {script} failed (ZeroDivisionError" in claim["reason"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ZeroDivisionError('by nought')", "failed (ZeroDivisionError: by nought)"),
        ("return 'text'", "returns a str where a float or a Between is expected"),
        ("return np.ones(3)", "returns a ndarray of shape (3,) where a float or a Between is expected"),
        ("return Between(1.0, None)", "returns a Between where a float or a Between is expected"),
    ],
)
def test_a_measure_that_gives_what_it_should_not_is_an_error_verdict(tmp_path, body, message):
    from grokbench.claims.decide import decide
    from tests.claims.claim_records import claim, condition, record, views

    script = tmp_path / "bad.py"
    code = f"import numpy as np, grokbench\nfrom grokbench import Between\ndef f(view, arm: int = 0):\n    {body}\n"
    script.write_text(code + "grokbench.register('measures', 'mine', f)\n", encoding="utf-8")
    parts.run_plugin(script)
    found = decide(claim("event", condition("mine", 0)), views([record()] * 6))
    assert found.verdict == "ERROR"
    assert found.reason.startswith(f"the measure 'mine' of {script} {message}")


def test_a_measure_of_a_package_that_cannot_be_used_is_refused_by_validate_in_a_sentence(tmp_path):
    root = specs(tmp_path, '{ measure = "mine", min = 0.0, reason = "It moves." }')
    for code, message in (
        ("raise OSError('no disk')\n", "the measure 'mine' of minepack 2.1 cannot be loaded (OSError: no disk)"),
        ("PART = 'text'\n", "the measure 'mine' of minepack 2.1 is no function; it is of type str"),
    ):  # fmt: skip
        install(tmp_path, code, "measures", "mine", "minepack")
        done = fresh("validate", str(root), "--plugin", str(PLUGIN), path=tmp_path)
        assert done.returncode == 2
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_measure_that_refuses_the_claims_experiments_is_named_by_validate(tmp_path):
    script = tmp_path / "bad.py"
    text = PLUGIN.read_text(encoding="utf-8")
    script.write_text(
        text.replace("    return view.arms[arm]", "    raise OSError('no disk')\n    return view.arms[arm]")
    )
    done = processes.grokbench("validate", str(specs(tmp_path)), "--plugin", str(script))
    assert done.returncode == 2
    assert (
        f"claim generalises.rule[0]: the measure 'how-far' of {script} failed (OSError: no disk)"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("probes", "ipr", Probe("ipr", lambda weights: {})),
        ("analyses", "circuit", Analysis("circuit", 1, lambda *given: {})),
        ("measures", "grokking", lambda view: 1.0),
    ],
)
def test_a_name_that_is_taken_is_refused(kind, name, value):
    with pytest.raises(
        InputError, match=rf"registers the {parts.one(kind)} '{name}'; grokbench has one already"
    ):
        grokbench.register(kind, name, value)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("probes", "the probe 'mine' of .* lacks look, faults, every_step; it is of type str"),
        (
            "analyses",
            "the analysis 'mine' of .* lacks version, make, faults, first, passes; it is of type str",
        ),
        ("measures", "the measure 'mine' of .* is no function; it is of type str"),
        ("executors", "the executor 'mine' of .* lacks run; it is of type str"),
    ],
)
def test_what_is_no_part_is_refused_when_it_is_registered(kind, message):
    with pytest.raises(PartError, match=message):
        grokbench.register(kind, "mine", "text")


def test_a_measure_that_there_is_not_is_told_with_the_nearest():
    parts.run_plugin(PLUGIN)
    with pytest.raises(UnknownNameError, match="did you mean 'how-far'"):
        measure("how-fra")
