// Arrow IPC file format, metadata version V5: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format; tables, vectors and
// unions as FlatBuffers lays them out (https://flatbuffers.dev/internals). Only what a shard needs is read.
#include "native/shard/arrow_file.h"

#include <cstring>

namespace millrace::shard {
namespace {

enum TypeId : uint8_t { kInt = 2, kList = 12, kStruct = 13, kFixedSizeBinary = 15, kFixedSizeList = 16 };
constexpr uint8_t kRecordBatch = 3;
constexpr uint64_t kMaxBatches = 1u << 24;

// A FlatBuffer. A read outside of it gives 0 and makes it bad; callers ask `bad` before they use what they read.
class Flat {
 public:
  explicit Flat(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  T read(uint64_t at) {
    T value{};
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) {
      bad = true;
      return value;
    }
    std::memcpy(&value, bytes_.data() + at, sizeof(T));
    return value;
  }

  // Where the field of a table lies; 0 if it is absent.
  uint64_t field(uint64_t table, int index) {
    const int64_t vtable = static_cast<int64_t>(table) - read<int32_t>(table);
    if (bad || vtable < 0) return fail();
    const uint64_t slot = 4 + 2 * static_cast<uint64_t>(index);
    if (slot + 2 > read<uint16_t>(static_cast<uint64_t>(vtable))) return 0;
    const uint16_t offset = read<uint16_t>(static_cast<uint64_t>(vtable) + slot);
    return bad || offset == 0 ? 0 : table + offset;
  }
  // What a field of reference type points to; 0 if absent.
  uint64_t follow(uint64_t table, int index) {
    const uint64_t at = field(table, index);
    return at == 0 ? 0 : at + read<uint32_t>(at);
  }
  template <class T>
  T scalar(uint64_t table, int index, T otherwise) {
    const uint64_t at = field(table, index);
    return at == 0 ? otherwise : read<T>(at);
  }
  // Elements of a vector of `size` bytes each: their number, and in `first` the place of the first. All lie inside.
  uint64_t vector(uint64_t table, int index, uint64_t size, uint64_t& first) {
    const uint64_t at = follow(table, index);
    first = at + 4;
    if (at == 0 || bad) return 0;
    const uint64_t count = read<uint32_t>(at);
    if (bad || first > bytes_.size() || count > (bytes_.size() - first) / size) return fail();
    return count;
  }
  uint64_t root() { return read<uint32_t>(0); }

  bool bad = false;

 private:
  uint64_t fail() {
    bad = true;
    return 0;
  }
  std::span<const uint8_t> bytes_;
};

Error expected(const std::string& what) { return {kFormat, "shard: expected " + what}; }

struct Field {
  uint64_t table = 0;
  uint8_t type = 0;
  uint64_t detail = 0;  // the type's own table
};

// The children of a field (or the fields of a schema), `count` of them.
Error children(Flat& flat, uint64_t table, int index, size_t count, const char* of, std::vector<Field>& out) {
  uint64_t first = 0;
  const uint64_t found = flat.vector(table, index, 4, first);
  if (flat.bad || found != count) return expected(std::to_string(count) + " columns in " + of + ", found " + std::to_string(found));
  out.clear();
  for (size_t i = 0; i < count; ++i) {
    const uint64_t at = first + 4 * i;
    Field field;
    field.table = at + flat.read<uint32_t>(at);
    field.type = flat.scalar<uint8_t>(field.table, 2, 0);
    field.detail = flat.follow(field.table, 3);
    if (flat.bad || flat.field(field.table, 4) != 0) return expected(std::string("plain columns in ") + of);
    out.push_back(field);
  }
  return Error::none();
}

// Bits of an unsigned integer column; 0 if it is something else.
uint32_t unsigned_bits(Flat& flat, const Field& field) {
  if (field.type != kInt || field.detail == 0 || flat.scalar<uint8_t>(field.detail, 1, 0) != 0) return 0;
  const int32_t bits = flat.scalar<int32_t>(field.detail, 0, 0);
  return flat.bad || bits < 0 ? 0 : static_cast<uint32_t>(bits);
}

Error parse_schema(Flat& flat, uint64_t schema, FileLayout& out) {
  if (schema == 0 || flat.scalar<int16_t>(schema, 0, 0) != 0) return expected("a little-endian schema");
  std::vector<Field> columns, items, members;
  MILLRACE_TRY(children(flat, schema, 1, 2, "a shard (tokens, runs)", columns));
  if (columns[0].type != kFixedSizeList || columns[0].detail == 0) return expected("tokens as a fixed-size list");
  const int32_t row_length = flat.scalar<int32_t>(columns[0].detail, 0, 0);
  if (flat.bad || row_length < 2 || row_length > (1 << 20)) return expected("rows of 2 to 1048576 ids, found " + std::to_string(row_length));
  MILLRACE_TRY(children(flat, columns[0].table, 5, 1, "tokens", items));
  const uint32_t bits = unsigned_bits(flat, items[0]);
  if (bits != 16 && bits != 32) return expected("tokens of uint16 or uint32");
  if (columns[1].type != kList) return expected("runs as a list");
  MILLRACE_TRY(children(flat, columns[1].table, 5, 1, "runs", items));
  if (items[0].type != kStruct) return expected("runs as a list of structs");
  MILLRACE_TRY(children(flat, items[0].table, 5, 5, "a run (document, pass, offset, length, flags)", members));
  if (members[0].type != kFixedSizeBinary || members[0].detail == 0 || flat.scalar<int32_t>(members[0].detail, 0, 0) != 16)
    return expected("documents of 16 bytes in runs");
  for (int i = 1; i < 5; ++i)
    if (unsigned_bits(flat, members[i]) != 32) return expected("pass, offset, length and flags of uint32 in runs");
  if (flat.bad) return expected("a schema inside the footer");
  out.row_length = static_cast<uint32_t>(row_length);
  out.width = bits / 8;
  return Error::none();
}

// Buffers of a batch, depth first: validity of tokens, of ids, ids; validity and offsets of runs; validity of the struct; then validity and
// values of its five members.
Error parse_batch(std::span<const uint8_t> file, uint64_t at, int32_t metadata, int64_t body, const FileLayout& layout, BatchLayout& out) {
  const uint64_t size = file.size();
  if (at % 8 != 0 || metadata < 16 || body < 0 || at > size || static_cast<uint64_t>(metadata) > size - at ||
      static_cast<uint64_t>(body) > size - at - static_cast<uint64_t>(metadata))
    return expected("a record batch inside the file, found one at " + std::to_string(at));
  const uint64_t begin = at + static_cast<uint64_t>(metadata);
  Flat flat(file.subspan(at + 8, static_cast<uint64_t>(metadata) - 8));
  const uint64_t message = flat.root();
  if (flat.scalar<uint8_t>(message, 1, 0) != kRecordBatch) return expected("a record batch message at " + std::to_string(at));
  const uint64_t batch = flat.follow(message, 2);
  if (flat.bad || batch == 0) return expected("a record batch message at " + std::to_string(at));
  if (flat.field(batch, 3) != 0) return expected("plain buffers: shards are mapped, so they are not compressed");
  uint64_t nodes = 0, buffers = 0;
  if (flat.vector(batch, 1, 16, nodes) != 9 || flat.vector(batch, 2, 16, buffers) != 16 || flat.bad)
    return expected("9 field nodes and 16 buffers in the record batch at " + std::to_string(at));
  int64_t lengths[9];
  for (uint64_t i = 0; i < 9; ++i) {
    lengths[i] = flat.read<int64_t>(nodes + 16 * i);
    if (flat.read<int64_t>(nodes + 16 * i + 8) != 0) return expected("no nulls in a shard");
  }
  const int64_t rows = lengths[0], runs = lengths[3];
  if (rows < 0 || rows > INT32_MAX || runs < 0 || runs > INT32_MAX || lengths[1] != rows * static_cast<int64_t>(layout.row_length) || lengths[2] != rows)
    return expected("tokens and runs of one length in the record batch at " + std::to_string(at));
  for (int i = 4; i < 9; ++i)
    if (lengths[i] != runs) return expected("members of runs of one length in the record batch at " + std::to_string(at));
  out.rows = static_cast<uint64_t>(rows);
  out.runs = static_cast<uint64_t>(runs);
  const uint64_t number = 4 * out.runs;
  struct Wanted {
    uint64_t buffer, bytes, alignment;
    uint64_t* place;
  };
  const Wanted wanted[] = {
      {2, out.rows * layout.row_length * layout.width, layout.width, &out.tokens},
      {4, out.rows == 0 ? 0 : 4 * (out.rows + 1), 4, &out.run_offsets},
      {7, 16 * out.runs, 1, &out.document},
      {9, number, 4, &out.pass},
      {11, number, 4, &out.offset},
      {13, number, 4, &out.length},
      {15, number, 4, &out.flags},
  };
  for (const Wanted& want : wanted) {
    const int64_t offset = flat.read<int64_t>(buffers + 16 * want.buffer);
    const int64_t length = flat.read<int64_t>(buffers + 16 * want.buffer + 8);
    if (flat.bad || offset < 0 || length < 0 || offset > body || length > body - offset || static_cast<uint64_t>(length) < want.bytes)
      return expected("buffer " + std::to_string(want.buffer) + " with " + std::to_string(want.bytes) + " bytes inside the record batch at " + std::to_string(at));
    *want.place = begin + static_cast<uint64_t>(offset);
    if (*want.place % want.alignment != 0) return expected("buffer " + std::to_string(want.buffer) + " aligned to " + std::to_string(want.alignment) + " bytes");
  }
  return Error::none();
}

}  // namespace

Error parse_file(std::span<const uint8_t> file, FileLayout& out) {
  constexpr char kMagic[] = "ARROW1";
  const uint64_t size = file.size();
  if (size < 24 || std::memcmp(file.data(), kMagic, 6) != 0 || std::memcmp(file.data() + size - 6, kMagic, 6) != 0)
    return expected("an Arrow file that begins and ends with ARROW1: it is something else, or was cut off");
  int32_t length = 0;
  std::memcpy(&length, file.data() + size - 10, 4);
  if (length <= 0 || static_cast<uint64_t>(length) > size - 18) return expected("a footer inside the file");
  Flat flat(file.subspan(size - 10 - static_cast<uint64_t>(length), static_cast<uint64_t>(length)));
  const uint64_t footer = flat.root();
  FileLayout layout;
  MILLRACE_TRY(parse_schema(flat, flat.follow(footer, 1), layout));
  uint64_t blocks = 0;
  if (flat.vector(footer, 2, 24, blocks) != 0) return expected("no dictionaries in a shard");
  const uint64_t count = flat.vector(footer, 3, 24, blocks);
  if (flat.bad || count > kMaxBatches) return expected("record batches that are listed inside the footer");
  layout.batches.resize(count);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t block = blocks + 24 * i;
    const int64_t at = flat.read<int64_t>(block);
    if (at < 0) return expected("a record batch inside the file");
    MILLRACE_TRY(parse_batch(file, static_cast<uint64_t>(at), flat.read<int32_t>(block + 8), flat.read<int64_t>(block + 16), layout, layout.batches[i]));
  }
  out = std::move(layout);
  return Error::none();
}

}  // namespace millrace::shard
