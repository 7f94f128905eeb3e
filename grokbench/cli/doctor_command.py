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

from grokbench.cli import in_flags, options


@click.command(
    name="doctor",
    epilog=options.examples("grokbench doctor", "grokbench doctor --store results/store --json"),
)
@options.store
@options.as_json
@click.pass_context
def command(context: click.Context, store: Path | None, as_json: bool) -> int:
    """Check the installation, the store and the machine. Exit status 1 when there is a problem."""
    from grokbench import __version__, api
    from grokbench.networks.cpu import cpu
    from grokbench.plan import memory, speed
    from grokbench.plan.executor import default_workers
    from grokbench.specs.errors import GrokbenchError
    from grokbench.specs.installed import installed
    from grokbench.specs.loader import Library
    from grokbench.specs.locate import builtin_root
    from grokbench.store.folder import Store

    facts: dict[str, Any] = {
        "grokbench": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpu": cpu("model name"),
        "workers": default_workers(),
        SPEED: round(memory.keep(speed.RATE, speed.measured()) / 1e9, 1),
    }
    why: dict[str, str] = {}
    for name in ("numpy", "scipy", "matplotlib", "jsonschema", "safetensors"):
        facts[name] = importlib.metadata.version(name)
    try:
        facts |= _torch_facts()
    except Exception as error:  # whatever keeps torch from loading is what the user came to learn
        why["torch"] = f"torch cannot be used: {error}"
    missing = [package.problem for package in installed() if package.problem]
    why |= {"packages": " ".join(missing)} if missing else {}
    try:
        library = Library(on_note=lambda text: None if text in missing else options.note(text))
        facts["specs"] = f"{builtin_root()} ({len(api.validate((), library))} files, no mistakes)"
    except GrokbenchError as error:
        why["specs"] = str(error)
    if brought := [f"{package.origin} ({package.folder})" for package in installed() if package.folder]:
        facts["packages"] = ", ".join(brought)
    try:
        place = Store(store)
        place.check_writable()
        free = shutil.disk_usage(place.root).free / 1e9
        facts["store"] = f"{place.root} (writable, {free:.0f} GB free)"
    except GrokbenchError as error:
        why["store"] = in_flags(error, context.command)
    if as_json:
        options.print_json({**dict.fromkeys(why), **facts, "why": why, "problems": list(why.values())})
    else:
        for name, value in facts.items():
            note = " (a core while all multiply, measured now)" if name == SPEED else ""
            click.echo(f"{name:>12}  {value}{note}")
        for problem in why.values():
            click.echo(f"     problem  {problem}")
        click.echo("all well" if not why else f"{len(why)} problem(s)")
    return 1 if why else 0


SPEED = "GFLOP/s"
"""Of float32 products on one core."""


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
