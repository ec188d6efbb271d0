"""A Qwen2 of two blocks with random weights, as a folder that vLLM loads; it never ends by itself."""

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
    """Write weights, configuration and a tokenizer that knows bytes, and nothing merged."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|im_start|>", _END]
    tokenizer = Tokenizer(models.BPE({token: at for at, token in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=_END, pad_token=_END)
    if chat_template:
        fast.chat_template = _CHAT
    fast.save_pretrained(folder)

    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=len(letters) + len(special),
        hidden_size=128,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,  # 64 wide each: vLLM's CPU kernels know no narrower ones
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        initializer_range=0.2,
        eos_token_id=len(letters) + 1,
    )
    model = Qwen2ForCausalLM(config).to(torch.float32)
    with torch.no_grad():
        model.lm_head.weight[len(letters) :] = 0
    model.save_pretrained(folder)
