"""Recomputes the packing of one shard with numpy, from tokens and counts alone, and compares it with the file, id for id and run for run.

    python test/pipelines/shard/packing.py --seed 1 --row-length 512 --partitions 8 --part 0 \
        --rows ROWS.arrow --index INDEX.arrow --tokens TOKENS.arrow... --counts COUNTS.arrow...

Prints one JSON line {rows, tokens, padding, groups}; exit code 1 and what differs where it does. `--tokens` and `--counts` take every part
of the role, ROWS and INDEX the part of one partition. The rules are those of docs/formats.md, "Rows and shards".
"""
import argparse
import hashlib
import json
import sys

import numpy as np
import pyarrow as pa

BOS, EOS, PADDING = 1, 2, 3


def read(paths):
    return pa.concat_tables([pa.ipc.open_file(path).read_all() for path in paths])


def draw(key):
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def pack(documents, length):
    """Rows of ids and their runs (document, offset, length), for documents (id, bos + ids + eos) in order."""
    rows, runs, row, own = [], [], np.empty(0, np.int64), []
    for name, ids in documents:
        at = 0
        while at < len(ids) - 1:
            if length - len(row) < 2:
                rows, runs, row, own = rows + [row], runs + [own], np.empty(0, np.int64), []
            piece = ids[at : at + length - len(row)]
            own = own + [(name, at, len(piece))]
            row = np.concatenate([row, piece])
            at += len(piece) - 1
    if own:
        rows, runs = rows + [row], runs + [own]
    filled = np.full((len(rows), length), PADDING, np.int64)
    for i, row in enumerate(rows):
        filled[i, : len(row)] = row
    return filled, runs


def main():
    parser = argparse.ArgumentParser()
    for name in ("seed", "row-length", "partitions", "part"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("rows", "index"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("tokens", "counts"):
        parser.add_argument(f"--{name}", nargs="+", required=True)
    parser.add_argument("--components", nargs="+", help="what the shard was asked to pack; default: all")
    args = parser.parse_args()

    counts = read(args.counts)
    decided = {
        id.hex(): (component, role, count)
        for id, component, role, count in zip(*(counts.column(name).to_pylist() for name in ("id", "component", "role", "count")))
        if not args.components or component in args.components
    }
    groups = {}
    tokens = read(args.tokens)
    for batch in tokens.select(["id", "ids"]).to_batches():
        for id, ids in zip(batch.column("id").to_pylist(), batch.column("ids")):
            if int.from_bytes(id[:4], "big") * args.partitions >> 32 != args.part:
                continue
            if args.components and id.hex() not in decided:
                continue
            component, role, count = decided[id.hex()]
            whole = np.concatenate([[BOS], np.asarray(ids.values, np.int64), [EOS]])
            for turn in range(count):
                groups.setdefault((component, role, turn), []).append((id.hex(), whole))

    file = pa.ipc.open_file(args.rows)
    index = pa.ipc.open_file(args.index).read_all().to_pylist()
    found = {}
    for entry in index:
        assert entry["part"] == args.part, entry
        found.setdefault((entry["component"], entry["role"], entry["pass"]), []).append((file.get_batch(entry["batch"]), entry))
    if len(index) != file.num_record_batches or sorted(found) != sorted(groups):
        return f"expected groups {sorted(groups)}, found {sorted(found)}"

    sums = {"rows": 0, "tokens": 0, "padding": 0, "groups": len(groups)}
    for (component, role, turn), documents in groups.items():
        documents.sort(key=lambda d: (draw(f"{args.seed}/{d[0]}/{component}/{turn}/{args.row_length}/order"), d[0]))
        rows, runs = pack(documents, args.row_length)
        batches = [batch for batch, _ in found[component, role, turn]]
        ids = np.concatenate([np.asarray(b.column("tokens").flatten()).reshape(-1, args.row_length) for b in batches])
        if ids.shape != rows.shape or not np.array_equal(ids, rows):
            return f"{component}, {role}, pass {turn}: other ids"
        listed = [[(r["document"].hex(), r["offset"], r["length"]) for r in row] for b in batches for row in b.column("runs").to_pylist()]
        if listed != runs:
            return f"{component}, {role}, pass {turn}: other runs"
        filled = sum(r[2] for row in runs for r in row)
        if filled != sum(e["tokens"] for _, e in found[component, role, turn]):
            return f"{component}, {role}, pass {turn}: the index counts other tokens"
        sums["rows"] += len(rows)
        sums["tokens"] += filled
        sums["padding"] += rows.size - filled
    print(json.dumps(sums))
    return None


if __name__ == "__main__":
    problem = main()
    if problem:
        sys.exit(problem)
