"""Hugging Face's tokenizers and tiktoken as oracles.

Commands: train TEXTS PATTERN-AND-NAMES SIZE OUT | encode[-as-text] TOKENIZER TEXTS OUT | time TOKENIZER TEXTS OUT | split TEXTS PATTERNS OUT |
tiktoken TEXTS PATTERN-AND-TOKENS OUT
"""
import json
import sys
import time

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

command, *rest = sys.argv[1:]
if command == "train":
    texts, setup, size, out = rest
    setup = json.load(open(setup))
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(setup["pattern"]), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=int(size),
        special_tokens=setup["names"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=setup["minimum"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(json.load(open(texts)), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    json.dump({"vocab": sorted(model["vocab"], key=model["vocab"].get), "merges": model["merges"]}, open(out, "w"))
elif command in ("encode", "encode-as-text"):
    path, texts, out = rest
    tokenizer = Tokenizer.from_file(path)
    tokenizer.encode_special_tokens = command == "encode-as-text"
    ids = [e.ids for e in tokenizer.encode_batch(json.load(open(texts)), add_special_tokens=False)]
    json.dump({"ids": ids, "decoded": tokenizer.decode_batch(ids, skip_special_tokens=False)}, open(out, "w"))
elif command == "split":
    texts, patterns, out = rest
    splits = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(p), "isolated") for p in json.load(open(patterns))])
    json.dump([[piece for piece, _ in splits.pre_tokenize_str(text)] for text in json.load(open(texts))], open(out, "w"))
elif command == "tiktoken":
    import tiktoken

    texts, setup, out = rest
    setup = json.load(open(setup))
    ranks = {bytes.fromhex(token): rank for rank, token in enumerate(setup["tokens"])}
    encoding = tiktoken.Encoding("test", pat_str=setup["pattern"], mergeable_ranks=ranks, special_tokens={})
    json.dump([encoding.encode_ordinary(text) for text in json.load(open(texts))], open(out, "w"))
elif command == "time":
    path, texts, out = rest
    tokenizer = Tokenizer.from_file(path)
    texts = json.load(open(texts))
    start = time.process_time()
    count = sum(len(tokenizer.encode(t, add_special_tokens=False).ids) for t in texts)
    json.dump({"seconds": time.process_time() - start, "tokens": count}, open(out, "w"))
