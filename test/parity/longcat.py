"""Writes longcat.safetensors: a tiny LongCat-Flash model, two documents, and what Hugging Face's LongcatFlashForCausalLM makes of them in
double precision: logits, loss and every gradient. native/trainer/model/parity_test.cc holds our forward and backward pass against it,
so that the test itself needs neither torch nor transformers.

Transformers computes norms, router, rotary table and attention softmax in float32 even after .double(); this runs a copy of its source
where those casts read float64, and counts that it found every one. Weights are float32 values, so that one file serves both precisions.

    pip install torch==2.15.0 transformers==5.17.0 safetensors
    python test/parity/longcat.py
"""

import importlib.util
import inspect
import pathlib
import sys
import tempfile

import torch
from safetensors.torch import save_file
from transformers import LongcatFlashConfig
from transformers.models.longcat_flash import modeling_longcat_flash as original

# The widths of tiny_model() in native/trainer/testing/tiny.h.
CONFIG = dict(
    vocab_size=17, hidden_size=12, num_layers=2, num_attention_heads=2, q_lora_rank=7, kv_lora_rank=5, qk_nope_head_dim=3, qk_rope_head_dim=4,
    head_dim=4, v_head_dim=6, ffn_hidden_size=14, expert_ffn_hidden_size=9, n_routed_experts=4, zero_expert_num=2, moe_topk=3,
    routed_scaling_factor=1.5, rms_norm_eps=1e-5, max_position_embeddings=64, pad_token_id=None,
    rope_parameters={"rope_type": "default", "rope_theta": 1e4},
)
DOCUMENTS = [[3, 16, 0, 5, 5, 9, 1], [12, 7, 7, 2, 14]]


def in_double():
    source = inspect.getsource(original)
    for text, count in (("torch.float32", 4), ("dtype=torch.float)", 1), ("dtype=torch.float,", 1), (".float()", 1)):
        assert source.count(text) == count, f"transformers has changed: expected {count} x {text}, found {source.count(text)}"
        source = source.replace(text, text.replace("torch.float32", "torch.float64").replace("torch.float,", "torch.float64,")
                                .replace("torch.float)", "torch.float64)").replace(".float()", ".double()"))
    folder = tempfile.mkdtemp()
    path = pathlib.Path(folder, "double.py")
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(original.__name__ + "_double", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)  # its name keeps it in the package, so relative imports work
    return module.LongcatFlashForCausalLM


def named(parameters, experts=CONFIG["n_routed_experts"]):
    """Fused experts under the names of a checkpoint on disk; rows of zero experts, which have no tensors, left out."""
    for name, value in parameters:
        if value is None:
            continue
        if name.endswith("mlp.experts.gate_up_proj"):
            for expert in range(experts):
                gate, up = value[expert].chunk(2)
                yield name.replace("gate_up_proj", f"{expert}.gate_proj.weight"), gate
                yield name.replace("gate_up_proj", f"{expert}.up_proj.weight"), up
        elif name.endswith("mlp.experts.down_proj"):
            for expert in range(experts):
                yield name.replace("down_proj", f"{expert}.down_proj.weight"), value[expert]
        else:
            yield name, value


def main():
    torch.manual_seed(11)
    model = in_double()(LongcatFlashConfig(**CONFIG)).double()
    model.config._attn_implementation = "eager"
    with torch.no_grad():
        for name, p in model.named_parameters():
            spread = 1.0 if "embed_tokens" in name else 0.2 if p.dim() == 1 else (1.2 / p.shape[-1]) ** 0.5
            p.copy_((torch.randn(p.shape) * spread + (1 if p.dim() == 1 else 0)).float())
        for name, b in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                b.copy_((torch.randn(b.shape) * 0.02).float())

    logits, loss = [], 0
    for document in DOCUMENTS:
        ids = torch.tensor([document])
        logits.append(model(input_ids=ids, use_cache=False).logits[0])
        loss = loss + torch.nn.functional.cross_entropy(logits[-1][:-1], ids[0, 1:], reduction="sum")
    loss.backward()

    tensors = {f"weight.{n}": v.float() for n, v in named(model.named_parameters())}
    tensors |= {f"weight.{n}": v.float() for n, v in model.named_buffers() if n.endswith("e_score_correction_bias")}
    tensors |= {f"gradient.{n}": v for n, v in named((n, p.grad) for n, p in model.named_parameters())}
    tensors["logits"] = torch.cat(logits)
    tensors["loss"] = loss.reshape(1)
    tensors["tokens"] = torch.tensor(sum(DOCUMENTS, []), dtype=torch.int32)
    tensors["lengths"] = torch.tensor([len(d) for d in DOCUMENTS], dtype=torch.int32)
    path = pathlib.Path(__file__).with_suffix(".safetensors")
    save_file({n: t.detach().contiguous() for n, t in tensors.items()}, path)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes, loss {loss.item():.12f}")


if __name__ == "__main__":
    main()
