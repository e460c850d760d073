"""Teacher of bench/trainer.parity.ts: trains Transformers' LongcatFlashForCausalLM in float32 and lets another program make every step again,
from the same weights and moments. What the step should have given comes from the same model in double (longcat.py), from the same float32
state; the other program's error and torch's own float32 error are measured against it.

Reads JSON lines {"folder", "shape", "init", "width", "order", "steps", "length"}: a shape and an init of reference.py, `width` times as wide, rows
of `length` positions. `order` > 0 permutes the widths over which sums run (hidden, ranks, inner widths) and the documents of a row: the
same function with the same numbers in it, summed in another order. For every step of a request it writes weights.safetensors and optimizer.safetensors to the
folder, prints the batch, waits for a line that names the files of the other's step, and prints {tensor: [its error, torch's error]}: largest
difference over the tensor's largest element. `logits` are those behind each document, `gradient.<name>` is the mean loss's gradient, `weight.<name>`, `<name>.exp_avg` and
`<name>.exp_avg_sq` are behind the step.

    pip install torch==2.15.0 transformers==5.17.0 safetensors
"""

import json
import pathlib
import sys

import torch
from longcat import in_double, named
from reference import EXPECTED, FIELDS, SCALES, SHAPES, THETA, config_of, fill
from safetensors.torch import load_file, save_file
from transformers import LongcatFlashForCausalLM

WIDE = ("vocabulary", "hidden", "qRank", "kvRank", "nopeDim", "ropeDim", "valueDim", "denseWidth", "expertWidth")
RATE, CLIP = 3e-3, 1.0


def permuted(name, p, orders, v):
    """The tensor of the same model with its inner widths in another order."""
    hidden, dense, expert, query, kv = (orders[k] for k in ("hidden", "denseWidth", "expertWidth", "qRank", "kvRank"))
    latent = torch.cat([kv, torch.arange(v["kvRank"], v["kvRank"] + v["ropeDim"])])
    rules = {
        "embed_tokens": (None, hidden), "lm_head": (None, hidden), "q_a_proj": (query, hidden), "q_a_layernorm": (query,), "q_b_proj": (None, query),
        "kv_a_proj_with_mqa": (latent, hidden), "kv_a_layernorm": (kv,), "kv_b_proj": (None, kv), "o_proj": (hidden, None), "gate_proj": (dense, hidden),
        "up_proj": (dense, hidden), "down_proj": (hidden, dense), "classifier": (None, hidden), "norm": (hidden,), "input_layernorm": (hidden,),
        "post_attention_layernorm": (hidden,), "experts.gate_up_proj": (None, torch.cat([expert, expert + len(expert)]), hidden),
        "experts.down_proj": (None, hidden, expert),
    }
    parts = [part for part in name.removesuffix(".weight").split(".") if not part.isdigit()]
    rule = rules.get(".".join(parts[-2:])) or rules[parts[-1]]
    for dim, order in enumerate(rule):
        if order is not None:
            p = p.index_select(dim, order)
    return p


class Case:
    def __init__(self, request):
        self.request, self.shape = request, request["shape"]
        torch.manual_seed(sum(map(ord, self.shape + request["init"])))
        self.v = dict(zip(FIELDS, SHAPES[self.shape]))
        self.config = config_of(self.shape)
        self.config._attn_implementation = "eager"
        self.single = LongcatFlashForCausalLM(self.config)
        self.double = in_double()(self.config).double()
        random = torch.Generator().manual_seed(request["order"])
        orders = {k: torch.randperm(self.v[k], generator=random) if request["order"] else torch.arange(self.v[k])
                  for k in ("hidden", "denseWidth", "expertWidth", "qRank", "kvRank")}
        with torch.no_grad():
            for n, p in self.single.named_parameters():
                fill(n, p, request["init"])
            for n, p in self.single.named_parameters():
                p.copy_(permuted(n, p, orders, self.v))
            for (n, b), (_, c) in zip(self.single.named_buffers(), self.double.named_buffers()):
                if n.endswith("e_score_correction_bias"):
                    b.copy_(torch.randn(b.shape) * (0.02 if request["init"] == "one" else 1e-3))
                    c.copy_(b)
        self.optimizer, self.reference = self.adamw(self.single), self.adamw(self.double)
        self.batches = torch.Generator().manual_seed(17)
        self.documents = random if request["order"] else None

    def adamw(self, model):
        spared = lambda n, p: p.dim() == 1 or "embed_tokens" in n
        groups = [{"params": [p for n, p in model.named_parameters() if spared(n, p) == free], "weight_decay": 0 if free else 0.1} for free in (False, True)]
        return torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.95), eps=1e-16)

    def batch(self):
        """Two rows of two documents; a document's ids depend on its number alone, its place on the order."""
        length, V = self.request["length"], self.v["vocabulary"]
        rows = []
        for first in (length * 2 // 3, length // 2 + 1):
            documents = [torch.randint(V, (n,), generator=self.batches) for n in (first, length - first)]
            if self.documents is not None and torch.randint(2, (1,), generator=self.documents).item():
                documents.reverse()
            rows.append(documents)
        self.ids = torch.stack([torch.cat(row) for row in rows])
        self.positions = torch.stack([torch.cat([torch.arange(len(d)) for d in row]) for row in rows])
        self.targets = torch.cat([self.ids[:, 1:], torch.zeros(2, 1, dtype=torch.long)], 1)
        starts = torch.cat([self.positions[:, 1:] == 0, torch.ones(2, 1, dtype=torch.bool)], 1)
        self.targets[starts] = -1
        return {
            "tokens": self.ids.flatten().tolist(), "targets": self.targets.flatten().tolist(), "rows": 2, "rowLength": length,
            "runRows": [0, 0, 1, 1], "runStarts": [x for row in rows for x in (0, len(row[0]))], "runLengths": [len(d) for row in rows for d in row],
        }

    def step(self, model, optimizer):
        """What one step makes: mean loss, logits, choices, gradients before clipping, then weights and moments."""
        counts = []
        hooks = [layer.mlp.router.register_forward_hook(
            lambda _, args, out, n=self.v["experts"] + self.v["zeroExperts"]: counts.append(torch.bincount(out[1].flatten(), minlength=n)))
            for layer in model.model.layers]
        logits = model(input_ids=self.ids, position_ids=self.positions, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), self.targets.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        for hook in hooks:
            hook.remove()
        tensors = {f"gradient.{n}": g.clone() for n, g in self.named((n, p.grad) for n, p in model.named_parameters())}
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        tensors |= {f"weight.{n}": p.detach().clone() for n, p in self.named(model.named_parameters())}
        for moment in ("exp_avg", "exp_avg_sq"):
            tensors |= {f"{n}.{moment}": m.clone() for n, m in self.named((n, optimizer.state[p][moment]) for n, p in model.named_parameters())}
        ends = (self.positions.roll(-1, 1) == 0)  # the last position of every document
        return {"loss": loss.detach()[None], "logits": logits.detach()[ends]} | tensors, torch.stack(counts)

    def named(self, pairs):
        return named(pairs, self.v["experts"])

    def write(self, step):
        v, folder = self.v, pathlib.Path(self.request["folder"])
        metadata = {f"model.{k}": str(x) for k, x in v.items()} | {
            "model.expectedExperts": str(EXPECTED[self.shape]), "model.routedScale": str(SCALES[self.shape]), "model.normEps": "1e-5",
            "step": str(step), "tokens": "0", "updates": str(step), "numerics": str(self.request["numerics"]), "format": "pt",
            **{f"model.initStd.{k}": "0.5" for k in ("embedding", "hidden", "residual", "router", "output")}}
        weights = {n: p.detach().clone() for n, p in self.named(self.single.named_parameters())}
        weights |= {n: b.float() for n, b in self.single.named_buffers() if n.endswith("e_score_correction_bias")}
        state = lambda moment: self.named(
            (n, self.optimizer.state[p].get(moment, torch.zeros_like(p))) for n, p in self.single.named_parameters())
        moments = {f"{n}.{moment}": m.clone() for moment in ("exp_avg", "exp_avg_sq") for n, m in state(moment)}
        save_file({n: t.contiguous() for n, t in weights.items()}, folder / "weights.safetensors", metadata)
        save_file({n: t.contiguous() for n, t in moments.items()}, folder / "optimizer.safetensors", metadata)

    def teach(self):
        """The double model in the float32 one's state."""
        with torch.no_grad():
            for p, q in zip(self.double.parameters(), self.single.parameters()):
                p.copy_(q)
                state = self.optimizer.state[q]
                if state:
                    self.reference.state[p] = {k: x.double().clone() if k != "step" else x.clone() for k, x in state.items()}


def error(found, expected):
    largest = expected.abs().max()
    return ((found.double() - expected).abs().max() / (largest if largest > 0 else 1)).item()


def answer(request, shapes):
    torch.set_num_threads(request.get("threads", 1))
    widths = {FIELDS.index(f) for f in WIDE}
    SHAPES[request["shape"]] = tuple(request["width"] * x if i in widths else x for i, x in enumerate(shapes[request["shape"]]))
    case = Case(request)
    for step in range(request["steps"]):
        batch = case.batch()
        case.write(step)
        case.teach()
        print(json.dumps({"batch": batch, "ropeBase": THETA, "learningRate": RATE, "targets": int((case.targets >= 0).sum())}), flush=True)
        expected, counts = case.step(case.double, case.reference)
        own, own_counts = case.step(case.single, case.optimizer)
        seen = json.loads(sys.stdin.readline())
        theirs = {"loss": torch.tensor([seen["loss"]], dtype=torch.float64), "logits": torch.tensor(seen["logits"])}
        theirs |= {f"gradient.{n}": g.double() / seen["targets"] for n, g in load_file(seen["gradients"]).items()}
        theirs |= {f"weight.{n}": p for n, p in load_file(seen["weights"]).items() if not n.endswith("e_score_correction_bias")}
        theirs |= load_file(seen["optimizer"])
        assert theirs.keys() == expected.keys(), sorted(theirs.keys() ^ expected.keys())[:4]
        flips = lambda other: int((other.flatten() - counts.flatten()).abs().sum()) // 2
        print(json.dumps({"errors": {n: [error(theirs[n], e), error(own[n], e)] for n, e in expected.items()},
                          "flips": [flips(torch.tensor(seen["counts"])), flips(own_counts)]}), flush=True)


if __name__ == "__main__":
    shapes = dict(SHAPES)
    for line in sys.stdin:
        answer(json.loads(line), shapes)
