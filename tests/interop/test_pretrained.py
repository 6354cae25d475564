from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from chatwright import load
from chatwright.core.errors import ArtifactError, DataError, UsageError
from chatwright.core.progress import Silent
from chatwright.evaluate.pairs import write_targets
from chatwright.generate.assistant import Assistant
from chatwright.generate.classify import label_probabilities
from chatwright.generate.settings import GenerateSettings
from chatwright.generate.written import Written
from chatwright.interop.adopt import adopt
from chatwright.interop.folders import write_stock_folder
from chatwright.interop.pretrained import Pretrained
from chatwright.tokens.template import encode_prompt
from chatwright.tokens.tokenizer import Tokenizer
from tests.interop.test_folders import own_folder

TEXT = "Once upon a time"


def test_it_goes_on_as_the_stock_class_does(gpt2_folder: Path) -> None:
    tokenizer = transformers.GPT2Tokenizer.from_pretrained(gpt2_folder)
    stock = transformers.GPT2LMHeadModel.from_pretrained(gpt2_folder).eval()
    ids = tokenizer(TEXT, return_tensors="pt").input_ids
    theirs = stock.generate(ids, max_length=50, do_sample=False, pad_token_id=0)[0]
    ours = load(gpt2_folder).generate(TEXT, max_length=50)
    assert ours == tokenizer.decode(theirs, skip_special_tokens=True)
    assert ours.startswith(TEXT) and len(ours) > len(TEXT)


def test_older_folders_have_a_vocabulary_and_merges(gpt2_folder: Path, tmp_path: Path) -> None:
    for path in gpt2_folder.iterdir():
        if path.name != "tokenizer.json":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    assert load(tmp_path).generate(TEXT, max_length=30) == load(gpt2_folder).generate(TEXT, max_length=30)


@pytest.mark.parametrize("beams", [1, 2, 4])
@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
def test_an_encoder_decoder_answers_as_the_stock_class_does(t5_folder: Path, beams: int, penalty: float) -> None:
    loaded = load(t5_folder)
    stock = transformers.T5ForConditionalGeneration.from_pretrained(t5_folder, dtype=torch.float32).eval()
    texts = [TEXT, "It said", "a very small model went on. " * 3]
    settings = GenerateSettings(beams=beams, length_penalty=penalty, max_new_tokens=20)
    written = loaded.complete(texts, settings)
    assert not loaded.goes_on
    for text, (before, ours) in zip(texts, written, strict=True):
        ids = torch.tensor([loaded.codec.encode(text)])
        theirs = stock.generate(
            ids, max_new_tokens=20, num_beams=beams, length_penalty=penalty, do_sample=False, early_stopping=False
        )
        assert before == "" and ours == loaded.codec.decode(theirs[0].tolist())


def test_beams_go_on_as_the_stock_class_does(gpt2_folder: Path) -> None:
    loaded = load(gpt2_folder)
    stock = transformers.GPT2LMHeadModel.from_pretrained(gpt2_folder).eval()
    for text in (TEXT, "It", "small model. It said once what it had read"):
        ids = torch.tensor([loaded.codec.encode(text)])
        theirs = stock.generate(ids, max_new_tokens=15, num_beams=3, do_sample=False, pad_token_id=0)
        settings = GenerateSettings(beams=3, max_new_tokens=15)
        assert "".join(loaded.complete([text], settings)[0]) == loaded.codec.decode(theirs[0].tolist())


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_run_of_tokens_is_written_twice(gpt2_folder: Path, t5_folder: Path, beams: int, size: int) -> None:
    text = "small model. It said once what it had read once what it had"
    for folder, family in (
        (gpt2_folder, transformers.GPT2LMHeadModel),
        (t5_folder, transformers.T5ForConditionalGeneration),
    ):
        loaded, stock = load(folder), family.from_pretrained(folder, dtype=torch.float32).eval()
        ids = torch.tensor([loaded.codec.encode(text)])
        options = {"max_new_tokens": 24, "num_beams": beams, "do_sample": False, "pad_token_id": 0}
        theirs = stock.generate(ids, **options, no_repeat_ngram_size=size)[0].tolist()
        free = stock.generate(ids, **options)[0].tolist()
        settings = GenerateSettings(beams=beams, max_new_tokens=24, no_repeat_ngram_size=size)
        assert "".join(loaded.complete([text], settings)[0]) == loaded.codec.decode(theirs) != loaded.codec.decode(free)


def test_pieces_add_up_to_the_whole(gpt2_folder: Path) -> None:
    pieces: list[str] = []
    ((_, rest),) = load(gpt2_folder).complete([TEXT], GenerateSettings(max_new_tokens=20), pieces.append)
    assert len(pieces) > 1 and rest.startswith("".join(pieces))


def test_a_character_that_was_not_finished_is_told_too(gpt2_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, pieces = load(gpt2_folder), list[str]()
    begun = loaded.codec.encode(TEXT)
    half = loaded.codec.encode("你")[:1]  # of three bytes
    monkeypatch.setattr(type(loaded.codec), "encode", lambda self, text: begun)

    def write(model: object, prompts: object, settings: object, stop: object, tell: Any, *_: object) -> list[Written]:
        tell(0, half[0])
        return [Written(half)]

    monkeypatch.setattr("chatwright.interop.pretrained.generate", write)
    ((_, rest),) = loaded.complete([TEXT], GenerateSettings(), pieces.append)
    assert "".join(pieces) == rest == "\ufffd"


def test_a_text_that_fills_the_length_is_told(gpt2_folder: Path) -> None:
    with pytest.raises(UsageError, match="--max-length"):
        load(gpt2_folder).generate(TEXT, max_length=2)


def test_an_encoder_does_not_write(tmp_path: Path, gpt2_folder: Path) -> None:
    config = transformers.ModernBertConfig(
        vocab_size=300, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, pad_token_id=0
    )
    transformers.ModernBertForMaskedLM(config).save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((gpt2_folder / name).read_bytes())
    with pytest.raises(ArtifactError, match="encoder does not write"):
        load(tmp_path).generate(TEXT)


def test_a_tokenizer_of_another_model_is_refused(gpt2_folder: Path, tmp_path: Path) -> None:
    for path in gpt2_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    small = transformers.GPT2Config(vocab_size=290, n_embd=32, n_layer=1, n_head=4, n_positions=64)
    transformers.GPT2LMHeadModel(small).save_pretrained(tmp_path)
    for read in (load, lambda place: write_stock_folder(place, tmp_path / "out"), lambda place: adopt(place, tmp_path)):
        with pytest.raises(ArtifactError, match="300 tokens, the model 290 rows"):
            read(str(tmp_path))
    assert not (tmp_path / "out").exists()


def test_an_assistant_has_its_own_tokenizer(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "own", "Qwen3")
    size = len(Tokenizer.load(folder))
    Tokenizer.learn(["What does json.dumps do? It writes, and reads it back. naïve 你好 " * 20], size + 1).save(folder)
    with pytest.raises(ArtifactError, match=f"{size + 1} tokens, the model {size} rows"):
        Assistant.load(folder)


def test_a_folder_without_a_tokenizer_is_told(gpt2_folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((gpt2_folder / name).read_bytes())
    with pytest.raises(ArtifactError, match="tokenizer"):
        load(tmp_path)


def test_sources_may_be_longer_than_what_is_written(t5_folder: Path) -> None:
    loaded = load(t5_folder)
    long = "a very small model went on. " * 60
    assert len(loaded.codec.encode(long)) > loaded.model.config.context
    assert loaded.generate(long, max_new_tokens=3)


@pytest.mark.parametrize("room", [5, 500])
def test_tasks_read_the_beginning_of_what_is_longer_than_a_decoders_context(gpt2_folder: Path, room: int) -> None:
    model, long = load(gpt2_folder), "a very small model went on. " * 60
    most = 64 - 5 if room == 5 else 32
    begun = model.codec.decode(model.codec.encode(long)[:most])
    settings = GenerateSettings(max_new_tokens=room)
    assert model.write([long, TEXT], settings, Silent()) == model.write([begun, TEXT], settings, Silent())
    with pytest.raises(DataError, match="tokens"):
        model.generate(long)  # of people's own texts nothing is left out unsaid


def test_tasks_read_as_much_of_a_long_source_as_the_own_evaluation(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "own", "T5")
    sources, settings = ["What does json.dumps do? " * 30, "It writes."], GenerateSettings(max_new_tokens=12)
    model = Pretrained.load(folder)
    written = model.write(sources, settings, Silent())
    assert written == write_targets(folder, sources, settings, Silent())
    assert written[0] != model.generate(sources[0], max_new_tokens=12)  # people's own texts are read whole


def test_a_model_that_cannot_be_asked_says_so(t5_folder: Path) -> None:
    model = Pretrained.load(t5_folder)
    with pytest.raises(ArtifactError, match="encoder-decoder does not say how likely a text goes on"):
        model.likelihoods(["a"], ["b"])
    with pytest.raises(ArtifactError, match="how likely a sentence is"):
        model.sentences(["a"])
    with pytest.raises(ArtifactError, match="knows no labels"):
        model.classify(["a"])


def test_a_classifier_reads_people_s_texts_whole_and_the_beginning_of_those_of_tasks(tmp_path: Path) -> None:
    model = Pretrained.load(own_folder(tmp_path / "own", "ModernBert", labels=("good", "bad"), head_bias=False))
    most = model.model.config.context
    words = "It writes. " * most
    fits = next(words[:end] for end in range(len(words), 0, -1) if len(model.codec.encode(words[:end])) == most)
    (whole,) = model.classify([fits])
    assert sum(whole.values()) == pytest.approx(1) and set(whole) == {"good", "bad"}
    with pytest.raises(
        DataError, match=rf"text 2: the text has [\d,]+ tokens; this model takes 1 to {most}\n.*shorten"
    ):
        model.classify([fits, words])
    assert list(model.classify([words], cut=True)[0].values()) == pytest.approx(
        label_probabilities(model.model, [model.codec.encode(words)[:most]])[0]
    )


def test_likelihoods_of_a_stock_model_are_those_of_its_own_class(gpt2_folder: Path) -> None:

    model = Pretrained.load(gpt2_folder)
    stock = transformers.GPT2LMHeadModel.from_pretrained(str(gpt2_folder)).eval()
    prompt, rest = "Once upon a time", " there was a model"
    before, whole = model.codec.encode(prompt), model.codec.encode(prompt + rest)
    with torch.no_grad():
        logits = stock(torch.tensor([whole])).logits[0].log_softmax(dim=-1)
    expected = sum(float(logits[at - 1, whole[at]]) for at in range(len(before), len(whole)))
    assert model.likelihoods([prompt], [rest])[0] == pytest.approx(expected, rel=1e-4)


def test_a_candidate_beyond_the_context_counts_by_its_beginning(gpt2_folder: Path) -> None:
    model = Pretrained.load(gpt2_folder)
    long, ids = " it went on" * 60, model.codec.encode(" it went on" * 60)
    told = model.likelihoods(["Once", "Once"], [long, " it"])
    assert len(ids) > 64 and told[0] < told[1]
    with pytest.raises(DataError, match="this model takes 64"):
        model.told(["Once"], [long])


TALKS = [[{"role": "user", "content": "Once upon"}], [{"role": "user", "content": "it said"}]]


def test_replies_of_a_stock_model_follow_its_template(gpt2_folder: Path, tmp_path: Path) -> None:
    plain = Pretrained.load(gpt2_folder)
    asked = plain.likelihoods(["<|endoftext|>Once upon\n", "<|endoftext|>it said\n"], [" a time\n", " a time\n"])
    assert plain.replies(TALKS, [" a time", " a time"]) == pytest.approx(asked)
    for path in gpt2_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "chat_template.jinja").write_text("{{ '<' + messages[0]['content'] + '>' }}")
    model = Pretrained.load(tmp_path)
    asked = model.likelihoods(["<Once upon>", "<it said>"], [" a<|endoftext|>"] * 2)  # a reply ends
    assert model.replies(TALKS, [" a", " a"]) == pytest.approx(asked)
    (tmp_path / "chat_template.jinja").write_text("{{ raise_exception('no users here') }}")
    with pytest.raises(ArtifactError, match="refuses a talk: no users here"):
        Pretrained.load(tmp_path).replies(TALKS, [" a", " a"])


def test_replies_of_a_model_of_ours_are_what_the_assistant_says(tmp_path: Path, t5_folder: Path) -> None:
    model = Pretrained.load(own_folder(tmp_path / "own", "Qwen3"))
    tokenizer = Tokenizer.load(tmp_path / "own")
    told = model.replies(TALKS, ["It writes.", "naïve " * 90])  # the second is longer than the context
    ids = [*encode_prompt(tokenizer, TALKS[0]), *tokenizer.encode("It writes."), tokenizer.control["<|end|>"]]
    logits = model.model(torch.tensor([ids]))[0].log_softmax(dim=-1).detach()
    begin = len(encode_prompt(tokenizer, TALKS[0]))
    assert told[0] == pytest.approx(sum(float(logits[at - 1, ids[at]]) for at in range(begin, len(ids))), rel=1e-4)
    assert told[1] < told[0]
    with pytest.raises(ArtifactError, match="does not say how likely an answer is"):
        Pretrained.load(t5_folder).replies(TALKS, ["a", "b"])
