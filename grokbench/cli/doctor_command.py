"""``grokbench doctor``."""

from __future__ import annotations

import importlib.metadata
import multiprocessing
import platform
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

from grokbench.cli import options


@click.command(name="doctor")
@options.store
@options.as_json
def command(store: Path | None, as_json: bool) -> int:
    """Check the installation, the store and the machine."""
    from grokbench import __version__, api
    from grokbench.runs import speed
    from grokbench.runs.executor import default_workers
    from grokbench.runs.store import Store
    from grokbench.specs.errors import GrokbenchError
    from grokbench.specs.locate import builtin_root

    facts: dict[str, Any] = {
        "grokbench": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "workers": default_workers(),
        "GFLOP/s": round(speed.flops_per_second() / 1e9, 1),  # of float32 products on one core
    }
    problems: list[str] = []
    for name in ("numpy", "scipy", "matplotlib", "jsonschema", "safetensors"):
        facts[name] = importlib.metadata.version(name)
    try:
        facts |= _torch_facts()
    except Exception as error:  # whatever keeps torch from loading is what the user came to learn
        problems.append(f"torch cannot be used: {error}")
    try:
        facts["specs"] = f"{builtin_root()} ({len(api.validate())} files, no mistakes)"
    except GrokbenchError as error:
        problems.append(str(error))
    place = Store(store)
    try:
        place.check_writable()
        free = shutil.disk_usage(place.root).free / 1e9
        facts["store"] = f"{place.root} (writable, {free:.0f} GB free)"
    except GrokbenchError as error:
        problems.append(str(error))
    if as_json:
        options.print_json({**facts, "problems": problems})
    else:
        for name, value in facts.items():
            click.echo(f"{name:>12}  {value}")
        for problem in problems:
            click.echo(f"     problem  {problem}")
        click.echo("all well" if not problems else f"{len(problems)} problem(s)")
    return 1 if problems else 0


def _torch_facts() -> dict[str, Any]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_ask_torch).result()


def _ask_torch() -> dict[str, Any]:
    import torch

    backends: Any = torch.backends
    return {
        "torch": torch.__version__,
        "cuda": torch.cuda.is_available(),
        "mkl": backends.mkl.is_available(),
        "onednn": backends.mkldnn.is_available(),
    }
