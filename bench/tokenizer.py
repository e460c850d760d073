"""One peer on one file of documents, in a fresh process: prints its CPU seconds, its load and a digest of its ids.

    python bench/tokenizer.py PEER API RANKS WARM DOCUMENTS

Documents are Arrow-like: a u32 count, u32 ends, then bytes. API `each` or `batch`. WARM (`-`: none) is encoded first and not counted.
"""
import gzip
import hashlib
import json
import os
import sys
import time
from importlib.metadata import version

os.environ.update(RAYON_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
peer, api, ranks, warm, path = sys.argv[1:]
import numpy as np

TEXT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def documents(name):
    if name == "-":
        return []
    data = open(name, "rb").read()
    ends = np.frombuffer(data, np.uint32, 1 + int.from_bytes(data[:4], "little"))[1:]
    body = data[4 + 4 * len(ends) :]
    return [body[a:b].decode() for a, b in zip([0, *ends[:-1].tolist()], ends.tolist())]


def load():
    if peer == "gigatoken":
        import gigatoken

        t = gigatoken.Tokenizer.from_tiktoken(ranks, "cl100k")
        if api == "bytes":
            return lambda docs: [t.encode(d) for d in docs], bytes
        if api == "each":
            return lambda docs: [t.encode(d) for d in docs], str
        return lambda docs: t.encode_batch(docs, parallel=False), str
    if peer == "quicktok":
        import quicktok

        t = quicktok.get_encoding("cl100k_base")
        return (lambda docs: [t.encode_ordinary(d) for d in docs]) if api == "each" else (lambda docs: t.encode_batch(docs)), str
    if peer == "bpe_openai":
        import bpe_openai

        t = bpe_openai.get_encoding("cl100k_base")
        return (lambda docs: [t.encode_ordinary(d) for d in docs]), str
    if peer == "tiktoken":
        import base64

        import tiktoken

        table = {base64.b64decode(a): int(b) for a, b in (line.split() for line in open(ranks))}
        t = tiktoken.Encoding("cl100k", pat_str=TEXT, mergeable_ranks=table, special_tokens={})
        return (lambda docs: [t.encode_ordinary(d) for d in docs]), str
    if peer == "tokenizers":
        from transformers.convert_slow_tokenizer import TikTokenConverter

        t = TikTokenConverter(vocab_file=ranks, pattern=TEXT).converted()
        return (lambda docs: [e.ids for e in t.encode_batch(docs, add_special_tokens=False)]), str
    raise SystemExit(f"no such peer: {peer}")


start = time.process_time()
encode, kind = load()
loaded = time.process_time() - start
prepare = (lambda docs: [d.encode() for d in docs]) if kind is bytes else (lambda docs: docs)
before, measured = prepare(documents(warm)), prepare(documents(path))
if before:
    encode(before)
start = time.process_time()
ids = encode(measured)
seconds = time.process_time() - start
flat = hashlib.sha256()
for row in ids:
    flat.update(np.asarray(row, dtype=np.uint32).tobytes())
print(json.dumps({"seconds": seconds, "load": loaded, "ids": flat.hexdigest()[:16], "version": version({"quicktok": "quicktok-v1"}.get(peer, peer))}))
