"""The GRU: torch's equations, and that it trains wherever a recipe names it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import grokbench
from grokbench.networks.gru import WEIGHTS
from grokbench.networks.registry import build

SPECS = Path(__file__).parent.parent / "data" / "specs"
TABLES = {"model": {"kind": "gru"}, "optimizer": {"kind": "adamw", "lr": 0.02}}
SETTINGS = {f"{table}.{key}": value for table, own in TABLES.items() for key, value in own.items()}


@pytest.mark.parametrize("encoding", ["scalars", "one-hot", "embedding"])
def test_it_is_torchs_gru_over_x_and_y(encoding):
    network = build({"kind": "gru", "hidden": 6, "encoding": encoding, "d_embedding": 4}, 7, 9000)
    pairs = torch.tensor([[3, 0], [6, 6], [0, 5]])
    theirs = torch.nn.GRU(network.W_ih.shape[1], 6, batch_first=True, dtype=torch.float64)
    for parameter, name in zip(theirs.parameters(), WEIGHTS[:4], strict=True):
        parameter.data = getattr(network, name).detach()
    wanted = theirs(network.encode(pairs))[0][:, -1] @ network.W_out.T + network.b_out
    torch.testing.assert_close(network(pairs), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
def test_a_run_and_a_sweep_fit_their_training_rows(loss, tmp_path):
    settings = {**SETTINGS, "task.domain.p": 11, "loss.kind": loss}
    record = grokbench.run("addition", "gromov2023/adamw", seed=9000, steps=300, settings=settings)
    assert record.environment["engine"] == "plain"
    assert record.curves["train_accuracy"][-1] > 0.9
    swept = grokbench.sweep(
        "addition",
        "gromov2023/adamw",
        alphas=(0.5,),
        seeds=1,
        steps=20,
        settings=settings,
        store=tmp_path,
        workers=1,
    )
    assert len(swept.records) == 1
    assert not swept.failures


@pytest.mark.parametrize("loss", ["cross-entropy", "mse"])
def test_a_claim_is_decided_on_it(loss, tmp_path):
    shutil.copytree(SPECS, tmp_path, dirs_exist_ok=True)
    recipe, claims = (tmp_path / "baselines" / "tiny" / f"{name}.toml" for name in ("adamw", "claims"))
    own = f'model.kind = "gru"\noptimizer = {{ kind = "adamw", lr = 0.02 }}\nloss.kind = "{loss}"\n'
    recipe.write_text(recipe.read_text("utf-8").partition("[model]")[0] + own, "utf-8")
    claims.write_text(claims.read_text("utf-8").replace("steps = 2000", "steps = 20"), "utf-8")
    store = tmp_path / "store"
    verdicts = grokbench.reproduce("tiny", claims=["generalises"], specs=[tmp_path], store=store, workers=2)
    found = {one.id: (one.verdict, one.n_seeds) for one in verdicts}
    assert found["generalises"] == ("NOT REPRODUCED", 6)
