"""Where work on a corpus is done: in processes of this machine, or on a Ray cluster, by the same code.

Work by item (a part of a corpus) is spread over the cores (`spread`). Work on all texts at once is for the data engine,
Daft: expressions over tables. It is started once per process and gives no memory back, so what it does here is done in
a process that ends (`engaged`).
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.resource_tracker
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from chatwright.core.cores import usable_cores
from chatwright.core.errors import ChatwrightError, DataError, UsageError
from chatwright.corpus.settings import EngineSettings

# Read when the engine is imported: it tells nobody that it runs, and draws no bars of its own.
_QUIET = {"DO_NOT_TRACK": "1", "DAFT_PROGRESS_BAR": "0", "RAY_TQDM": "0", "RAY_USAGE_STATS_ENABLED": "0"}


class ProcessDiedError(DataError):
    """A process that did work for another ended without a result."""


def start(settings: EngineSettings) -> Any:
    """The engine (module `daft`) with its runner; `UsageError` where Ray is asked for and not installed."""
    os.environ.update(_QUIET)
    import daft

    if settings.runner == "ray":
        try:
            import ray
        except ImportError:
            raise UsageError(
                "the cluster runner needs Ray",
                where="engine.runner",
                remedy="install it: pip install 'chatwright[cluster]'",
            ) from None
        if not ray.is_initialized():
            try:
                ray.init(
                    address=settings.address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False
                )
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise UsageError(
                    f"the cluster cannot be reached: {error}",
                    where=f"engine.address = {settings.address}",
                    remedy="start it (ray start --head), or leave engine.address out",
                ) from None
        daft.set_runner_ray(noop_if_initialized=True)
    else:
        daft.set_runner_native(num_threads=settings.threads)
    return daft


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: the next one would find it writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def engaged(settings: EngineSettings, work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work(*arguments, settings)` returns: done apart on this machine, from here where a cluster does it."""
    if settings.runner == "ray":
        return work(*arguments, settings)
    return run_apart(work, *arguments, settings)


def spread(
    settings: EngineSettings,
    work: Callable[..., None],
    items: Sequence[Any],
    *arguments: Any,
    sizes: Sequence[int],
    waiting: Callable[[], object],
) -> list[list[Any]]:
    """Do `work(some, *arguments)` for all of the items: in a process for each core here, else where a cluster has room.

    `sizes` say how much work each item is. A process does its items in their order; an error ends what stands behind it
    there and nothing else, and the first one is raised. Where processes died, their items are returned instead, each
    process's by themselves: it died of the first of them that is not done. While it goes on here, `waiting` is called
    every second.
    """
    if settings.runner == "ray":
        return _spread_on_cluster(settings, work, items, *arguments)
    stopped = threading.Event()

    def still() -> None:
        if stopped.is_set():
            raise InterruptedError

    shares: list[list[Any]] = [[] for _ in range(min(len(items), settings.threads or usable_cores()))]
    loads = [0] * len(shares)
    for item, size in zip(items, sizes, strict=True):
        least = loads.index(min(loads))
        shares[least].append(item)
        loads[least] += size
    with ThreadPoolExecutor(max(1, len(shares))) as pool:
        try:
            going = [pool.submit(run_apart, work, share, *arguments, waiting=still) for share in shares]
            while not all(each.done() for each in going):
                wait(going, timeout=1)
                waiting()
        except BaseException:
            stopped.set()  # Ctrl-C reaches this thread only
            raise
    return _dead((each.exception() for each in going), shares)


def _dead(errors: Iterable[BaseException | None], shares: Sequence[list[Any]]) -> list[list[Any]]:
    """The shares of processes that died; another error is raised."""
    died = list[list[Any]]()
    for error, share in zip(errors, shares, strict=True):
        if isinstance(error, ProcessDiedError):
            died.append(share)
        elif error is not None:
            raise error
    return died


def _spread_on_cluster(
    settings: EngineSettings, work: Callable[..., None], items: Sequence[Any], *arguments: Any
) -> list[list[Any]]:
    daft = start(settings)

    def on_item(at: int) -> bytes:
        try:  # in a process of its own: one that dies takes nothing of the cluster along, and no lock is shared
            run_apart(work, [items[at]], *arguments)
        except Exception as error:  # as a result, since the engine would wrap it
            return pickle.dumps(error)
        return b""

    apply = daft.func(return_dtype=daft.DataType.binary())(on_item)
    frame = daft.from_pydict({"at": list(range(len(items)))}).into_partitions(max(1, len(items)))
    told = frame.select("at", apply(daft.col("at")).alias("error")).to_pydict()
    errors = dict(zip(told["at"], told["error"], strict=True))
    found = (pickle.loads(errors[at]) if errors[at] else None for at in range(len(items)))
    return _dead(found, [[item] for item in items])


def run_apart(work: Callable[..., Any], *arguments: Any, waiting: Callable[[], object] | None = None) -> Any:
    """What `work(*arguments)` returns, done in a new process; its errors are raised here.

    `ProcessDiedError` where the process dies, of too little memory for example. Work and arguments are picklable.
    While it goes on, `waiting` is called every second.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, work, arguments))
    with _deaf():
        process.start()
    there.close()
    try:
        while waiting is not None and not here.poll(1):
            waiting()
        kind, value = here.recv()
    except EOFError:
        process.join()
        raise ProcessDiedError(
            f"the process that did the work ended with {process.exitcode}",
            where=work.__name__,
            remedy="it may have had too little memory: set engine.threads to 1, and run the same command again",
        ) from None
    except BaseException:  # stopped: nobody waits for a result
        process.terminate()
        raise
    finally:
        if process.is_alive():
            process.join(5)
            process.terminate()
        process.join()
        here.close()
    if kind == "error":
        raise value
    return value


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that are started meanwhile hear no Ctrl-C, which reaches the parent too: the parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # Python's own helper of processes is started with the first of them and then lets this thread hear Ctrl-C again:
    # it is there before.
    multiprocessing.resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(there: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process
    try:
        there.send(("value", work(*arguments)))
    except (ChatwrightError, OSError) as error:
        there.send(("error", error))
    except Exception as error:
        there.send(("error", RuntimeError("".join(traceback.format_exception(error)))))
