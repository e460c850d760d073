"""The content digest of an Arrow file by its definition (pipelines/arrow/digest.ts), value by value from what pyarrow reads. Prints JSON."""
import hashlib, json, struct, sys
import pyarrow as pa

HIDDEN = object()  # a slot below a null struct or fixed list
u64 = lambda n: struct.pack("<Q", n)
sized = lambda b: u64(len(b)) + b
name = lambda f: f"{json.dumps(f.name, ensure_ascii=False)}: {text(f.type)}{'?' if f.nullable else ''}"
bits = lambda flags: bytes(sum(1 << j for j, on in enumerate(flags[i : i + 8]) if on) for i in range(0, len(flags), 8))
t = pa.types


def text(ty):
    if t.is_string(ty): return "utf8"
    if t.is_fixed_size_binary(ty): return f"fixed[{ty.byte_width}]"
    if t.is_boolean(ty): return "bool"
    if t.is_floating(ty): return f"float{ty.bit_width}"
    if t.is_fixed_size_list(ty): return f"list[{ty.list_size}]<{name(ty.value_field)}>"
    if t.is_list(ty): return f"list<{name(ty.value_field)}>"
    if t.is_map(ty): return f"map<{name(ty.key_field)}, {name(ty.item_field)}>"
    if t.is_struct(ty): return f"struct<{', '.join(name(ty.field(i)) for i in range(ty.num_fields))}>"
    return str(ty)  # binary, int8 … uint64


def pack(ty, v):
    if t.is_fixed_size_binary(ty): return bytes(ty.byte_width) if v is None else v
    code = {"halffloat": "e", "float": "f", "double": "d"}.get(str(ty)) or {8: "b", 16: "h", 32: "i", 64: "q"}[ty.bit_width]
    return struct.pack("<" + (code.upper() if str(ty)[0] == "u" else code), v or 0)


def column(ty, nullable, values):
    valid = [not (v is None or (v is HIDDEN and nullable)) for v in values]
    out = b"\0" if all(valid) else b"\1" + sized(bits(valid))
    values = [None if v is HIDDEN else v for v in values]
    if t.is_struct(ty):
        fields = [ty.field(i) for i in range(ty.num_fields)]
        return out + b"".join(column(f.type, f.nullable, [HIDDEN if v is None else v[f.name] for v in values]) for f in fields)
    if t.is_fixed_size_list(ty):
        items = [x for v in values for x in ([HIDDEN] * ty.list_size if v is None else v)]
        return out + column(ty.value_type, ty.value_field.nullable, items)
    if t.is_boolean(ty): return out + sized(bits(values))
    if not (t.is_string(ty) or t.is_binary(ty) or t.is_list(ty) or t.is_map(ty)):
        return out + sized(b"".join(pack(ty, v) for v in values))
    values = [v.encode() if isinstance(v, str) else v or [] for v in values]
    ends = [0]
    for v in values: ends.append(ends[-1] + len(v))
    out += sized(struct.pack(f"<{len(ends)}i", *ends))
    if t.is_map(ty): return out + column(ty.key_type, False, [k for v in values for k, _ in v]) + column(ty.item_type, ty.item_field.nullable, [x for v in values for _, x in v])
    if t.is_list(ty): return out + column(ty.value_type, ty.value_field.nullable, [x for v in values for x in v])
    return out + sized(b"".join(v or b"" for v in values))


sha = lambda b: hashlib.sha256(b)
file = pa.ipc.open_file(sys.argv[1])
lines = [name(f) for f in file.schema] + ["=".join(json.dumps(x.decode(), ensure_ascii=False) for x in kv) for kv in sorted((file.schema.metadata or {}).items())]
schema = sha(("millrace-arrow-1\n" + "".join(line + "\n" for line in lines)).encode())
batches = [file.get_batch(i) for i in range(file.num_record_batches)]
digests = [sha(u64(b.num_rows) + b"".join(column(f.type, f.nullable, c.to_pylist()) for f, c in zip(b.schema, b.columns))) for b in batches]
print(json.dumps({"content": sha(schema.digest() + b"".join(d.digest() for d in digests)).hexdigest(), "batches": [d.hexdigest() for d in digests]}))
