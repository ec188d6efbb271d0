"""Models with the shape of public ones and random weights, as folders: written here, fetched nowhere.

A shape is what Qwen2.5's published configurations say. The tokenizer is nobody's: as many tokens, of up
to three letters, merged as any byte-level BPE merges; it costs what a real one costs.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from string import ascii_letters, digits

_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
#: Letters of which longer tokens are made; the first is how byte-level BPE writes a blank.
_LETTERS = "Ġ_" + ascii_letters + digits
#: Tokens of a prompt and its answer.
CONTEXT = 4096


@dataclass(frozen=True)
class Shape:
    """A model's size: parameters are in billions."""

    parameters: float
    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    tokens: int = 151_643
    tied: bool = False
    dtype: str = "bfloat16"


SHAPES = {
    "tiny": Shape(0.002, 128, 128, 2, 2, 1, 4096, tokens=4093, dtype="float32"),
    "0.5b": Shape(0.5, 896, 4864, 24, 14, 2, 151_936, tied=True),
    "1.5b": Shape(1.5, 1536, 8960, 28, 12, 2, 151_936, tied=True),
    "7b": Shape(7.6, 3584, 18_944, 28, 28, 4, 152_064),
    "14b": Shape(14.8, 5120, 13_824, 48, 40, 8, 152_064),
    "32b": Shape(32.8, 5120, 27_648, 64, 40, 8, 152_064),
}


def write(folder: Path, shape: Shape) -> None:
    """Write a model's folder, without weights: vLLM draws them (`load_format = "dummy"`)."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    merges = list(islice(_merges(), shape.tokens - 256))
    letters = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(pair) for pair in merges)]
    tokenizer = Tokenizer(models.BPE({text: at for at, text in enumerate(letters)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in _SPECIAL])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=_SPECIAL[2], pad_token=_SPECIAL[0]
    )
    wrapped.chat_template = _CHAT
    wrapped.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(_config(shape)))


def _merges() -> Iterator[tuple[str, str]]:
    pairs = list(product(_LETTERS, _LETTERS))
    yield from pairs
    yield from ((first + second, third) for (first, second), third in product(pairs, _LETTERS))


def _config(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
        "hidden_size": shape.hidden, "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "vocab_size": shape.vocabulary,
        "max_position_embeddings": 32_768, "max_window_layers": shape.layers,
        "use_sliding_window": False, "rope_theta": 1_000_000.0, "rms_norm_eps": 1e-6,
        "initializer_range": 0.02, "attention_dropout": 0.0, "use_cache": True,
        "tie_word_embeddings": shape.tied, "torch_dtype": shape.dtype,
        "bos_token_id": shape.tokens, "eos_token_id": shape.tokens + 2,
    }  # fmt: skip
