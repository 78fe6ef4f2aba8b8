"""Draws a language model of two layers from a seed: tiny_gguf.py FILE [--endless].

What it says is noise, or with --endless hello after hello; but llama.cpp serves it like any other model: tokens,
templates, slots and counts are real, in half a megabyte.
"""
import random
import sys

import gguf
import numpy as np

SEED = 7
WIDTH, LAYERS, HEADS, FEED_FORWARD = 64, 2, 4, 128
# Long enough that an answer without an end goes on for many seconds.
CONTEXT = 65_536

KIND = gguf.TokenType
# Every byte is a token, so that every text can be read and written.
TOKENS = [
    (b"<unk>", KIND.UNKNOWN),
    (b"<s>", KIND.CONTROL),
    (b"</s>", KIND.CONTROL),
    (b"<|im_start|>", KIND.CONTROL),
    (b"<|im_end|>", KIND.CONTROL),
    *[(b"<0x%02X>" % byte, KIND.BYTE) for byte in range(256)],
    *[(piece.encode(), KIND.NORMAL) for piece in "▁ a e i o t n s r h l d ▁the ▁hello ▁world ing er".split()],
]
FIRST_BYTE = 5
HELLO = [text for text, _ in TOKENS].index("▁hello".encode())
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

draw = random.Random(SEED)


def noise(*shape):
    count = int(np.prod(shape))
    return np.array([draw.gauss(0, 0.08) for _ in range(count)], np.float32).reshape(shape)


def embedding():
    """The first dimension is the same for every token, so that output() can lean on it."""
    drawn = noise(len(TOKENS), WIDTH)
    drawn[:, 0] = 1.0
    return drawn


def output(endless):
    """What weighs the first dimension is a bias: towards one token, or towards none.

    Never towards bytes that are no letter, digit or sign by themselves: of an answer that ends within a letter,
    llama.cpp streams less than it says in one piece.
    """
    drawn = noise(len(TOKENS), WIDTH)
    drawn[:, 0] = 0.0
    for byte in range(256):
        if not chr(byte).isascii() or not chr(byte).isprintable():
            drawn[FIRST_BYTE + byte, 0] = -100.0
    if endless:
        drawn[HELLO, 0] = 100.0
    return drawn


def ones():
    return np.ones(WIDTH, np.float32)


def describe(model):
    model.add_name("tiny")
    model.add_context_length(CONTEXT)
    model.add_embedding_length(WIDTH)
    model.add_block_count(LAYERS)
    model.add_feed_forward_length(FEED_FORWARD)
    model.add_head_count(HEADS)
    model.add_head_count_kv(HEADS)
    model.add_layer_norm_rms_eps(1e-5)
    model.add_rope_dimension_count(WIDTH // HEADS)
    model.add_vocab_size(len(TOKENS))
    model.add_tokenizer_model("llama")
    model.add_token_list([text for text, _ in TOKENS])
    model.add_token_types([int(kind) for _, kind in TOKENS])
    model.add_token_scores([-float(at) if kind is KIND.NORMAL else 0.0 for at, (_, kind) in enumerate(TOKENS)])
    model.add_unk_token_id(0)
    model.add_bos_token_id(1)
    model.add_eos_token_id(4)
    model.add_chat_template(TEMPLATE)


def furnish(model, endless):
    model.add_tensor("token_embd.weight", embedding())
    model.add_tensor("output_norm.weight", ones())
    model.add_tensor("output.weight", output(endless))
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        model.add_tensor(block + "attn_norm.weight", ones())
        model.add_tensor(block + "ffn_norm.weight", ones())
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            model.add_tensor(f"{block}{name}.weight", noise(WIDTH, WIDTH))
        model.add_tensor(block + "ffn_gate.weight", noise(FEED_FORWARD, WIDTH))
        model.add_tensor(block + "ffn_up.weight", noise(FEED_FORWARD, WIDTH))
        model.add_tensor(block + "ffn_down.weight", noise(WIDTH, FEED_FORWARD))


model = gguf.GGUFWriter(sys.argv[1], "llama")
describe(model)
furnish(model, "--endless" in sys.argv)
model.write_header_to_file()
model.write_kv_data_to_file()
model.write_tensors_to_file()
model.close()
