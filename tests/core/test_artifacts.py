from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatwright.core.artifacts import LOG, Stage, open_artifact
from chatwright.core.errors import ArtifactError, UsageError
from chatwright.core.files import replacing, write_json
from chatwright.core.metrics import MetricLog, read_metrics
from chatwright.core.runs import locked, newest_run
from chatwright.core.seeds import derive_seed, share


def writing(text: str) -> Any:
    def work(folder: Path) -> dict[str, Any]:
        (folder / "out.txt").write_text(text)
        MetricLog(folder / LOG).write(step=1, seconds=0.5)
        return {"length": len(text)}

    return work


def test_a_finished_stage_is_reused_until_its_settings_or_inputs_change(tmp_path: Path) -> None:
    first = Stage("one", {"a": 1}, {}, seed=0).build(tmp_path, writing("x"))
    again = Stage("one", {"a": 1}, {}, seed=0).build(tmp_path, writing("never written"))
    assert again.reused and again.manifest == first.manifest
    assert (tmp_path / "one" / "out.txt").read_text() == "x"
    after = Stage("two", {}, {"one": first}, seed=0).build(tmp_path, writing("y"))
    changed = Stage("one", {"a": 2}, {}, seed=0).build(tmp_path, writing("z"))
    assert not changed.reused and len(list((tmp_path / "superseded").iterdir())) == 1
    rebuilt = Stage("two", {}, {"one": changed}, seed=0).build(tmp_path, writing("y"))
    assert not rebuilt.reused and rebuilt.manifest.identity != after.manifest.identity


def test_every_artifact_that_gives_way_is_kept_however_fast_one_follows_another(tmp_path: Path) -> None:
    for number in range(5):
        Stage("one", {"a": number}, {}, seed=0).build(tmp_path, writing(str(number)))
    kept = {(folder / "out.txt").read_text() for folder in (tmp_path / "superseded").iterdir()}
    assert kept == {"0", "1", "2", "3"} and (tmp_path / "one" / "out.txt").read_text() == "4"


def test_identity_ignores_logs_and_times_but_not_content(tmp_path: Path) -> None:
    identities = []
    for run, text in (("a", "same"), ("b", "same"), ("c", "other")):
        artifact = Stage("one", {}, {}, seed=0).build(tmp_path / run, writing(text))
        identities.append(artifact.manifest.identity)
    assert identities[0] == identities[1] != identities[2]


def test_an_interrupted_stage_leaves_no_artifact_and_resumes_only_with_the_same_settings(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> dict[str, Any]:
        (folder / "checkpoint").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Stage("one", {"a": 1}, {}, 0).build(tmp_path, interrupted, resumable=True)
    assert not (tmp_path / "one").exists()
    seen: list[bool] = []

    def resumed(folder: Path) -> dict[str, Any]:
        seen.append((folder / "checkpoint").exists())
        return {}

    with pytest.raises(KeyboardInterrupt):
        Stage("other", {"a": 1}, {}, 0).build(tmp_path, interrupted, resumable=True)
    Stage("other", {"a": 2}, {}, 0).build(tmp_path, resumed, resumable=True)
    Stage("one", {"a": 1}, {}, 0).build(tmp_path, resumed, resumable=True)
    assert seen == [False, True]


def test_a_missing_or_damaged_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not finished"):
        open_artifact(tmp_path / "nothing")
    write_json(tmp_path / "manifest.json", {"stage": "x"})
    with pytest.raises(ArtifactError, match="does not fit"):
        open_artifact(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ArtifactError, match="cannot be read"):
        open_artifact(tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"old": True})
    with pytest.raises(OSError, match="disk full"), replacing(path) as aside:
        aside.write_text("half")
        raise OSError("disk full")
    assert json.loads(path.read_text()) == {"old": True}
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.json"]


def test_the_metric_log_survives_a_torn_line_and_is_cut_to_a_step(tmp_path: Path) -> None:
    log = MetricLog(tmp_path / LOG)
    for step in (10, 20, 30):
        log.write(step=step)
    with log.path.open("a") as file:
        file.write('{"step": 4')
    assert [line["step"] for line in read_metrics(log.path)] == [10, 20, 30]
    log.cut_after(20)
    log.write(step=21)
    assert [line["step"] for line in read_metrics(log.path)] == [10, 20, 21]


def test_one_process_at_a_time_works_in_a_run_folder(tmp_path: Path) -> None:
    with locked(tmp_path / "run"), pytest.raises(ArtifactError, match="another process"), locked(tmp_path / "run"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"), locked(tmp_path / "file"):
        pass


def test_the_newest_run_is_the_one_that_finished_a_stage_last(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run yet"):
        newest_run("one", tmp_path)
    for name in ("b", "a"):
        Stage("one", {}, {}, 0).build(tmp_path / name, writing(name))
    import os

    os.utime(tmp_path / "b" / "one" / "manifest.json", (1, 1))
    assert newest_run("one", tmp_path) == tmp_path / "a"


def test_seeds_depend_on_every_label_and_shares_are_even() -> None:
    seeds = {derive_seed(seed, label, number) for seed in (0, 1) for label in "ab" for number in range(50)}
    assert len(seeds) == 200 and all(0 <= seed < 2**63 for seed in seeds)
    below = sum(share(str(number), 0, "split") < 0.25 for number in range(4000))
    assert 900 < below < 1100


def test_a_full_disk_is_told_whichever_library_met_it(tmp_path: Path) -> None:
    for error in (OSError(28, "No space left on device"), RuntimeError("I/O error: No space left on device")):
        with pytest.raises(ArtifactError, match="disk is full"), replacing(tmp_path / "file"):
            raise error
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_goes_only_when_the_artifact_is_there(tmp_path: Path) -> None:
    def work(folder: Path) -> dict[str, Any]:
        (folder / "checkpoint").write_text("all")
        return {}

    artifact = Stage("one", {}, {}, 0).build(tmp_path, work, resumable=True, scratch=("checkpoint",))
    assert [path.name for path in artifact.folder.iterdir()] == ["manifest.json"] and not artifact.manifest.files
