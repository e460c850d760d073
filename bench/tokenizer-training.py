"""One trainer of others on one file of documents, in a fresh process: its CPU seconds and a digest of its merges.

    python bench/tokenizer-training.py gigatoken|huggingface DOCUMENTS SIZE

Documents: a u32 count, u32 ends, then bytes. GPT-2's pattern; 256 special tokens and the byte alphabet are of SIZE. One thread.
"""
import hashlib
import json
import os
import sys

os.environ.update(RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
import numpy as np

peer, path, size = sys.argv[1:]
data = open(path, "rb").read()
ends = np.frombuffer(data, np.uint32, 1 + int.from_bytes(data[:4], "little"))[1:].tolist()
body = data[4 + 4 * len(ends) :]
documents = [body[a:b] for a, b in zip([0, *ends], ends)]
names = [f"<longcat_reserved_{i}>" for i in range(256)]


def cpu():
    times = os.times()
    return times.user + times.system


if peer == "gigatoken":
    import gigatoken

    separator = b"\x00\x01\x02"
    assert separator not in body
    joined = separator.join(documents)  # documents in one buffer are what it reads fastest
    start = cpu()
    _, merges = gigatoken.train_bpe(joined, int(size), names, "huggingface", separator)
    seconds = cpu() - start
else:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    texts = [document.decode() for document in documents]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=int(size), special_tokens=names, initial_alphabet=alphabet, min_frequency=0, show_progress=False)
    start = cpu()
    tokenizer.train_from_iterator(texts, trainer)
    seconds = cpu() - start
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    byte_of = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
    merges = [tuple(bytes(byte_of[c] for c in side) for side in merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
digest = hashlib.sha256()
for left, right in merges:
    digest.update(f"{left.hex()} {right.hex()}\n".encode())
print(json.dumps({"seconds": seconds, "merges": len(merges), "digest": digest.hexdigest()[:16]}))
