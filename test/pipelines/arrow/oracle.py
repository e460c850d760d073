"""pyarrow as the other side: `read FILE` prints a file's batches as JSON, `write FOLDER` writes files for our reader and prints their values."""
import json, os, sys
import pyarrow as pa


def plain(v, ty):
    t = pa.types
    if v is None: return None
    if t.is_dictionary(ty): return plain(v, ty.value_type)
    if isinstance(v, bytes): return v.hex()
    if t.is_map(ty): return {k: plain(x, ty.item_type) for k, x in v}
    if t.is_struct(ty): return {ty.field(i).name: plain(v[ty.field(i).name], ty.field(i).type) for i in range(ty.num_fields)}
    if isinstance(v, list): return [plain(x, ty.value_type) for x in v]
    if isinstance(v, int) and not isinstance(v, bool) and abs(v) > 2**53 - 1: return str(v)
    if isinstance(v, float) and (v != v or v in (float("inf"), float("-inf"))): return "NaN" if v != v else ("Infinity" if v > 0 else "-Infinity")
    return v


def rows(batches):
    return [[{f.name: x for f, c in zip(b.schema, cols) if (x := plain(c[i], f.type)) is not None} for i in range(b.num_rows)] for b in batches for cols in [[c.to_pylist() for c in b.columns]]]


def read(path):
    file = pa.ipc.open_file(path)
    for i in range(file.num_record_batches): file.get_batch(i).validate(full=True)
    return {"schema": str(file.schema.remove_metadata()), "metadata": {k.decode(): v.decode() for k, v in (file.schema.metadata or {}).items()}, "batches": rows([file.get_batch(i) for i in range(file.num_record_batches)])}


def write(folder):
    out = {}

    def save(name, batches, **options):
        with pa.ipc.new_file(os.path.join(folder, name + ".arrow"), batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as w:
            for b in batches: w.write_batch(b)
        out[name] = rows(batches)

    n = 1000
    words = ["", "a", "häuser", "日本語", "x" * 300, None]
    full = pa.record_batch({
        "text": pa.array([words[i % 6] for i in range(n)]),
        "large": pa.array([words[i % 5] for i in range(n)], pa.large_string()),
        "bytes": pa.array([bytes([i % 256]) * (i % 4) for i in range(n)], pa.large_binary()),
        "tag": pa.array([words[i * 7 % 6] for i in range(n)]).dictionary_encode(),
        "tags": pa.ListArray.from_arrays(list(range(0, 2 * n + 1, 2)), pa.array([words[i * 5 % 6] for i in range(2 * n)]).dictionary_encode()),
        "flag": pa.array([None if i % 5 == 0 else i % 3 == 0 for i in range(n)]),
        "number": pa.array([None if i % 7 == 0 else i - 500 for i in range(n)], pa.int16()),
        "wide": pa.array([2**63 - i for i in range(n)], pa.uint64()),
        "half": pa.array([i / 2 for i in range(n)], pa.float32()),
        "many": pa.array([None if i % 11 == 0 else list(range(i % 5)) for i in range(n)], pa.large_list(pa.int32())),
        "pair": pa.array([None if i % 13 == 0 else [i, None] for i in range(n)], pa.list_(pa.int64(), 2)),
        "meta": pa.array([None if i % 9 == 0 else [("k", str(i)), ("l", None)][: i % 3] for i in range(n)], pa.map_(pa.string(), pa.string())),
        "point": pa.array([None if i % 4 == 0 else {"x": i, "y": words[i % 6]} for i in range(n)], pa.struct([pa.field("x", pa.int8() if n < 100 else pa.int32()), ("y", pa.string())])),
    })
    save("plain", [full, full.slice(0, 0), full.slice(7, 500)])
    save("zstd", [full, full.slice(3, 1)], compression="zstd")
    save("sliced", [full.slice(k, 101) for k in (1, 9, 333)], compression="zstd")
    save("version4", [full], metadata_version=pa.ipc.MetadataVersion.V4)
    save("saving", [full], compression=pa.Codec("zstd"))
    one, two = (pa.DictionaryArray.from_arrays(pa.array(i, pa.int8()), pa.array(v)) for i, v in (([0, 1, None, 1], ["a", "b"]), ([0, 2, 1, 2], ["a", "b", "c"])))
    save("delta", [pa.record_batch({"tag": one}), pa.record_batch({"tag": two})], emit_dictionary_deltas=True)
    # Null slots that hold values, which no reader may see.
    dirty = pa.Array.from_buffers(pa.string(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0\4\0\0\0"), pa.py_buffer(b"a\xff\xffb")])
    numbers = pa.Array.from_buffers(pa.int32(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(bytes(range(12)))])
    struct_ = pa.Array.from_buffers(pa.struct([("n", pa.int32())]), 3, [pa.py_buffer(b"\x06")], children=[pa.array([1, 2, 3], pa.int32())])
    lists = pa.Array.from_buffers(pa.list_(pa.int32()), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(b"\0\0\0\0\1\0\0\0\3\0\0\0\4\0\0\0")], children=[pa.array([1, 2, 3, 4], pa.int32())])
    save("dirty", [pa.record_batch({"text": dirty, "n": numbers, "s": struct_, "l": lists})])
    save("lz4", [full], compression="lz4")
    save("view", [pa.record_batch({"v": pa.array(["a"], pa.string_view())})])
    save("time", [pa.record_batch({"at": pa.array([1], pa.timestamp("s"))})])
    with pa.ipc.new_stream(os.path.join(folder, "stream.arrow"), full.schema) as w: w.write_batch(full)
    return out


print(json.dumps(read(sys.argv[2]) if sys.argv[1] == "read" else write(sys.argv[2]), default=str))
