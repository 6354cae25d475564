"""EleutherAI's harness asks our model through its own interface, and the stock class of the same folder: both agree."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from chatwright.cli.evaluate import evaluate_model
from chatwright.core.errors import UsageError
from chatwright.interop.folders import write_stock_folder
from chatwright.interop.harness import as_harness_model, harness_scores
from chatwright.interop.pretrained import Pretrained
from tests.interop.conftest import STORY
from tests.interop.test_folders import own_folder

WORDS = STORY.lower().replace(".", "").split()[:21]

CHOICE = """task: chatwright_local_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{right}}}}"
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
"""
READ = """task: chatwright_local_read
dataset_path: json
dataset_kwargs: {{data_files: {{test: {file}}}}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{{{question}}}}"
metric_list: [{{metric: word_perplexity}}, {{metric: bits_per_byte}}]
"""


@pytest.fixture(scope="module")
def own_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, draw = tmp_path_factory.mktemp("tasks"), random.Random(1)
    file = folder / "questions.jsonl"
    rows = [
        {
            "question": " ".join(draw.choices(WORDS, k=draw.randint(3, 40))),
            "choices": [" " + " ".join(draw.choices(WORDS, k=2)) for _ in range(3)],
            "right": draw.randrange(3),
        }
        for _ in range(24)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "choice.yaml").write_text(CHOICE.format(file=file))
    (folder / "read.yaml").write_text(READ.format(file=file))
    return folder


@pytest.fixture(scope="module")
def own_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of ours, trained by nobody, and its stock folder."""
    folder = tmp_path_factory.mktemp("own")
    own_folder(folder / "model", "Qwen3")
    write_stock_folder(str(folder / "model"), folder / "stock")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the harness's own
@pytest.mark.parametrize("whose", ["a stock model", "an export of ours"])
def test_both_ways_agree_on_tasks_of_ones_own(
    whose: str, request: pytest.FixtureRequest, own_tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    from lm_eval import simple_evaluate
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    if whose == "a stock model":
        source = folder = request.getfixturevalue("gpt2_folder")
    else:
        source, folder = (request.getfixturevalue("own_export") / name for name in ("model", "stock"))
    tasks = ["chatwright_local_choice", "chatwright_local_read"]
    model = Pretrained.load(source)
    ours = harness_scores(model, tasks, own_tasks)
    stock = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1)
    told = simple_evaluate(
        model=stock, tasks=tasks, task_manager=TaskManager(include_path=str(own_tasks)), bootstrap_iters=0
    )["results"]
    assert ours["chatwright_local_choice"]["acc"][0] == told["chatwright_local_choice"]["acc,none"]
    for name in ("word_perplexity", "bits_per_byte"):
        expected = told["chatwright_local_read"][f"{name},none"]
        assert ours["chatwright_local_read"][name][0] == pytest.approx(expected, rel=1e-4)
    assert ours["chatwright_local_choice"]["acc"][1] is not None
    contexts = ["Once upon", "a model said " * 60, "it went"]  # the second is longer than the context
    asked = [
        Instance("generate_until", {}, (text, {"until": ["zzz"], "max_gen_toks": size, "do_sample": False}), number)
        for number, (text, size) in enumerate(zip(contexts, (12, 12, 7), strict=True))
    ]
    assert as_harness_model(model).generate_until(asked) == stock.generate_until(asked)
    with pytest.raises(UsageError, match="knows no task nonsense"):
        harness_scores(model, ["nonsense"], own_tasks)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_command_shows_what_the_harness_says(
    gpt2_folder: Path,
    own_tasks: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    task = "chatwright_local_choice"

    def said(as_json: bool) -> str:
        options = {"harness_folder": own_tasks, "limit": 8}
        evaluate_model(str(gpt2_folder), None, task, data=None, options=options, as_json=as_json)
        return capsys.readouterr().out

    told = json.loads(said(True))  # and nothing else on stdout
    (value, error) = told["harness"][task]["acc"]
    assert told["model"] == str(gpt2_folder) and value in {at / 8 for at in range(9)}
    shown = next(line for line in said(False).splitlines() if task in line)
    assert "acc" in shown and f"{value:.4f}" in shown and f"{error:.4f}" in shown


@pytest.mark.filterwarnings("ignore")
def test_writing_ends_where_the_task_says(gpt2_folder: Path) -> None:
    from lm_eval.api.instance import Instance

    model = Pretrained.load(gpt2_folder)
    whole = model.generate("Once upon", max_new_tokens=12)[len("Once upon") :]
    end = whole[3:5]
    request = Instance("generate_until", {}, ("Once upon", {"until": [end], "max_gen_toks": 12}), 0)
    assert as_harness_model(model).generate_until([request]) == [whole.split(end)[0]]


@pytest.mark.filterwarnings("ignore")
def test_more_than_the_context_may_be_asked_for(gpt2_folder: Path) -> None:
    from lm_eval.api.instance import Instance

    model, text = Pretrained.load(gpt2_folder), "Once upon a time there was"
    request = Instance("generate_until", {}, (text, {"until": ["zzz"]}), 0)  # 256 tokens, where 64 are all
    whole = model.generate(text, max_new_tokens=256)
    assert as_harness_model(model).generate_until([request]) == [whole[len(text) :]]


def test_long_texts_are_read_in_windows_and_each_token_once(gpt2_folder: Path) -> None:
    model = Pretrained.load(gpt2_folder)
    short, long = "once upon a time", "it said what it had read " * 30
    assert model.rolling([short])[0] == pytest.approx(float(model.sentences([short])[0]), rel=1e-5)
    ids = model.codec.encode(long)
    context = model.model.config.context
    assert len(ids) > 2 * context
    told = model.rolling([long, short])
    assert told[1] == pytest.approx(model.rolling([short])[0]) and told[0] < told[1]
