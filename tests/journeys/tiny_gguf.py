"""Writes a tiny model with random weights: 0.5 MB, 362 tokens, made in a second, and it really generates.

python -m tests.journeys.tiny_gguf FILE      (in the environment `llama`)
"""

import sys

import numpy as np  # type: ignore[import-not-found, unused-ignore]  # lives in an environment of its own
from gguf import GGUFWriter  # type: ignore[import-not-found, unused-ignore]  # as above

WIDTH, BLOCKS, HEADS, FEED_FORWARD = 64, 2, 4, 128
UNKNOWN, CONTROL, BYTE, NORMAL = 2, 3, 6, 1  # token types of the format
PIECES = ("hello", "the", "ing", "er", "model", "port", "one", "two")
TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"


def vocabulary() -> list[tuple[bytes, int]]:
    """Return the tokens with their types."""
    special = [(b"<unk>", UNKNOWN), (b"<s>", CONTROL), (b"</s>", CONTROL)]
    single = [(f"<0x{byte:02X}>".encode(), BYTE) for byte in range(256)]
    words = ["\u2581", *map(chr, range(33, 127)), *PIECES]
    return special + single + [(word.encode(), NORMAL) for word in words]


def write(path: str) -> None:
    """Write the model to a file."""
    tokens = vocabulary()
    writer = GGUFWriter(path, "llama")
    _describe(writer, tokens)
    random = np.random.default_rng(7)

    def add(name: str, *shape: int) -> None:
        ones = len(shape) == 1
        writer.add_tensor(name, np.ones(shape, np.float32) if ones else random.normal(0, 0.2, shape).astype(np.float32))

    add("token_embd.weight", len(tokens), WIDTH)
    for block in range(BLOCKS):
        for name in ("attn_norm", "ffn_norm"):
            add(f"blk.{block}.{name}.weight", WIDTH)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{block}.{name}.weight", WIDTH, WIDTH)
        for name in ("ffn_gate", "ffn_up"):
            add(f"blk.{block}.{name}.weight", FEED_FORWARD, WIDTH)
        add(f"blk.{block}.ffn_down.weight", WIDTH, FEED_FORWARD)
    add("output_norm.weight", WIDTH)
    add("output.weight", len(tokens), WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: GGUFWriter, tokens: list[tuple[bytes, int]]) -> None:
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(BLOCKS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([-float(rank) for rank in range(len(tokens))])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)  # noqa: FBT003  # the library's own signature
    writer.add_chat_template(TEMPLATE)


if __name__ == "__main__":
    write(sys.argv[1])
