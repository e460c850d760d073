"""The peer of bench/trainer.ts: Transformers' LongcatFlashForCausalLM trained by torch on this CPU. Reads one JSON line (model, rows,
rowLength, threads, patched), then trains one step for every further line and answers {"ms", "loss", "peak"}: milliseconds, nats, and
the largest resident size so far in bytes. `patched` removes what is merely slow in the stock code: tokens are sorted by expert, the fused
expert tensor is unbound once (its backward else makes the full tensor for every expert), AdamW is fused.

    pip install torch==2.15.0 transformers==5.17.0
"""

import json
import resource
import sys
import time

import torch
from transformers import LongcatFlashConfig, LongcatFlashForCausalLM
from transformers.models.longcat_flash.modeling_longcat_flash import LongcatFlashExperts


def sorted_experts(self, x, chosen, weights):
    flat = chosen.flatten()
    order = flat.argsort(stable=True)
    token = order // chosen.shape[1]
    rows, gate_up, down = x[token], self.gate_up_proj.unbind(0), self.down_proj.unbind(0)
    out, start = [], 0
    for e, n in enumerate(torch.bincount(flat, minlength=self.total_experts).tolist()):
        if n == 0:
            continue
        part, start = rows[start : start + n], start + n
        if e < self.num_routed_experts:
            gate, up = torch.nn.functional.linear(part, gate_up[e]).chunk(2, dim=-1)
            part = torch.nn.functional.linear(self.act_fn(gate) * up, down[e])
        out.append(part)
    return torch.zeros_like(x).index_add_(0, token, torch.cat(out) * weights.flatten()[order, None])


request = json.loads(sys.stdin.readline())
m = request["model"]
torch.manual_seed(1)
torch.set_num_threads(request["threads"])
if request["patched"]:
    LongcatFlashExperts.forward = sorted_experts
model = LongcatFlashForCausalLM(LongcatFlashConfig(
    vocab_size=m["vocabulary"], hidden_size=m["hidden"], num_layers=m["layers"], num_attention_heads=m["heads"], q_lora_rank=m["qRank"],
    kv_lora_rank=m["kvRank"], qk_nope_head_dim=m["nopeDim"], qk_rope_head_dim=m["ropeDim"], head_dim=m["ropeDim"], v_head_dim=m["valueDim"],
    ffn_hidden_size=m["denseWidth"], expert_ffn_hidden_size=m["expertWidth"], n_routed_experts=m["experts"], zero_expert_num=m["zeroExperts"],
    moe_topk=m["topK"], routed_scaling_factor=float(m["routedScale"]), rms_norm_eps=m["normEps"], max_position_embeddings=request["rowLength"],
    pad_token_id=None, rope_parameters={"rope_type": "default", "rope_theta": 1e6}, attn_implementation="sdpa"))
decay = [p for p in model.parameters() if p.dim() > 1]
rest = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0}], lr=1e-3, betas=(0.9, 0.95),
                              eps=1e-16, fused=request["patched"])
for _ in sys.stdin:
    ids = torch.randint(m["vocabulary"], (request["rows"], request["rowLength"]))
    begin = time.perf_counter()
    loss = model(input_ids=ids, labels=ids, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    ms = 1e3 * (time.perf_counter() - begin)
    print(json.dumps({"ms": ms, "loss": loss.item(), "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
