"""What this machine has, and what would help."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from chatwright.cli.display import print_json
from chatwright.core.artifacts import installed_versions
from chatwright.core.cores import usable_cores


def examine() -> dict[str, Any]:
    """The machine, the versions, and advice in whole sentences."""
    from chatwright.train.machine import describe, set_up

    threads = usable_cores()
    set_up(threads)
    machine = describe(threads)
    advice = []
    if machine["compiler"] is None:
        advice.append("No C++ compiler was found: everything runs, uncompiled. Install g++ or clang++ to train faster.")
    if machine["peak_bf16_flops_per_second"] < 1.2 * machine["peak_float32_flops_per_second"]:
        advice.append("This processor is not faster in bfloat16: training uses float32.")
    if machine["memory_gb"] and machine["memory_gb"] < 4:
        advice.append("There is less than 4 GB of memory: use a smaller width or fewer minutes.")
    return {"machine": machine, "versions": installed_versions(), "advice": advice}


def doctor(as_json: bool) -> None:
    """Print what `examine` finds."""
    found = examine()
    if as_json:
        print_json(found)
        return
    console = Console()
    table = Table(show_header=False)
    for name, value in {**found["machine"], **found["versions"]}.items():
        if name.endswith("flops_per_second"):
            name, value = name.removesuffix("_flops_per_second").replace("_", " "), f"{value / 1e9:,.0f} GFLOP/s"
        table.add_row(name, str(value if value is not None else "none"))
    console.print(table)
    for sentence in found["advice"] or ["Nothing is missing."]:
        console.print(sentence)
