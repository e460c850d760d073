"""What tokenizer.ts asks: Hugging Face's BpeTrainer, and tiktoken's decode_bytes.

    python tokenizer.py train SETUP TEXTS OUT        SETUP: {patterns, names, size}; OUT: {vocab, merges}
    python tokenizer.py decode RANKS LISTS OUT       LISTS: u32 count, u32 ends, u32 ids; OUT: u32 ends, then bytes
"""
import base64
import json
import sys

command, *rest = sys.argv[1:]
if command == "train":
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    setup, texts, out = rest
    setup = json.load(open(setup))
    tokenizer = Tokenizer(models.BPE())
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in setup["patterns"]]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    trainer = trainers.BpeTrainer(
        vocab_size=setup["size"],
        special_tokens=setup["names"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=0,
        show_progress=False,
    )
    tokenizer.train_from_iterator(json.load(open(texts)), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    json.dump({"vocab": sorted(model["vocab"], key=model["vocab"].get), "merges": model["merges"]}, open(out, "w"))
elif command == "decode":
    import numpy as np
    import tiktoken

    ranks, lists, out = rest
    table = {base64.b64decode(a): int(b) for a, b in (line.split() for line in open(ranks))}
    encoding = tiktoken.Encoding("ranks", pat_str=".", mergeable_ranks=table, special_tokens={"<|endoftext|>": len(table) + 1, "<|fim|>": len(table) + 7})
    data = np.fromfile(lists, np.uint32)
    ends = data[1 : 1 + data[0]].tolist()
    ids = data[1 + data[0] :].tolist()
    decoded = [encoding.decode_bytes(ids[a:b]) for a, b in zip([0, *ends], ends)]
    with open(out, "wb") as file:
        np.cumsum([len(each) for each in decoded], dtype=np.uint32).tofile(file)
        file.write(b"".join(decoded))
