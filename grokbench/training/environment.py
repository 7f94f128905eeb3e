"""What a record says of the machine and the libraries that made it; no host or user name."""

from __future__ import annotations

import platform

import numpy as np
import torch

from grokbench.networks.cpu import cpu


def environment(
    engine: str, products: str, dtype: torch.dtype, arithmetic: str, device: str = "cpu"
) -> dict[str, object]:
    """Versions, CPU, threads, BLAS, which library made ``products``, and in which ``arithmetic`` (``arithmetic.stated``)."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "engine": engine,
        "dtype": str(dtype).removeprefix("torch."),
        "arithmetic": arithmetic,
        "threads": torch.get_num_threads(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": cpu("model name"),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "blas": _blas(),
        "products": products,
        "device": device,
    }


def _blas() -> str:
    """The line of torch's build report that names the BLAS, such as "Intel(R) oneAPI Math Kernel Library Version 2024.2"."""
    lines = [line.strip(" -") for line in torch.__config__.show().splitlines()]
    named = [line for line in lines if "Math Kernel Library" in line or line.startswith("OpenBLAS")]
    if named:
        return named[0].split("-Product")[0].split(" for ")[0]
    settings = torch.__config__.show().partition("BLAS_INFO=")[2]
    return settings.partition(",")[0] or "unknown"
