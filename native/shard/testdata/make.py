"""Writes the files of shard_test.cc with pyarrow: python native/shard/testdata/make.py. Another writer than ours is the point."""
import pathlib

import pyarrow as pa

S = 5
RUN = pa.struct([pa.field("document", pa.binary(16), False)] + [pa.field(n, pa.uint32(), False) for n in ("pass", "offset", "length", "flags")])


def batch(number, ids):
    """Two rows: id i of row r is 1000 * number + 100 * r + i; row r has runs of 2 and 3 - r ids, so row 1 ends in one position of padding."""
    tokens = [[1000 * number + 100 * r + i for i in range(S)] for r in range(2)]
    runs = [
        [{"document": bytes([number, r, n] + [7] * 13), "pass": number, "offset": 10 * n, "length": length, "flags": n + 1} for n, length in enumerate((2, 3 - r))]
        for r in range(2)
    ]
    schema = pa.schema([pa.field("tokens", pa.list_(pa.field("item", ids, False), S), False), pa.field("runs", pa.list_(pa.field("item", RUN, False)), False)])
    return pa.record_batch([pa.array(tokens, schema.field(0).type), pa.array(runs, schema.field(1).type)], schema=schema)


def write(name, batches, **options):
    with pa.ipc.new_file(pathlib.Path(__file__).parent / name, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for each in batches:
            writer.write_batch(each)


write("narrow.arrow", [batch(n, pa.uint16()) for n in (1, 2, 3)])
write("wide.arrow", [batch(n, pa.uint32()) for n in (1, 70)])
write("compressed.arrow", [batch(1, pa.uint16())], compression="zstd")
write("signed.arrow", [batch(1, pa.int32())])
