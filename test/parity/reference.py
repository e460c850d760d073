"""Writes recorded/<case>.safetensors: five shapes of LongCat-Flash x two inits, and what Hugging Face's LongcatFlashForCausalLM makes of them
in double precision (longcat.py): routing, logits, losses and every gradient, with the error of its own float32 run beside. Then the
parts that Transformers lacks, written here over its modules and differentiated by autograd, alone and together: MTP head, hidden
z-loss, balance loss, bias update. Rows hold several documents: each is run by itself, which is what a document mask means; packing
them with restarting position_ids is asserted to be the same. native/trainer/model/reference_test.cc reads the files.

    pip install torch==2.15.0 transformers==5.17.0 safetensors
    python test/parity/reference.py                   # what is committed
    python test/parity/reference.py --wide FOLDER     # eight times as wide, longer rows: MILLRACE_PARITY=FOLDER trainer_test --gtest_filter='Reference*'
"""

import pathlib
import sys

import torch
from longcat import in_double, named
from safetensors.torch import save_file
from transformers import LongcatFlashConfig, LongcatFlashForCausalLM

FIELDS = "vocabulary hidden layers heads qRank kvRank nopeDim ropeDim valueDim denseWidth expertWidth experts zeroExperts topK".split()
SHAPES = {
    "a": (17, 12, 2, 2, 7, 5, 3, 4, 6, 14, 9, 4, 2, 3),
    "b": (23, 10, 1, 1, 6, 4, 5, 2, 7, 11, 3, 8, 4, 4),
    "c": (13, 8, 3, 4, 4, 3, 2, 2, 3, 12, 4, 3, 3, 2),
    "d": (31, 16, 1, 2, 5, 8, 4, 8, 4, 9, 5, 6, 2, 2),
    "e": (11, 18, 2, 8, 12, 4, 2, 4, 2, 20, 6, 4, 2, 2),
}
SCALES = {"a": 1.5, "b": 6.0, "c": 1.0, "d": 2.5, "e": 1.0}
EXPECTED = {"a": 2, "b": 2.5, "c": 1.25, "d": 1.25, "e": 1.5}
THETA, LAMBDA, ALPHA, GROUPS, WEIGHT, MU = 1e4, 0.05, 0.5, {"a": 2, "b": 4, "c": 3, "d": 3, "e": 2}, 0.3, 0.05
ROWS = [[7, 5, 2], [9, 4]]  # documents' lengths
FOLDER = pathlib.Path(__file__).parent / "recorded"
if "--wide" in sys.argv:
    FOLDER, ROWS = pathlib.Path(sys.argv[2]), [[61, 90, 3], [140, 33]]
    widths = {FIELDS.index(f) for f in ("vocabulary", "hidden", "qRank", "kvRank", "nopeDim", "ropeDim", "valueDim", "denseWidth", "expertWidth")}
    SHAPES = {k: tuple(8 * x if i in widths else x for i, x in enumerate(v)) for k, v in SHAPES.items()}


def config_of(shape):
    v = dict(zip(FIELDS, SHAPES[shape]))
    return LongcatFlashConfig(
        vocab_size=v["vocabulary"], hidden_size=v["hidden"], num_layers=v["layers"], num_attention_heads=v["heads"], q_lora_rank=v["qRank"],
        kv_lora_rank=v["kvRank"], qk_nope_head_dim=v["nopeDim"], qk_rope_head_dim=v["ropeDim"], head_dim=v["ropeDim"], v_head_dim=v["valueDim"],
        ffn_hidden_size=v["denseWidth"], expert_ffn_hidden_size=v["expertWidth"], n_routed_experts=v["experts"], zero_expert_num=v["zeroExperts"],
        moe_topk=v["topK"], routed_scaling_factor=SCALES[shape], rms_norm_eps=1e-5, max_position_embeddings=256, pad_token_id=None,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
    )


def fill(name, p, init):
    if init == "hf":
        p.copy_(torch.ones(p.shape) if p.dim() == 1 else (torch.randn(p.shape) * 0.02).float())
    else:
        spread = 1.0 if "embed_tokens" in name else 0.2 if p.dim() == 1 else (1.2 / p.shape[-1]) ** 0.5
        p.copy_((torch.randn(p.shape) * spread + (1 if p.dim() == 1 else 0)).float())


class Mtp(torch.nn.Module):
    """The head, of Transformers' modules; names as in Meituan's checkpoint (longcat-flash.md 1.6)."""

    def __init__(self, module, config):
        super().__init__()
        norm = lambda: module.LongcatFlashRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.enorm, self.hnorm, self.input_layernorm, self.post_attention_layernorm, self.norm = (norm() for _ in range(5))
        self.eh_proj = torch.nn.Linear(2 * config.hidden_size, config.hidden_size, bias=False)
        self.self_attn = module.LongcatFlashMLA(config, 0)
        self.mlp = module.LongcatFlashMLP(config, config.ffn_hidden_size)

    def forward(self, embedding, hidden, rotary):
        x = self.eh_proj(torch.cat([self.enorm(embedding), self.hnorm(hidden)], -1))
        n = x.shape[1]
        mask = torch.full((n, n), -torch.inf, dtype=x.dtype).triu(1)[None, None]
        b = x + self.self_attn(self.input_layernorm(x), rotary(x, torch.arange(n)[None]), mask)[0]
        return self.norm(b + self.mlp(self.post_attention_layernorm(b)))

    def named(self):
        rename = {"enorm.weight": "layers.0.enorm.m.weight", "hnorm.weight": "layers.0.hnorm.m.weight", "norm.weight": "norm.weight"}
        for name, p in self.named_parameters():
            yield "model.mtp." + rename.get(name, "layers.0." + name.replace("mlp.", "transformer_layer.mlp.")), p


def run(model, rows, shape, features, mtp=None):
    """Sum of the losses over rows, and what was seen on the way."""
    v = dict(zip(FIELDS, SHAPES[shape]))
    seen = {"inputs": {}, "selected": {}, "last": []}
    hooks = [model.model.norm.register_forward_pre_hook(lambda _, args: seen["last"].append(args[0][0]))]
    for l, layer in enumerate(model.model.layers):
        def routed(_, args, out, l=l):
            seen["inputs"].setdefault(l, []).append(args[0].reshape(-1, v["hidden"]))
            seen["selected"].setdefault(l, []).append(out[1])
        hooks.append(layer.mlp.router.register_forward_hook(routed))
    ce = torch.nn.functional.cross_entropy
    logits, loss, z, balance, head, head_targets = [], 0, 0, 0, 0, 0
    for documents in rows:
        before = len(seen["last"])
        targets = sum(len(d) - 1 for d in documents)
        for d in documents:
            ids = torch.tensor([d])
            out = model(input_ids=ids, use_cache=False, output_hidden_states=False)
            logits.append(out.logits[0])
            loss = loss + ce(out.logits[0, :-1], ids[0, 1:], reduction="sum")
            z = z + (torch.logsumexp(seen["last"][-1][:-1].abs(), -1) ** 2).sum()
            if mtp is not None and len(d) > 2:
                hidden = model.model.norm(seen["last"][-1][None])
                seen["last"].pop()
                out = model.lm_head(mtp(model.model.embed_tokens(ids[:, 1:]), hidden[:, :-1], model.model.rotary_emb))[0]
                head, head_targets = head + ce(out[:-1], ids[0, 2:], reduction="sum"), head_targets + len(d) - 2
        for l, layer in enumerate(model.model.layers):
            u, selected = torch.cat(seen["inputs"][l][before:]), torch.cat(seen["selected"][l][before:])
            r = torch.softmax(u @ layer.mlp.router.classifier.weight.to(u.dtype).T, -1)
            n, size, k, wanted = len(u), v["experts"] // GROUPS[shape], v["topK"], EXPECTED[shape]
            for j in range(GROUPS[shape] + 1):
                group = range(j * size, (j + 1) * size) if j < GROUPS[shape] else range(v["experts"], v["experts"] + v["zeroExperts"])
                count = sum((selected == e).sum().item() for e in group)
                f = count * GROUPS[shape] / (wanted * n) if j < GROUPS[shape] else count / ((k - wanted) * n)
                balance = balance + targets * f * r[:, list(group)].sum() / n
    for h in hooks:
        h.remove()
    total = loss + LAMBDA * z * ("z" in features) + ALPHA * balance * ("balance" in features) + (WEIGHT * head if mtp is not None else 0)
    return total, dict(seen, logits=torch.cat(logits), loss=loss, z=z, balance=balance, head=head, head_targets=head_targets)


def error(found, expected):
    return ((found.double() - expected).abs().max() / expected.abs().max()).item()


def record(shape, init, features=()):
    name = "-".join([shape, init, *features])
    v = dict(zip(FIELDS, SHAPES[shape]))
    torch.manual_seed(sum(map(ord, shape + init)))
    Double = in_double()
    module = sys.modules[Double.__module__]
    model = Double(config_of(shape)).double()
    model.config._attn_implementation = "eager"
    mtp = Mtp(module, model.config).double() if "mtp" in features else None
    with torch.no_grad():
        for n, p in model.named_parameters():
            fill(n, p, init)
        for n, b in model.named_buffers():
            if n.endswith("e_score_correction_bias"):
                b.copy_((torch.randn(b.shape) * (0.02 if init == "one" else 1e-3)).float())
        for n, p in mtp.named() if mtp else ():
            fill(n, p, init)
    rows = [[torch.randint(v["vocabulary"], (n,)).tolist() for n in row] for row in ROWS]
    total, seen = run(model, rows, shape, features, mtp)
    total.backward()

    packed = torch.tensor([sum(rows[0], [])])
    positions = torch.cat([torch.arange(len(d)) for d in rows[0]])[None]
    with torch.no_grad():
        together = model(input_ids=packed, position_ids=positions, use_cache=False).logits[0]
    assert error(together, seen["logits"][: packed.shape[1]]) < 1e-12, "packing with restarting position_ids"

    pairs = [*named(model.named_parameters(), v["experts"]), *(mtp.named() if mtp else ())]
    gradients = [*named(((n, p.grad) for n, p in model.named_parameters()), v["experts"]), *((n, p.grad) for n, p in (mtp.named() if mtp else ()))]
    tensors = {f"weight.{n}": p.float() for n, p in pairs} | {f"gradient.{n}": g for n, g in gradients}
    gap, counts = 1.0, torch.zeros(v["layers"], v["experts"] + v["zeroExperts"])
    for l, layer in enumerate(model.model.layers):
        bias, u = layer.mlp.router.e_score_correction_bias, torch.cat(seen["inputs"][l])
        selected = torch.cat(seen["selected"][l]).sort(-1).values
        tensors[f"weight.model.layers.{l}.mlp.router.e_score_correction_bias"] = bias.float()
        tensors[f"selected.{l}"] = selected.int()
        choice = (torch.softmax(u @ layer.mlp.router.classifier.weight.T, -1) + bias).sort(-1, descending=True).values
        gap = min(gap, (choice[:, v["topK"] - 1] - choice[:, v["topK"]]).min().item())
        counts[l] = torch.bincount(selected.flatten(), minlength=counts.shape[1])
        n, k = len(u), v["topK"]
        moved = bias.double().clone()
        moved[: v["experts"]] += MU * (EXPECTED[shape] / k / v["experts"] - counts[l, : v["experts"]].double() / (k * n))
        tensors[f"bias_after.{l}"] = moved
    assert counts[:, v["experts"] :].sum(1).min() > 0, "every layer must choose a zero expert"
    tensors["logits"] = seen["logits"]
    tensors["losses"] = torch.tensor([float(seen[k]) for k in ("loss", "z", "balance", "head", "head_targets")], dtype=torch.float64)
    tensors["tokens"] = torch.tensor(sum((d for row in rows for d in row), []), dtype=torch.int32)
    tensors["lengths"] = torch.tensor([len(d) for row in rows for d in row], dtype=torch.int32)
    tensors["rows"] = torch.tensor([r for r, row in enumerate(rows) for _ in row], dtype=torch.int32)

    if not features:  # what float32 costs Transformers itself, and whether it chose the same experts
        single = LongcatFlashForCausalLM(config_of(shape))
        single.config._attn_implementation = "eager"
        with torch.no_grad():
            for (_, p), (_, q) in zip(single.named_parameters(), model.named_parameters()):
                p.copy_(q)
            for (n, b), (_, c) in zip(single.named_buffers(), model.named_buffers()):
                if n.endswith("e_score_correction_bias"):
                    b.copy_(c)
        total, own = run(single, rows, shape, ())
        total.backward()
        errors = {"logits": error(own["logits"], seen["logits"])}
        errors |= {n: error(g, e) for (n, g), (_, e) in zip(named(((n, p.grad) for n, p in single.named_parameters()), v["experts"]), gradients)
                   if e.abs().max() > 0}
        tensors |= {f"float_error.{n}": torch.tensor([e], dtype=torch.float64) for n, e in errors.items()}

    metadata = {f"model.{k}": str(x) for k, x in v.items()} | {
        "model.expectedExperts": str(EXPECTED[shape]), "model.routedScale": str(SCALES[shape]), "model.normEps": "1e-5", "step": "0", "tokens": "0",
        "updates": "0", **{f"model.initStd.{k}": "0.5" for k in ("embedding", "hidden", "residual", "router", "output")},
        "groups": str(GROUPS[shape]), "lambda": str(LAMBDA if "z" in features else 0), "alpha": str(ALPHA if "balance" in features else 0),
        "weight": str(WEIGHT if mtp else 0), "gap": f"{gap:.3e}",
    }
    if mtp:
        metadata |= {"model.mtp": "1", "mtpUpdates": "0"}
    FOLDER.mkdir(exist_ok=True)
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, FOLDER / f"{name}.safetensors", metadata)
    print(f"{name}: loss {float(seen['loss']):.6f}, smallest top-k gap {gap:.2e}")


def record_adamw():
    """Ten steps of torch's AdamW in float32 on gradients of Transformers' model, three tensors."""
    torch.manual_seed(5)
    model = LongcatFlashForCausalLM(config_of("a"))
    with torch.no_grad():
        for n, p in model.named_parameters():
            fill(n, p, "one")
    chosen = {n: p for n, p in model.named_parameters() if n in (
        "model.layers.0.self_attn.0.o_proj.weight", "model.layers.1.mlp.router.classifier.weight", "lm_head.weight")}
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), eps=1e-16, weight_decay=0.1)
    tensors = {f"before.{n}": p.detach().clone() for n, p in chosen.items()}
    for step in range(10):
        ids = torch.randint(SHAPES["a"][0], (2, 9))
        optimizer.zero_grad()
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
        tensors |= {f"gradient.{step}.{n}": p.grad.clone() for n, p in chosen.items()}
        optimizer.step()
    for n, p in chosen.items():
        state = optimizer.state[p]
        tensors |= {f"after.{n}": p.detach(), f"first.{n}": state["exp_avg"], f"second.{n}": state["exp_avg_sq"]}
    save_file({n: t.contiguous() for n, t in tensors.items()}, FOLDER / "adamw.safetensors")


if __name__ == "__main__":
    for shape in SHAPES:
        for init in ("hf", "one"):
            record(shape, init)
    for features in (("mtp",), ("z",), ("balance",), ("mtp", "z", "balance")):
        for shape in ("a", "c"):
            record(shape, "one", features)
    record_adamw()
