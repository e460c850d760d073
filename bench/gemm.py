"""The peer of bench/gemm.ts: torch.mm in float32. Reads one JSON line {m, n, k, transA, transB, accumulate, times} a request, answers with
milliseconds a product.

    pip install torch==2.15.0
"""

import json
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(1)
made = {}
for line in sys.stdin:
    r = json.loads(line)
    m, n, k = r["m"], r["n"], r["k"]
    if (m, n, k, r["transA"], r["transB"]) not in made:
        made.clear()
        a = torch.randn(k, m).T if r["transA"] else torch.randn(m, k)
        b = torch.randn(n, k).T if r["transB"] else torch.randn(k, n)
        made[(m, n, k, r["transA"], r["transB"])] = a, b, torch.zeros(m, n)
        fresh = True
    a, b, c = made[(m, n, k, r["transA"], r["transB"])]
    multiply = (lambda: c.addmm_(a, b)) if r["accumulate"] else (lambda: torch.mm(a, b, out=c))
    if fresh:
        multiply()
        fresh = False
    begin = time.perf_counter()
    for _ in range(r["times"]):
        multiply()
    print(json.dumps(1e3 * (time.perf_counter() - begin) / r["times"]), flush=True)
