"""The machine under training: what it is, and how the process is set up on it."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import torch

from chatwright.core.cores import usable_cores
from chatwright.train.flops import measure_peak

# glibc's mallopt numbers (malloc.h): return no memory to the system, never map blocks apart.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


def set_up(threads: int) -> None:
    """Set torch's threads and keep freed memory in the process.

    A training step allocates and frees the same large blocks; handed back to the system each time,
    they come back as pages to be zeroed, which cost a fifth of a step (docs/log.md, "page faults").
    """
    torch.set_num_threads(threads)
    if sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_MAX, 0)
        libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        libc.mallopt(_TOP_PAD, 2**26)


def compiler() -> str | None:
    """The C++ compiler that torch.compile would call, or none."""
    chosen = os.environ.get("CXX")
    return next((found for name in (chosen, "g++", "clang++") if name and (found := shutil.which(name))), None)


def processor_name() -> str:
    """The processor's name as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gigabytes() -> float:
    """Physical memory, where the system tells."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, AttributeError, OSError):
        return 0.0


def describe(threads: int) -> dict[str, Any]:
    """What the machine is and what it reaches: peaks in FLOP/s of the best matrix product."""
    return {
        "processor": processor_name(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": usable_cores(),
        "threads": threads,
        "memory_gb": memory_gigabytes(),
        "compiler": compiler(),
        "peak_float32_flops_per_second": measure_peak(torch.float32),
        "peak_bf16_flops_per_second": measure_peak(torch.bfloat16),
    }
