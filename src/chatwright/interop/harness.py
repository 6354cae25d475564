"""A model of ours as EleutherAI's evaluation harness asks models (the extra `harness`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatwright.core.errors import UsageError
from chatwright.generate.settings import GenerateSettings
from chatwright.interop.pretrained import Pretrained

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

_MOST_TOKENS = 256  # of a written answer, where a task does not say


def harness_scores(
    model: Pretrained, tasks: Sequence[str], own: Path | None = None, limit: int | None = None
) -> dict[str, dict[str, tuple[float, float | None]]]:
    """Each task's figures with their standard errors, as the harness tells them.

    `own`: a folder of task files beside those of the harness. Tasks that are not known are a `UsageError`.
    """
    try:
        from lm_eval import simple_evaluate
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise UsageError(
            "the evaluation harness is not installed", where="--harness", remedy="pip install 'chatwright[harness]'"
        ) from None
    manager = TaskManager(include_path=None if own is None else str(own))
    known = set(manager.all_tasks)
    if unknown := [task for task in tasks if task not in known]:
        raise UsageError(f"the harness knows no task {', '.join(unknown)}", where="--harness")
    told = simple_evaluate(
        model=as_harness_model(model), tasks=list(tasks), limit=limit, task_manager=manager, bootstrap_iters=1000
    )
    return {task: _figures(figures) for task, figures in told["results"].items()}


def _figures(told: dict[str, Any]) -> dict[str, tuple[float, float | None]]:
    found = {}
    for key, value in told.items():
        name, _, rule = key.partition(",")
        if rule and isinstance(value, int | float) and not name.endswith("_stderr"):
            error = told.get(f"{name}_stderr,{rule}")
            found[name] = (float(value), float(error) if isinstance(error, int | float) else None)
    return found


def as_harness_model(model: Pretrained) -> Any:
    """The model behind the harness's interface."""
    from lm_eval.api.model import LM

    class OurModel(LM):  # type: ignore[misc]
        """Answers the harness's three kinds of requests."""

        def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
            """log p(continuation | context), and whether greedy decoding would write it."""
            prompts, continuations = zip(*(request.args for request in requests), strict=True)
            likelihoods, greedy = model.told(prompts, continuations)
            return list(zip(likelihoods.tolist(), greedy.tolist(), strict=True))

        def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
            """log p of a whole text, however long: in windows of the context."""
            return model.rolling([request.args[0] for request in requests])

        def generate_until(self, requests: list[Instance]) -> list[str]:
            """What is written up to one of the strings that end it; requests of the same settings go together."""
            alike, written = defaultdict[str, list[int]](list), [""] * len(requests)
            for number, request in enumerate(requests):
                alike[repr(request.args[1])].append(number)
            for numbers in alike.values():
                contexts = [requests[number].args[0] for number in numbers]
                for number, text in zip(numbers, _until(model, contexts, requests[numbers[0]].args[1]), strict=True):
                    written[number] = text
            return written

    return OurModel()


def _until(model: Pretrained, contexts: Sequence[str], options: dict[str, Any]) -> list[str]:
    """How the model goes on from each context; of one that is too long the end is read, as by the harness."""
    told = options.get("until") or []
    ends = [told] if isinstance(told, str) else list(told)
    settings = GenerateSettings(
        max_new_tokens=int(options.get("max_gen_toks", _MOST_TOKENS)),
        temperature=float(options.get("temperature", 0.0)) if options.get("do_sample") else 0.0,
    )
    written = []
    for _, text in model.complete(contexts, settings, keep="end"):
        for end in ends:
            text = text.split(end)[0] if end else text
        written.append(text)
    return written
