"""The other side of bench/trainer.rows.ts: Transformers' LongcatFlashForCausalLM, loaded from a folder, trained and evaluated on rows from stdin.
First line {"folder", "threads", "weightDecay", "beta1", "beta2", "eps", "clip"}; then lines of rows with "kind": "step" answers the mean loss,
"held" the sum of losses over targets. A run of a row is a document: its positions restart, attention stays inside it.

    pip install torch==2.15.0 transformers==5.17.0
"""

import json
import sys

import torch
from transformers import LongcatFlashForCausalLM

request = json.loads(sys.stdin.readline())
torch.set_num_threads(request["threads"])
model = LongcatFlashForCausalLM.from_pretrained(request["folder"], dtype=torch.float32, attn_implementation="sdpa")
spared = lambda n, p: p.dim() == 1 or "embed_tokens" in n
groups = [{"params": [p for n, p in model.named_parameters() if spared(n, p) == free], "weight_decay": 0 if free else request["weightDecay"]}
          for free in (False, True)]
optimizer = torch.optim.AdamW(groups, lr=0, betas=(request["beta1"], request["beta2"]), eps=request["eps"], fused=True)
print("0", flush=True)


def losses(line):
    shape = (line["rows"], line["rowLength"])
    ids, targets = (torch.tensor(line[k]).reshape(shape) for k in ("tokens", "targets"))
    positions = torch.arange(shape[1]).repeat(shape[0], 1)  # padding is behind the runs: a document of its own that predicts nothing
    for row, start, length in zip(line["runRows"], line["runStarts"], line["runLengths"]):
        positions[row, start : start + length] = torch.arange(length)
        positions[row, start + length :] = torch.arange(shape[1] - start - length)
    logits = model(input_ids=ids, position_ids=positions, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum"), int((targets >= 0).sum())


for text in sys.stdin:
    line = json.loads(text)
    if line["kind"] == "held":
        with torch.no_grad():
            print(losses(line)[0].item(), flush=True)
        continue
    for group in optimizer.param_groups:
        group["lr"] = line["learningRate"]
    total, count = losses(line)
    loss = total / count
    loss.backward()
    if request["clip"]:
        torch.nn.utils.clip_grad_norm_(model.parameters(), request["clip"])
    optimizer.step()
    optimizer.zero_grad()
    print(loss.item(), flush=True)
