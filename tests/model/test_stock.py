"""Every shape, both ways: folders of transformers load here, ours load there, and the logits agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from chatwright.core.errors import ArtifactError, UsageError
from chatwright.generate.engine import generate
from chatwright.generate.settings import GenerateSettings
from chatwright.model.config import ModelConfig
from chatwright.model.decoder import Decoder
from chatwright.model.encoder_decoder import EncoderDecoder
from chatwright.model.files import INDEX_FILE, WEIGHTS_FILE, load_decoder, load_model, save_model
from chatwright.model.masks import padding_mask
from chatwright.model.stock import SHAPES, config_from_stock, shape_of, stock_config

QWEN: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
}
LLAMA = {key: value for key, value in QWEN.items() if key != "head_dim"}
GPT2: dict[str, Any] = {"vocab_size": 300, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}
BERT = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
BERT |= {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
T5: dict[str, Any] = {"vocab_size": 300, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 3, "num_heads": 4}
T5 |= {"num_decoder_layers": 2, "pad_token_id": 0, "decoder_start_token_id": 0, "relative_attention_max_distance": 24}
STRETCHED = {"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0, "low_freq_factor": 1.0}
STRETCHED |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 16}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen3": ("Qwen3", QWEN),
    "qwen3 tied": ("Qwen3", {**QWEN, "tie_word_embeddings": True}),
    "qwen3 with biases": ("Qwen3", {**QWEN, "attention_bias": True}),
    "qwen3 with a window": ("Qwen3", {**QWEN, "use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1}),
    "qwen3 stretched": (
        "Qwen3",
        {**QWEN, "rope_parameters": {"rope_type": "linear", "rope_theta": 900.0, "factor": 2.0}},
    ),
    "llama": ("Llama", LLAMA),
    "llama stretched, with biases": (
        "Llama",
        {**LLAMA, "rope_parameters": STRETCHED, "attention_bias": True, "mlp_bias": True},
    ),
    "llama, one head of keys, tied": ("Llama", {**LLAMA, "num_key_value_heads": 1, "tie_word_embeddings": True}),
    "gpt2": ("GPT2", GPT2),
    "gpt2 untied, narrow": (
        "GPT2",
        {**GPT2, "tie_word_embeddings": False, "n_inner": 40, "activation_function": "relu"},
    ),
    "modernbert": ("ModernBert", {**BERT, "local_attention": 8}),
    "modernbert with biases": (
        "ModernBert",
        {**BERT, "local_attention": 4, "norm_bias": True, "attention_bias": True, "mlp_bias": True},
    ),
    "modernbert, global only": ("ModernBert", {**BERT, "global_attn_every_n_layers": 1, "decoder_bias": False}),
    "t5 v1.1": ("T5", {**T5, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "t5 tied, not scaled": ("T5", {**T5, "feed_forward_proj": "gated-silu", "scale_decoder_outputs": False}),
    "t5 tied": ("T5", {**T5, "feed_forward_proj": "gated-gelu"}),
    "t5 of old": ("T5", {**T5, "feed_forward_proj": "relu"}),
}
_CLASSES = {"ModernBert": "ForMaskedLM", "T5": "ForConditionalGeneration", "GPT2": "LMHeadModel"}


def stock_class(name: str) -> Any:
    return getattr(transformers, name + _CLASSES.get(name, "ForCausalLM"))


def stock_model(name: str) -> Any:
    """A stock model with random weights everywhere, so that no path is silent."""
    family, options = CASES[name]
    torch.manual_seed(0)
    model = stock_class(family)(getattr(transformers, f"{family}Config")(**options))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return model.eval()


def both(
    ours: Any, stock: Any, ids: torch.Tensor, real: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of both; `real` [B, T] is false where there is padding."""
    mask = None if real is None else padding_mask(real)
    attention = {} if real is None else {"attention_mask": real.long()}
    with torch.no_grad():
        if isinstance(ours, EncoderDecoder):
            target = ids[:, :9]
            return ours(ids, target, mask), stock(input_ids=ids, decoder_input_ids=target, **attention).logits
        return ours(ids) if real is None else ours(ids, mask), stock(ids, **attention).logits


@pytest.mark.parametrize("name", CASES)
def test_logits_agree_both_ways(name: str, tmp_path: Path) -> None:
    stock = stock_model(name)
    stock.save_pretrained(tmp_path / "theirs")
    stock = stock_class(CASES[name][0]).from_pretrained(tmp_path / "theirs", dtype=torch.float32).eval()
    model = load_model(tmp_path / "theirs")
    ids = torch.randint(0, 300, (2, 30))
    ours, theirs = both(model, stock, ids)
    assert torch.allclose(ours, theirs, atol=1e-4) and theirs.std() > 0.1
    (tmp_path / "ours").mkdir()
    save_model(model, tmp_path / "ours")
    back = stock_class(CASES[name][0]).from_pretrained(tmp_path / "ours", dtype=torch.float32).eval()
    ours, theirs = both(model, back, ids)
    assert torch.allclose(ours, theirs, atol=1e-4)
    again = load_model(tmp_path / "ours")
    assert again.config == model.config
    for one, other in zip(again.parameters(), model.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6, rtol=1e-6)  # equal but for T5's queries, which are scaled


@pytest.mark.parametrize("name", [name for name, (family, _) in CASES.items() if family != "ModernBert"])
def test_greedy_tokens_are_the_same_both_ways(name: str, tmp_path: Path) -> None:
    stock = stock_model(name)
    stock.save_pretrained(tmp_path / "theirs")
    model = load_model(tmp_path / "theirs")
    assert isinstance(model, Decoder | EncoderDecoder)
    (tmp_path / "ours").mkdir()
    save_model(model, tmp_path / "ours")
    back = stock_class(CASES[name][0]).from_pretrained(tmp_path / "ours", dtype=torch.float32).eval()
    prompts = [ids[: 4 + 3 * number].tolist() for number, ids in enumerate(torch.randint(3, 300, (6, 24)))]
    written = [one.tokens for one in generate(model, prompts, GenerateSettings(max_new_tokens=24), stop=())]
    for theirs in (stock, back):
        theirs.generation_config = transformers.GenerationConfig(decoder_start_token_id=0, pad_token_id=0)  # no end
        for prompt, ours in zip(prompts, written, strict=True):
            said = theirs.generate(torch.tensor([prompt]), max_new_tokens=24, do_sample=False)[0]
            assert said.tolist()[-24:] == ours and len(ours) == 24
    assert len({token for tokens in written for token in tokens}) > 3  # not one token for ever


@pytest.mark.parametrize("name", ["modernbert", "t5 v1.1"])
def test_padding_is_not_looked_at(name: str, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    stock = stock_class(CASES[name][0]).from_pretrained(tmp_path, dtype=torch.float32).eval()
    ids, real = torch.randint(3, 300, (2, 20)), torch.ones(2, 20, dtype=torch.bool)
    real[1, 12:] = False
    ours, theirs = both(load_model(tmp_path), stock, ids, real)
    kept = real if name == "modernbert" else torch.ones(ours.shape[:2], dtype=torch.bool)
    assert torch.allclose(ours[kept], theirs[kept], atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_counted_parameters_are_the_real_ones(name: str, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    model = load_model(tmp_path)
    assert sum(weight.numel() for weight in model.parameters()) == model.config.parameters
    matrices = [w for block in model.blocks for w in block.parameters() if w.ndim == 2]
    assert sum(weight.numel() for weight in matrices) == model.config.block_matrix_parameters


@pytest.mark.parametrize("name", ["qwen3", "llama", "gpt2", "modernbert", "t5 v1.1"])
def test_shards_and_bfloat16_load(name: str, tmp_path: Path) -> None:
    stock_model(name).to(torch.bfloat16).save_pretrained(tmp_path, max_shard_size="20kB")
    stock = stock_class(CASES[name][0]).from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert not (tmp_path / WEIGHTS_FILE).exists()
    ids = torch.randint(0, 300, (2, 12))
    ours, theirs = both(load_model(tmp_path), stock, ids)
    assert torch.allclose(ours, theirs, atol=1e-4)
    shard = sorted(tmp_path.glob("model-*.safetensors"))[1]
    shard.unlink()
    with pytest.raises(ArtifactError, match=shard.name):
        load_model(tmp_path)


def test_the_bare_body_of_a_model_has_shorter_names(tmp_path: Path) -> None:
    stock = stock_model("gpt2")
    stock.transformer.save_pretrained(tmp_path)
    ids = torch.randint(0, 300, (1, 9))
    ours, theirs = both(load_model(tmp_path), stock, ids)
    assert torch.allclose(ours, theirs, atol=1e-4)


_KEPT_BY_OLDER_FILES = {  # what older versions of the stock classes wrote beside the weights
    "gpt2": {"transformer.h.0.attn.bias": (1, 1, 64, 64), "transformer.h.0.attn.masked_bias": ()},
    "llama": {"model.layers.0.self_attn.rotary_emb.inv_freq": (4,)},
    "t5 v1.1": {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": (32, 4)},
}


@pytest.mark.parametrize(("name", "bare"), [("gpt2", False), ("gpt2", True), ("llama", False), ("t5 v1.1", False)])
def test_what_older_files_hold_beside_the_weights_is_passed_over(name: str, bare: bool, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    weights = load_file(tmp_path / WEIGHTS_FILE)
    expected = {own: weight.clone() for own, weight in load_model(tmp_path).named_parameters()}
    weights |= {kept: torch.ones(size) for kept, size in _KEPT_BY_OLDER_FILES[name].items()}
    if bare:  # as the hub's gpt2
        weights = {name.removeprefix("transformer."): weight for name, weight in weights.items()}
    save_file(weights, tmp_path / WEIGHTS_FILE, {"format": "pt"})
    for own, weight in load_model(tmp_path).named_parameters():
        assert torch.equal(weight, expected[own])


@pytest.mark.parametrize("name", ["llama", "llama stretched, with biases", "qwen3 stretched", "modernbert"])
def test_rotary_positions_are_read_in_the_older_spelling_too(name: str, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    if name == "modernbert":
        bases = {"full_attention": 7000.0, "sliding_attention": 300.0}
        for kind, base in bases.items():
            config["rope_parameters"][kind]["rope_theta"] = base
    elif "stretched" not in name:
        config["rope_parameters"]["rope_theta"] = 7000.0  # not what is taken where nothing is told
    newer = config_from_stock(config, "config.json")
    told = config.pop("rope_parameters")
    if name == "modernbert":
        config |= {"global_rope_theta": 7000.0, "local_rope_theta": 300.0}
        assert newer.rope_base == 7000 and newer.local_rope_base == 300
    else:
        config["rope_theta"] = told.pop("rope_theta")
        if "stretched" in name:
            config["rope_scaling"] = told
            assert newer.rope_scaling is not None
    assert config_from_stock(config, "config.json") == newer
    if "rope_scaling" in config:  # older still
        config["rope_scaling"]["type"] = config["rope_scaling"].pop("rope_type")
        assert config_from_stock(config, "config.json") == newer


def changed(tmp_path: Path, change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> Path:
    """A stock Qwen3 folder with something wrong in it."""
    stock_model("qwen3").save_pretrained(tmp_path)
    config, weights = json.loads((tmp_path / "config.json").read_text()), load_file(tmp_path / WEIGHTS_FILE)
    change(config, weights)
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file(weights, tmp_path / WEIGHTS_FILE, metadata={"format": "pt"})
    return tmp_path


def test_every_tensor_that_does_not_fit_is_named(tmp_path: Path) -> None:
    def change(config: dict[str, Any], weights: dict[str, torch.Tensor]) -> None:
        del weights["model.norm.weight"]
        weights["model.layers.1.mlp.up_proj.weight"] = torch.zeros(7, 32)
        weights["strange.weight"] = torch.zeros(1)

    with pytest.raises(ArtifactError) as told:
        load_model(changed(tmp_path, change))
    for part in ("model.norm.weight is missing", "up_proj.weight is [7, 32] where [48, 32] is told", "strange.weight"):
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"hidden_act": "relu6"}, "hidden_act = 'relu6'"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 2.0}}, "yarn"),
        ({"model_type": "mamba"}, "mamba"),
        ({"hidden_size": None}, "hidden_size"),
        ({"num_attention_heads": 5}, "multiple"),
    ],
)
def test_options_that_are_not_built_are_named(options: dict[str, Any], named: str) -> None:
    stock = {**stock_config(ModelConfig()), **options}
    with pytest.raises(ArtifactError, match=named):
        config_from_stock(stock, "config.json")


def test_older_files_say_from_which_block_on_attention_is_local() -> None:
    older = {**stock_config(ModelConfig(layers=4)), "sliding_window": 8, "max_window_layers": 2}
    del older["layer_types"]
    for used, local in ((True, (2, 3)), (False, ()), (None, ())):
        read = config_from_stock({**older, "use_sliding_window": used}, "config.json")
        assert read.local_blocks == local and read.window == (7 if local else 0)


def test_distances_that_leave_no_room_for_their_buckets_are_told() -> None:
    stock = transformers.T5Config(**{**T5, "relative_attention_max_distance": 16}).to_dict()
    with pytest.raises(ArtifactError, match=r"relative_distance \(16\) must be above half of relative_buckets \(32\)"):
        config_from_stock(stock, "config.json")
    assert config_from_stock({**stock, "relative_attention_max_distance": 17}, "config.json").relative_distance == 17


def test_a_head_of_modernbert_with_an_activation_of_its_own_is_named() -> None:
    stock = transformers.ModernBertConfig(**BERT, hidden_activation="silu").to_dict()
    with pytest.raises(ArtifactError, match="classifier_activation = 'gelu'"):
        config_from_stock(stock, "config.json")
    alike = {**stock, "classifier_activation": "silu"}
    assert config_from_stock(alike, "config.json").activation == "silu"


@pytest.mark.parametrize("name", ["gpt2", "qwen3 tied"])
def test_a_head_that_is_told_to_be_the_embedding_and_is_not_is_named(name: str, tmp_path: Path) -> None:
    stock_model(name).save_pretrained(tmp_path)
    weights = load_file(tmp_path / WEIGHTS_FILE)
    (embedding,) = (each for key, each in weights.items() if key.endswith(("wte.weight", "embed_tokens.weight")))
    for head, right in ((embedding.clone(), True), (embedding + 1, False)):
        save_file({**weights, "lm_head.weight": head}, tmp_path / WEIGHTS_FILE, {"format": "pt"})
        if right:
            load_model(tmp_path)
        else:
            with pytest.raises(ArtifactError, match=r"lm_head\.weight is another matrix"):
                load_model(tmp_path)


@pytest.mark.parametrize("strange", [{"num_attention_heads": 0}, {"hidden_size": "wide"}, {"rope_parameters": [1]}])
def test_strange_values_are_told(strange: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match="does not fit"):
        config_from_stock({**stock_config(ModelConfig()), **strange}, "config.json")
    with pytest.raises(ArtifactError, match="no JSON object"):
        config_from_stock([], "config.json")  # type: ignore[arg-type]


def test_all_options_that_are_not_built_are_told_at_once() -> None:
    stock = {"model_type": "gpt2", "add_cross_attention": True, "scale_attn_by_inverse_layer_idx": True}
    with pytest.raises(ArtifactError) as told:
        config_from_stock(stock, "config.json")
    assert "add_cross_attention" in str(told.value) and "scale_attn_by_inverse_layer_idx" in str(told.value)


def test_a_combination_that_no_stock_shape_has_is_told() -> None:
    with pytest.raises(UsageError, match="no stock shape"):
        shape_of(ModelConfig(norm="layer"))
    assert {shape_of(ModelConfig()).model_type} <= set(SHAPES)


def test_pickles_are_refused_with_the_remedy(tmp_path: Path) -> None:
    stock_model("gpt2").save_pretrained(tmp_path)
    (tmp_path / WEIGHTS_FILE).rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ArtifactError, match="safetensors"):
        load_model(tmp_path)


def test_what_is_wrong_with_a_model_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no model here"):
        load_model(tmp_path)
    changed(tmp_path, lambda config, weights: None)
    (tmp_path / WEIGHTS_FILE).write_bytes(b"half a fi")
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_model(tmp_path)
    (tmp_path / WEIGHTS_FILE).unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        load_model(tmp_path)
    (tmp_path / INDEX_FILE).write_text('{"weight_map": {"a": "../../outside.safetensors"}}')
    with pytest.raises(ArtifactError, match="outside"):
        load_model(tmp_path)


def test_where_a_decoder_is_needed_others_are_refused(tmp_path: Path) -> None:
    stock_model("modernbert").save_pretrained(tmp_path)
    with pytest.raises(ArtifactError, match="this is an encoder"):
        load_decoder(tmp_path)
