"""If this fails, bench/gpu.py measures a model that is not of the shape that it names."""

from pathlib import Path

import pytest
from transformers import AutoConfig, AutoTokenizer

from bench.shapes import SHAPES, write

_PROGRAM = 'def f(x):\n    """Return x plus one."""\n    return x + 1\n'


@pytest.mark.parametrize("name", ["tiny", "14b"])
def test_a_shape_is_a_model_with_a_tokenizer(tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    write(tmp_path, shape)
    config = AutoConfig.from_pretrained(tmp_path)
    assert (config.num_hidden_layers, config.vocab_size) == (shape.layers, shape.vocabulary)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert len(tokenizer) <= shape.vocabulary
    tokens = tokenizer.encode(_PROGRAM)
    assert tokenizer.decode(tokens) == _PROGRAM
    assert len(_PROGRAM) / 3 < len(tokens) < len(_PROGRAM) / 1.2
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hello"}], tokenize=False, add_generation_prompt=True
    )
    assert chat.endswith("<|im_start|>assistant\n")
    assert tokenizer.eos_token_id == config.eos_token_id
