"""Qwen2 models of two blocks, as folders that vLLM loads."""

from itertools import pairwise
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

#: The most tokens of a prompt and its answer.
CONTEXT = 1024
_END = "<|im_end|>"
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)


def write(folder: Path, chat_template: bool = True) -> None:
    """Write one with random weights; it never ends by itself."""
    tokenizer = _tokenizer()
    if chat_template:
        tokenizer.chat_template = _CHAT
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    model = _model(tokenizer, heads=2)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.convert_tokens_to_ids("<|im_start|>") :] = 0
    model.save_pretrained(folder)


def write_thinker(folder: Path, opened: bool = False) -> None:
    """Write one that thinks `a` and ends. Where a grammar forbids that, any token is as good to it.

    `opened`: its template begins the thought.
    """
    tokenizer = _tokenizer()
    tokenizer.chat_template = _CHAT + "<think>" * opened
    tokenizer.add_tokens([AddedToken(token, special=False) for token in ("<think>", "</think>")])
    tokenizer.save_pretrained(folder)
    model = _model(tokenizer, heads=5)  # a dimension for every token
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(torch.eye(*model.model.embed_tokens.weight.shape))
        for block in model.model.layers:
            # it adds nothing, so that the next token depends on the last one only
            block.self_attn.o_proj.weight.zero_()
            block.mlp.down_proj.weight.zero_()
        model.lm_head.weight.zero_()
        for token, following in pairwise(tokenizer.encode(f"\n<think>a</think>{_END}")):
            model.lm_head.weight[following, token] = 1
    model.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    """It knows bytes, and nothing merged."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: at for at, token in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", _END]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, pad_token=_END)


def _model(tokenizer: PreTrainedTokenizerFast, heads: int) -> Qwen2ForCausalLM:
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=64 * heads,  # vLLM's CPU kernels know no narrower ones
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        initializer_range=0.2,
        eos_token_id=tokenizer.eos_token_id,
    )
    return Qwen2ForCausalLM(config).to(torch.float32)
