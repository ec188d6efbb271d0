"""A language model of a few kilobytes with random weights: real to load and run, but it babbles."""

from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

_WIDTH, _HEADS, _HIDDEN, _BLOCKS = 64, 2, 128, 2
#: llama.cpp refuses a vocabulary in which nothing is merged.
_PAIR = "d e"
_SPECIAL = ["<|im_start|>", "<|im_end|>"]
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
#: After it, llama.cpp takes what the model says for thoughts, unless they are switched off.
_SWITCH = "{% if enable_thinking is defined and not enable_thinking %}No thoughts.{% endif %}"


def write(
    path: Path, seed: int, chat_template: bool = True, thinks: bool = False, ends: float = -9
) -> None:
    """Write a GGUF file that llama.cpp loads as a Qwen2 of two blocks and hardly more tokens than bytes.

    `ends`: how likely it is to end an answer; by default it goes on for as long as it may.
    """
    random = np.random.default_rng(seed)
    tokens = [*_letters(), _PAIR.replace(" ", ""), *_SPECIAL]
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(_BLOCKS)
    writer.add_context_length(32768)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.NORMAL] * 257 + [TokenType.CONTROL] * len(_SPECIAL))
    writer.add_token_merges([_PAIR])
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    if chat_template:
        writer.add_chat_template(_CHAT + _SWITCH if thinks else _CHAT)

    def drawn(*shape: int) -> np.ndarray:
        return random.normal(0, 0.2, shape).astype(np.float32)

    def drawn_but_first(*shape: int) -> np.ndarray:
        matrix = drawn(*shape)
        matrix[0] = 0
        return matrix

    def ones(width: int) -> np.ndarray:
        return np.ones(width, dtype=np.float32)

    # the first number of every state stays what it was, and lets only ASCII be said
    embedding = drawn(len(tokens), _WIDTH)
    embedding[:, 0] = 4
    output = drawn(len(tokens), _WIDTH)
    output[:, 0] = [1 if number in (10, *range(32, 127)) else -9 for number in range(len(tokens))]
    output[tokens.index("<|im_end|>"), 0] = ends
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", ones(_WIDTH))
    writer.add_tensor("output.weight", output)
    for block in range(_BLOCKS):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{block}.{name}.weight", ones(_WIDTH))
        for name in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(f"blk.{block}.{name}.weight", drawn(_WIDTH, _WIDTH))
            writer.add_tensor(f"blk.{block}.{name}.bias", drawn(_WIDTH))
        writer.add_tensor(f"blk.{block}.attn_output.weight", drawn_but_first(_WIDTH, _WIDTH))
        writer.add_tensor(f"blk.{block}.ffn_gate.weight", drawn(_HIDDEN, _WIDTH))
        writer.add_tensor(f"blk.{block}.ffn_up.weight", drawn(_HIDDEN, _WIDTH))
        writer.add_tensor(f"blk.{block}.ffn_down.weight", drawn_but_first(_WIDTH, _HIDDEN))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _letters() -> list[str]:
    """How byte-level BPE spells each byte: printable ones as they are, others beyond 255."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]
