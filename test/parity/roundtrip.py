"""python roundtrip.py FROM TO ids…: loads FROM as Transformers does, saves it to TO, and prints {"logits", "missing", "unexpected", "tokenizer"} as
JSON: logits after the last id, the keys that loading missed or did not know, and what the tokenizer beside it makes of "!A". For huggingface.test.ts."""

import json
import sys

import torch
from transformers import AutoTokenizer, LongcatFlashForCausalLM

model, info = LongcatFlashForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32, output_loading_info=True)
ids = torch.tensor([[int(x) for x in sys.argv[3:]]])
with torch.no_grad():
    logits = model(input_ids=ids, use_cache=False).logits[0, -1].tolist()
model.save_pretrained(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
seen = {"ids": tokenizer.encode("!A", add_special_tokens=False), "bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id}
keys = lambda name: sorted(str(k) for k in info.get(name, ()))
print(json.dumps({"logits": logits, "missing": keys("missing_keys") + keys("mismatched_keys"), "unexpected": keys("unexpected_keys"),
                  "tokenizer": seen}))
