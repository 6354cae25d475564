"""A tiny recipe through every stage, by the commands that people type."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from chatwright.core.files import hash_file
from chatwright.corpus.tables import read_rows
from tests.evaluate.test_tasks import piqa

pytestmark = pytest.mark.slow


def chatwright(*arguments: str, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chatwright", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    result = json.loads(chatwright("run", "tiny", "--out", str(folder), "--json").stdout)
    assert result["stage"] == "report" and Path(result["page"]).exists() and result["scores"]
    return folder


def test_every_stage_left_its_artifact(run: Path) -> None:
    stages = ["plan", "corpus", "chat", "tokenizer", "tokens", "pretrain", "finetune", "evaluate", "report"]
    assert sorted(path.parent.name for path in run.glob("*/manifest.json")) == sorted(stages)
    assert not list(run.glob(".*.partial"))
    page = (run / "report" / "index.html").read_text()
    assert "<script" not in page and 'src="http' not in page and "<link" not in page
    assert "model-index" in (run / "report" / "README.md").read_text()


def test_a_second_run_does_nothing_twice(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    result = json.loads(chatwright("run", "tiny", "--out", str(run), "--json").stdout)
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    assert result["reused"] and before == after


def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_weights(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    (folder / "plan").mkdir(parents=True)
    for path in (run / "plan").iterdir():  # the same plan: bit-exactness is promised for one plan
        (folder / "plan" / path.name).write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "chatwright", "run", "tiny", "--out", str(folder), "--json"]
    for stage in (".corpus.partial", ".pretrain.partial", ".finetune.partial", ".evaluate.partial"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not (folder / stage).exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        if stage == ".finetune.partial":  # late enough for a checkpoint to go on from
            while not (folder / stage / "checkpoint.safetensors").exists() and process.poll() is None:
                time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    chatwright("run", "tiny", "--out", str(folder), "--json")
    for stage in ("pretrain", "finetune"):
        assert hash_file(folder / stage / "model.safetensors") == hash_file(run / stage / "model.safetensors")
    assert hash_file(folder / "evaluate" / "answers.jsonl") == hash_file(run / "evaluate" / "answers.jsonl")


def test_a_changed_setting_redoes_what_depends_on_it_and_keeps_the_old(run: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    result = json.loads(
        chatwright("report", "tiny", "--out", str(folder), "--set", "evaluate.bootstrap_samples=150", "--json").stdout
    )
    assert not result["reused"]
    assert sorted(path.name.split("-")[0] for path in (folder / "superseded").iterdir()) == ["evaluate", "report"]


def test_chat_answers_a_conversation_and_a_file(run: Path, tmp_path: Path) -> None:
    turns = ("--ask", "hello", "--ask", "what is <|end|>?")
    asked = chatwright("chat", str(run), *turns).stdout
    answers = json.loads(chatwright("chat", str(run), *turns, "--json").stdout)["answers"]
    assert len(answers) == 2 and asked == "".join(f"{answer}\n" for answer in answers)
    assert "longer than" in chatwright("chat", str(run), "--ask", "word " * 2000, code=2).stderr
    lines = [json.dumps({"messages": [{"role": "user", "content": f"what is {name}?"}]}) for name in ("json", "heapq")]
    file = tmp_path / "asked.jsonl"
    file.write_text("\n".join(lines) + "\n")
    answers = [json.loads(line) for line in chatwright("chat", str(run), "--ask-file", str(file)).stdout.splitlines()]
    assert [list(answer) for answer in answers] == [["answer"], ["answer"]]
    file.write_text('{"messages": []}\nnonsense\n')
    told = chatwright("chat", str(run), "--ask-file", str(file), code=2).stderr
    assert "line 1" in told and "line 2" in told


def test_a_person_can_talk(run: Path) -> None:
    said = chatwright("chat", str(run), input="hello\n/new\nwhat is json?\n/quit\n").stdout
    assert "a new conversation" in said


def test_bytes_that_are_no_text_are_no_mistake(run: Path) -> None:
    command = [sys.executable, "-m", "chatwright", "chat", str(run)]
    done = subprocess.run(command, check=False, capture_output=True, input=b"what is \xff\xfe?\n/quit\n", timeout=300)
    assert done.returncode == 0 and b"Traceback" not in done.stderr


def test_a_person_may_stop_it_and_is_told_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    command = [sys.executable, "-m", "chatwright", "run", "tiny", "--out", str(folder)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # who runs the tests in the background may have had it ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 120
    while not (folder / ".corpus.partial").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 130 and "goes on" in told and "Traceback" not in told


def test_generate_goes_on_from_a_text(run: Path) -> None:
    length = ("--max-length", "20", "--temperature", "1")
    sampled = [
        chatwright("generate", str(run), "The json module", *length, "--seed", seed).stdout for seed in ("1", "1", "2")
    ]
    assert sampled[0].startswith("The json module") and sampled[0] == sampled[1] != sampled[2]
    told = chatwright("generate", str(run), "x", "--top-p", "7", "--temperature", "-1", code=2).stderr
    assert "--top-p" in told and "--temperature" in told


def test_the_corpus_says_what_it_dropped_and_why(run: Path) -> None:
    report = json.loads(chatwright("corpus", "report", str(run), "--json").stdout)
    assert report["ledger"] and report["figures"]["facts"] > 60
    kept = json.loads(chatwright("corpus", "why", "json.dumps", "--run", str(run), "--json").stdout)
    assert {found["kept_in"] for found in kept["kept"]} == {"documents", "facts"}
    dropped = json.loads((run / "corpus" / "ledger.json").read_text())[0]["examples"][0]["where"]
    assert json.loads(chatwright("corpus", "why", dropped, "--run", str(run), "--json").stdout)["dropped"]
    assert "nothing of that name" in chatwright("corpus", "why", "no.such.name", "--run", str(run), code=2).stderr


def test_an_export_talks_without_us(run: Path, tmp_path: Path) -> None:
    told = json.loads(chatwright("export", str(run), "--to", str(tmp_path / "mine"), "--json").stdout)
    assert told["architecture"] == "Qwen3ForCausalLM" and told["proof"]["conversations"] == 200
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "mine")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "mine")
    messages = [{"role": "user", "content": "What does json.dumps do?"}]
    ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    written = model.generate(**ids, max_new_tokens=20)[0, ids["input_ids"].shape[1] :]
    theirs = tokenizer.decode(written, skip_special_tokens=True)
    in_our_words = ("--ask", messages[0]["content"], "--max-new-tokens", "20", "--unchecked")
    assert chatwright("chat", str(run), *in_our_words).stdout.rstrip("\n") == theirs.rstrip("\n")
    assert "there already" in chatwright("export", str(run), "--to", str(tmp_path / "mine"), code=2).stderr
    assert "no such format" in chatwright("export", str(run), "--to", "x", "--format", "gguf", code=2).stderr


def test_a_folder_of_documentation_becomes_an_assistant(tmp_path: Path) -> None:
    docs = tmp_path / "handbook"
    docs.mkdir()
    for page in range(6):
        sections = (
            f"## Procedure {page}.{number} for returns\n\nGoods of class {page}{number} are sent back within "
            f"{number + 5} days by the blue counter, with form {page}-{number} filled in by the customer.\n\n"
            f"More detail follows here.\n"
            for number in range(8)
        )
        head = f"# Handbook part {page}\n\nThis part tells what to do.\n\n"
        (docs / f"page{page}.md").write_text(head + "\n".join(sections))
    (docs / "broken.md").write_bytes(b"\x00\x01\x02")
    (docs / "empty.txt").write_text("")
    plan = {"depth": 1, "width": 32, "pretrain_steps": 4, "finetune_steps": 8, "compile": "no"}
    small = [f"plan.{key}={value}" for key, value in plan.items()]
    sets = [part for value in [*small, "tokenizer.vocabulary_size=600"] for part in ("--set", value)]
    out = tmp_path / "run"
    result = json.loads(chatwright("run", "--docs", str(docs), "--out", str(out), "--json", *sets).stdout)
    assert Path(result["page"]).exists()
    ledger = {entry["rule"]: entry["count"] for entry in json.loads((out / "corpus" / "ledger.json").read_text())}
    read = {row["where"] for row in read_rows(out / "corpus" / "dropped.parquet")}
    assert {"broken.md", "empty.txt"} <= read and sum(ledger.values()) >= 2


def test_pairs_become_a_translator(tmp_path: Path) -> None:
    words = {"dog": "Hund", "man": "Mann", "hat": "Hut", "tree": "Baum", "car": "Wagen", "ball": "Ball", "boy": "Junge"}
    pairs = [(f"A {one} sees a {two}.", f"Ein {words[one]} sieht ein {words[two]}.") for one in words for two in words]
    (tmp_path / "data" / "multi30k").mkdir(parents=True)
    for name, part in (("train", pairs[6:]), ("val", pairs[:3]), ("test_2016_flickr", pairs[3:6])):
        for side, language in enumerate(("en", "de")):
            text = "".join(f"{pair[side]}\n" for pair in part)
            (tmp_path / "data" / "multi30k" / f"{name}.{language}.gz").write_bytes(gzip.compress(text.encode()))
    small = {
        "plan.width": 32,
        "plan.depth": 1,
        "plan.finetune_steps": 12,
        "plan.compile": "no",
        "packing.row_tokens": 64,
    }
    small |= {
        "packing.source_tokens": 64,
        "train.rows_per_batch": 4,
        "train.log_every": 2,
        "generate.max_new_tokens": 12,
    }
    sets = [part for key, value in small.items() for part in ("--set", f"{key}={value}")]
    command = ("run", "translate-multi30k", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), *sets)
    result = json.loads(chatwright(*command, "--json").stdout)
    scores = {row["name"]: row for row in result["scores"]}
    assert {"translation.bleu", "translation.bleu_detokenised", "translation.chrf"} <= scores.keys()
    page = Path(result["page"]).read_text()
    assert "Translation" in page and "tok:none" in page
    assert "tok:none" in result["signatures"]["bleu"] and result["signatures"]["bleu"] in chatwright(*command).stdout
    assert "tok:none" in chatwright("evaluate", *command[1:]).stdout
    assert json.loads(chatwright(*command, "--json").stdout)["reused"]
    told = json.loads(chatwright("export", str(tmp_path / "run"), "--to", str(tmp_path / "out"), "--json").stdout)
    assert told["proof"]["stock_class"] == "T5ForConditionalGeneration"
    answers = (tmp_path / "run" / "evaluate" / "answers.jsonl").read_text().splitlines()
    for row in map(json.loads, answers):
        text = (row["messages"][0]["content"], "--beams", "5", "--max-new-tokens", "12")
        assert chatwright("generate", str(tmp_path / "run"), *text).stdout.rstrip("\n") == row["answer"].rstrip("\n")
    assert "does not pretrain" in chatwright("pretrain", *command[1:], code=2).stderr
    assert "reads no public data" in chatwright("run", "tiny", "--data", str(tmp_path), code=2).stderr


SMALL = {
    "plan.width": 32,
    "plan.depth": 1,
    "plan.compile": "no",
    "train.log_every": 2,
    "evaluate.bootstrap_samples": 100,
}


def options(**more: object) -> list[str]:
    settings = SMALL | {key.replace("__", "."): value for key, value in more.items()}
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


def moved(run: Path, before: str, after: str) -> float:
    """How far the weights of one stage are from those of another: the norm of the difference, relative."""
    first, second = (load_file(run / stage / "model.safetensors") for stage in (before, after))
    squares = [((second[name] - weight).square().sum(), weight.square().sum()) for name, weight in first.items()]
    return float((sum(gone for gone, _ in squares) / sum(all_ for _, all_ in squares)) ** 0.5)


def test_dialogues_become_summaries_after_denoising(tmp_path: Path) -> None:
    names = "Ann Bob Cem Dora Eve Finn Gil Hana Ivo Jan Kim Lea Mia Nils Ole Pia".split()  # noqa: SIM905
    rows = [
        {
            "dialogue": f"#Person1#: Hello {one}.\n#Person2#: Hi. Is {other} there?\n#Person1#: No.",
            "summary": f"{one} asks for {other}.",
        }
        for one in names
        for other in names
    ]
    folder = tmp_path / "data" / "dialogsum"
    folder.mkdir(parents=True)
    lines = [json.dumps(row) + "\n" for row in rows]
    (folder / "dialogsum.train.jsonl.gz").write_bytes(gzip.compress("".join(lines[4:]).encode()))
    (folder / "dialogsum.dev.jsonl").write_text("".join(lines[:4]))
    sets = options(
        plan__pretrain_steps=6,
        plan__finetune_steps=6,
        denoising__sentence_share=0.3,
        packing__source_tokens=64,
        packing__row_tokens=48,
        train__rows_per_batch=4,
        tokenizer__vocabulary_size=400,
        generate__max_new_tokens=8,
    )
    command = ("run", "summarize-dialogsum", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), *sets)
    result = json.loads(chatwright(*command, "--json").stdout)
    scores = {row["name"]: row for row in result["scores"]}
    assert {"summary.rouge_1", "summary.rouge_2_gain", "summary.baseline_rouge_l", "pretrain.steps"} <= scores.keys()
    assert scores["summary.rouge_l"]["n"] == 4
    assert "stem:yes" in Path(result["page"]).read_text()
    assert json.loads(chatwright(*command, "--json").stdout)["reused"]
    slowly = ("--set", "finetune.rate_share=0.01", "--set", "finetune.most_pair_epochs=1")
    before = {stage: (tmp_path / "run" / stage / "manifest.json").read_text() for stage in ("plan", "pretrain")}
    chatwright("finetune", *command[1:], *slowly)
    assert before == {stage: (tmp_path / "run" / stage / "manifest.json").read_text() for stage in before}
    told = json.loads((tmp_path / "run" / "finetune" / "manifest.json").read_text())
    assert told["figures"]["epochs"] <= 1 and moved(tmp_path / "run", "pretrain", "finetune") < 0.01
    (folder / "dialogsum.dev.jsonl").write_text('{"dialogue": "no summary"}\n')
    again = ("run", "summarize-dialogsum", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "other"), *sets)
    told = chatwright(*again, code=1).stderr
    assert "dialogsum.dev.jsonl line 1" in told and "dialogue and summary" in told


def test_texts_become_a_classifier(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "surge-toxicity"
    folder.mkdir(parents=True)
    (tmp_path / "data" / "davidson-hate").mkdir()
    (tmp_path / "data" / "davidson-hate" / "labeled_data.csv").write_text("class,tweet\n0,a text without a label\n")
    lines = [f"you are so {word} number {at},{label}" for at in range(12) for word, label in (("kind", 0), ("mean", 1))]
    (folder / "toxicity_en.csv").write_text("\n".join(["text,is_toxic", *lines]) + "\n")
    sets = options(
        plan__pretrain_steps=3,
        packing__row_tokens=32,
        train__rows_per_batch=4,
        tokenizer__vocabulary_size=340,
        labels__folds=2,
        classify__rows_per_batch=2,
    )
    command = ("run", "classify-surge", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), *sets)
    result = json.loads(chatwright(*command, "--json").stdout)
    scores = {row["name"]: row for row in result["scores"]}
    assert scores["classification.auroc"]["n"] == 24
    assert {"classification.linear_auroc", "classification.gain_of_pretraining"} <= scores.keys()
    assert "what a linear model scores" in Path(result["page"]).read_text()
    assert json.loads(chatwright(*command, "--json").stdout)["reused"]
    told = json.loads(chatwright("export", str(tmp_path / "run"), "--to", str(tmp_path / "out"), "--json").stdout)
    assert told["proof"]["stock_class"] == "ModernBertForSequenceClassification" and told["proof"]["texts"] == 200
    said = json.loads(chatwright("generate", str(tmp_path / "run"), "you are so kind", "--json").stdout)
    assert sorted(said["labels"]) == ["0", "1"] and sum(said["labels"].values()) == pytest.approx(1)
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    stock = AutoModelForSequenceClassification.from_pretrained(str(tmp_path / "out")).eval()
    inputs = AutoTokenizer.from_pretrained(str(tmp_path / "out"))("you are so kind", return_tensors="pt")
    shares = stock(inputs["input_ids"]).logits.softmax(dim=-1)[0].tolist()
    assert shares == pytest.approx([said["labels"]["0"], said["labels"]["1"]], abs=1e-4)
    (folder / "toxicity_en.csv").write_text("text,toxic\na,1\n")
    other = ("run", "classify-surge", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "other"), *sets)
    assert "has no column is_toxic" in chatwright(*other, code=1).stderr


def test_mistakes_are_told_without_a_traceback(tmp_path: Path, run: Path) -> None:
    missing = chatwright("run", "--docs", str(tmp_path / "none"), code=2)
    assert "no such folder" in missing.stderr
    (tmp_path / "empty").mkdir()
    assert "remedy" in chatwright("run", "--docs", str(tmp_path / "empty"), "--out", str(tmp_path / "o"), code=1).stderr
    assert not list((tmp_path / "o").glob("*/manifest.json")) or not (tmp_path / "o" / "corpus").exists()
    wrong = chatwright("run", "tiny", "--set", "train.lerning_rate=1", "--set", "plan.minutes=x", code=2).stderr
    assert "2 mistakes" in wrong and "learning_rate" in wrong
    assert "no run yet" in chatwright("chat", "--ask", "x", code=2, cwd=tmp_path).stderr
    assert "no trained model" in chatwright("chat", str(tmp_path), "--ask", "x", code=2).stderr
    (tmp_path / "file").write_text("")
    assert "run folder" in chatwright("run", "tiny", "--out", str(tmp_path / "file"), code=2).stderr


def test_a_damaged_artifact_is_told(run: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(run, folder)
    weights = folder / "finetune" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "cannot be read" in chatwright("chat", str(folder), "--ask", "x", code=1).stderr
    shutil.copyfile(run / "finetune" / "model.safetensors", weights)
    (folder / "finetune" / "grounding.json").write_text('{"claim": 1}')
    assert "grounding.json" in chatwright("chat", str(folder), "--ask", "x", code=1).stderr


def test_doctor_and_bench_speak_json(tmp_path: Path) -> None:
    found = json.loads(chatwright("doctor", "--json").stdout)
    assert found["machine"]["cores"] >= 1 and "torch" in found["versions"]
    table = json.loads(chatwright("bench", "startup", "--out", str(tmp_path), "--json").stdout)
    assert json.loads((tmp_path / "startup.json").read_text()) == table
    assert table["rows"][0]["name"] == "help" and "commit" in table["conditions"]
    assert "no such bench" in chatwright("bench", "nothing", code=2).stderr
    (tmp_path / "file").write_text("")
    assert "not a folder" in chatwright("bench", "startup", "--out", str(tmp_path / "file"), code=2).stderr


def test_a_run_is_found_by_being_the_newest(run: Path) -> None:
    link = run.parent / "place"
    (link / "runs").mkdir(parents=True)
    os.symlink(run, link / "runs" / "tiny")
    assert chatwright("chat", "--ask", "hello", cwd=link).stdout


BOOK = (
    "Once upon a time there was a dog that walked from {one} to {two}. It met a cat, and both went on together. "
    "In the evening they came to {two}, where an old woman gave them bread."
)


def test_books_become_a_gpt2_that_stock_classes_load(tmp_path: Path) -> None:
    places = ["Aachen", "Bonn", "Celle", "Dresden", "Essen", "Fulda", "Gotha", "Halle", "Jena", "Kassel", "Leipzig"]
    books = tmp_path / "books"
    books.mkdir()
    tales = [BOOK.format(one=one, two=two) for one in places for two in places]
    (books / "tales.txt").write_text("\n\n".join(tales))
    sets = options(
        plan__pretrain_steps=8,
        packing__row_tokens=64,
        train__rows_per_batch=4,
        tokenizer__vocabulary_size=400,
        text__passage_characters=400,
        text__held_out=0.2,
        generate__max_new_tokens=8,
    )
    sets += ["--set", 'evaluate.tasks=["piqa"]', "--data", str(tmp_path / "data")]
    command = ("run", "gpt2-story", "--docs", str(books), "--out", str(tmp_path / "run"), *sets)
    assert "piqa/…" in chatwright(*command, code=2).stderr  # before anything is read
    assert not (tmp_path / "run" / "corpus").exists()
    (tmp_path / "data").mkdir()
    piqa(tmp_path / "data")
    result = json.loads(chatwright(*command, "--json").stdout)
    scores = {row["name"]: row for row in result["scores"]}
    assert {"language.perplexity", "language.bits_per_byte", "piqa.chance"} <= scores.keys()
    assert scores["piqa.accuracy"]["n"] == 2 and scores["piqa.accuracy"]["high"] > scores["piqa.accuracy"]["low"]
    asked = json.loads(chatwright("evaluate", str(tmp_path / "run"), "--tasks", "piqa", *sets[-2:], "--json").stdout)
    assert asked["tasks"]["piqa"]["figures"]["accuracy"]["value"] == scores["piqa.accuracy"]["value"]
    card = (tmp_path / "run" / "report" / "README.md").read_text()
    assert "It has not learnt to answer" in card and "type: ybisk/piqa" in card and "type: gpt2-story" in card
    page = (tmp_path / "run" / "report" / "index.html").read_text()
    assert "Everyday physics" in page and "what guessing scores, 50.0%" in page
    assert "what guessing scores: 50.0%" in card
    assert "what the data has stands below each" in page and "wrong</span>" not in page
    told = json.loads(chatwright("export", str(tmp_path / "run"), "--to", str(tmp_path / "story"), "--json").stdout)
    assert told["architecture"] == "GPT2LMHeadModel" and told["proof"]["texts"] == 200
    ours = chatwright("generate", str(tmp_path / "run"), "Once upon a time", "--max-length", "50").stdout
    for page in ("README.md", "README.zh.md"):  # the lines as they stand there, in a process without us
        lines = (Path(__file__).parents[1] / page).read_text(encoding="utf-8").splitlines()
        first = lines.index("    from transformers import GPT2LMHeadModel, GPT2Tokenizer")
        snippet = "\n".join(line[4:] for line in takewhile(lambda line: line.startswith("    "), lines[first:]))
        done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == ours and ours.startswith("Once upon a time")


def few_talks(folder: Path, steps: int, **more: Any) -> tuple[str, ...]:
    """A file of short talks, and the options with which a small model learns from it."""
    rows = [{"instruction": f"Say {at}.", "output": f"It is {at}."} for at in range(120)]
    (folder / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    sets = options(
        plan__finetune_steps=steps,
        packing__row_tokens=48,
        train__rows_per_batch=4,
        messages__held_out=0.1,
        messages__samples=3,
        generate__max_new_tokens=6,
        **more,
    )
    return ("--file", str(folder / "talks.jsonl"), *sets)


@pytest.mark.filterwarnings("ignore")  # peft's own
def test_a_pretrained_model_learns_to_answer_and_its_adapters_are_those_of_peft(tmp_path: Path) -> None:
    from tests.interop.conftest import make_gpt2

    base = make_gpt2(tmp_path / "tiny-gpt2")
    common = ("--from", str(base), *few_talks(tmp_path, steps=6, messages__choices=4))
    (tmp_path / "data").mkdir()
    asked = ("--set", 'evaluate.tasks=["piqa"]', "--data", str(piqa(tmp_path / "data")))
    chatwright("run", *common, *asked, "--out", str(tmp_path / "full"))
    scores = {row["name"] for row in json.loads((tmp_path / "full/report/scores.json").read_text())["rows"]}
    assert {
        "language.loss",
        "language.loss_before",
        "right answer.accuracy",
        "answers.rouge_l",
        "piqa.accuracy",
    } <= scores
    told = chatwright("table", str(tmp_path / "full")).stdout
    assert "(`language.loss`)" in told and "(`piqa.accuracy`)" in told
    assert chatwright("chat", str(tmp_path / "full"), "--ask", "Say 3.").stdout
    too_long = chatwright(
        "plan", *common, "--set", "packing.row_tokens=999", "--out", str(tmp_path / "x"), code=2
    ).stderr
    assert "context of 64" in too_long and "packing.row_tokens=64" in too_long
    card = (tmp_path / "full" / "report" / "README.md").read_text()
    assert "from nothing" not in card and f"trained on from {base}" in card and "base_model" in card

    result = json.loads(chatwright("finetune", *common, "--lora", "2", "--out", "lora", "--json", cwd=tmp_path).stdout)
    assert result["figures"]["adapter_parameters"] == 2 * 3 * (32 + 96 + 32 + 32 + 32 + 128 + 128 + 32)
    from peft import PeftModel
    from transformers import GPT2LMHeadModel

    folder = tmp_path / "lora" / "finetune"
    import torch

    base_of = json.loads((folder / "adapter" / "adapter_config.json").read_text())["base_model_name_or_path"]
    assert base_of == str(tmp_path / "lora" / "base")  # found from any directory
    adapted = PeftModel.from_pretrained(GPT2LMHeadModel.from_pretrained(base_of), str(folder / "adapter")).eval()
    merged = GPT2LMHeadModel.from_pretrained(str(folder)).eval()
    ids = torch.arange(10)[None]
    with torch.no_grad():
        assert torch.allclose(adapted(ids).logits, merged(ids).logits, atol=1e-4)
    assert "--from MODEL" in chatwright("finetune", "instruct", "--lora", "2", "--data", str(tmp_path), code=2).stderr


@pytest.mark.parametrize(("shape", "lora"), [("Qwen3", ()), ("Llama", ("--lora", "2"))])
def test_a_stock_folder_comes_in_learns_and_goes_out_again(shape: str, lora: tuple[str, ...], tmp_path: Path) -> None:
    from tests.interop.conftest import make_decoder

    base = make_decoder(tmp_path / "base", shape)
    taken = json.loads(chatwright("import", str(base), "--to", str(tmp_path / "in"), "--bfloat16", "--json").stdout)
    assert (taken["architecture"], taken["precision"]) == (f"{shape}ForCausalLM", "bfloat16")
    run, out = str(tmp_path / "run"), str(tmp_path / "out")
    chatwright("run", "--from", str(tmp_path / "in"), *few_talks(tmp_path, steps=3), *lora, "--out", run)
    told = json.loads(chatwright("export", run, "--to", out, "--json").stdout)
    assert told["architecture"] == f"{shape}ForCausalLM" and told["proof"]["conversations"] == 200
    said, again = (chatwright("chat", place, "--ask", "Say 3.").stdout for place in (run, out))
    assert said == again
