// The checks are those of huggingface/safetensors 0.5 (`Metadata::validate`, `SafeTensors::read_metadata`): header at most 100 MB, it
// begins with '{', offsets cover the data without hole or overlap, sizes equal shape times dtype. Names twice are refused as well.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "native/trainer/safetensors/json.h"
#include "native/trainer/safetensors/safetensors.h"

namespace millrace::trainer {
namespace {

constexpr size_t kMaxRank = 16;
constexpr size_t kMaxName = 1024;  // so that a message that quotes one stays short

struct Spelling {
  Dtype dtype;
  const char* name;
  int64_t size;
};
constexpr Spelling kDtypes[] = {{Dtype::f32, "F32", 4}, {Dtype::f64, "F64", 8}, {Dtype::bf16, "BF16", 2}, {Dtype::f16, "F16", 2},
                                {Dtype::i64, "I64", 8}, {Dtype::i32, "I32", 4}, {Dtype::u64, "U64", 8},   {Dtype::u8, "U8", 1}};

Error read_name(JsonCursor& json, std::string& out) {
  MILLRACE_TRY(json.string(out));
  if (out.size() > kMaxName) return json.fail("a name of at most " + std::to_string(kMaxName) + " bytes before");
  return json.expect(':');
}

struct Entry {
  StoredTensor tensor;
  int64_t begin = -1, end = -1;
};

Error read_metadata(JsonCursor& json, Metadata& out) {
  MILLRACE_TRY(json.expect('{'));
  if (json.take('}')) return Error::none();
  do {
    std::string key, value;
    MILLRACE_TRY(read_name(json, key));
    MILLRACE_TRY(json.string(value));
    if (!out.emplace(key, std::move(value)).second) return json.fail("another key than \"" + key + "\" again before");
  } while (json.take(','));
  return json.expect('}');
}

Error read_numbers(JsonCursor& json, size_t most, std::vector<int64_t>& out) {
  out.clear();
  MILLRACE_TRY(json.expect('['));
  if (json.take(']')) return Error::none();
  do {
    if (out.size() == most) return json.fail("at most " + std::to_string(most) + " numbers before");
    MILLRACE_TRY(json.number(out.emplace_back()));
  } while (json.take(','));
  return json.expect(']');
}

Error read_entry(JsonCursor& json, Entry& entry) {
  bool dtype = false, shape = false, offsets = false;
  MILLRACE_TRY(json.expect('{'));
  do {
    std::string key;
    MILLRACE_TRY(read_name(json, key));
    if (key == "dtype" && !dtype) {
      std::string spelled;
      MILLRACE_TRY(json.string(spelled));
      for (const Spelling& s : kDtypes)
        if (spelled == s.name) entry.tensor.dtype = s.dtype, dtype = true;
      if (!dtype)
        return {kUnsupported, "safetensors: expected F32, F64, BF16, F16, I64, I32, U64 or U8, found \"" + spelled.substr(0, 32) +
                                  "\" at tensor " + entry.tensor.name};
    } else if (key == "shape" && !shape) {
      MILLRACE_TRY(read_numbers(json, kMaxRank, entry.tensor.shape));
      shape = true;
    } else if (key == "data_offsets" && !offsets) {
      std::vector<int64_t> pair;
      MILLRACE_TRY(read_numbers(json, 2, pair));
      if (pair.size() != 2) return json.fail("two offsets before");
      entry.begin = pair[0], entry.end = pair[1], offsets = true;
    } else {
      return json.fail("dtype, shape and data_offsets once each, not \"" + key + "\" before");
    }
  } while (json.take(','));
  MILLRACE_TRY(json.expect('}'));
  return dtype && shape && offsets ? Error::none() : json.fail("dtype, shape and data_offsets before");
}

// Bytes of the tensor, or -1 where the product leaves 63 bits.
int64_t byte_count(const StoredTensor& tensor) {
  int64_t bytes = size_of(tensor.dtype);
  for (const int64_t extent : tensor.shape)
    if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) return -1;
  return bytes;
}

}  // namespace

const char* name(Dtype dtype) {
  for (const Spelling& s : kDtypes)
    if (s.dtype == dtype) return s.name;
  return "unknown";
}

int64_t size_of(Dtype dtype) {
  for (const Spelling& s : kDtypes)
    if (s.dtype == dtype) return s.size;
  return 1;
}

const StoredTensor* SafetensorsIndex::find(std::string_view name) const {
  const auto at = std::lower_bound(tensors.begin(), tensors.end(), name,
                                   [](const StoredTensor& t, std::string_view n) { return t.name < n; });
  return at != tensors.end() && at->name == name ? &*at : nullptr;
}

Error parse_safetensors(std::span<const uint8_t> file, SafetensorsIndex& out) {
  out.tensors.clear();
  out.metadata.clear();
  if (file.size() < 8) return {kFormat, "safetensors: expected at least 8 bytes, found " + std::to_string(file.size())};
  uint64_t length;
  std::memcpy(&length, file.data(), 8);
  if (length > kMaxHeader || length > file.size() - 8)
    return {kFormat, "safetensors: expected a header of at most " + std::to_string(std::min<uint64_t>(kMaxHeader, file.size() - 8)) +
                         " bytes, found length " + std::to_string(length) + " at byte 0"};
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + 8, length);
  if (header.empty() || header[0] != '{') return JsonCursor(header, 8).fail("'{'");

  JsonCursor json(header, 8);
  std::vector<Entry> entries;
  bool metadata = false;
  MILLRACE_TRY(json.expect('{'));
  if (!json.take('}')) {
    do {
      std::string key;
      MILLRACE_TRY(read_name(json, key));
      if (key == "__metadata__") {
        if (metadata) return json.fail("__metadata__ once, not again before");
        metadata = true;
        MILLRACE_TRY(read_metadata(json, out.metadata));
      } else {
        entries.emplace_back().tensor.name = std::move(key);
        MILLRACE_TRY(read_entry(json, entries.back()));
      }
    } while (json.take(','));
    MILLRACE_TRY(json.expect('}'));
  }
  MILLRACE_TRY(json.end());

  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  const auto data = file.subspan(8 + length);
  int64_t covered = 0;
  for (Entry& e : entries) {
    const int64_t bytes = byte_count(e.tensor);
    if (e.begin != covered || e.end < e.begin || static_cast<uint64_t>(e.end) > data.size() || bytes != e.end - e.begin)
      return {kFormat, "safetensors: expected tensor " + e.tensor.name + " at data offset " + std::to_string(covered) + ", " +
                           (bytes < 0 ? "fewer than 2^63" : std::to_string(bytes)) + " bytes inside " + std::to_string(data.size()) + ", found [" +
                           std::to_string(e.begin) + ", " + std::to_string(e.end) + ")"};
    e.tensor.bytes = data.subspan(static_cast<size_t>(e.begin), static_cast<size_t>(bytes));
    covered = e.end;
  }
  if (static_cast<uint64_t>(covered) != data.size())
    return {kFormat, "safetensors: expected " + std::to_string(covered) + " bytes of data, found " + std::to_string(data.size())};
  for (Entry& e : entries) out.tensors.push_back(std::move(e.tensor));
  std::sort(out.tensors.begin(), out.tensors.end(), [](const StoredTensor& a, const StoredTensor& b) { return a.name < b.name; });
  for (size_t i = 1; i < out.tensors.size(); ++i)
    if (out.tensors[i].name == out.tensors[i - 1].name)
      return {kFormat, "safetensors: expected each name once, found " + out.tensors[i].name + " twice"};
  return Error::none();
}

SafetensorsFile::~SafetensorsFile() {
  if (map_) ::munmap(map_, size_);
}

Error SafetensorsFile::open(const std::string& path) {
  const auto refused = [&](const char* what) {
    return Error{kIo, "safetensors: cannot " + std::string(what) + " " + path + ": " + std::strerror(errno)};
  };
  if (map_) ::munmap(map_, size_);
  map_ = nullptr;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return refused("open");
  struct stat status;
  Error error = ::fstat(descriptor, &status) == 0 ? Error::none() : refused("stat");
  if (!error && !S_ISREG(status.st_mode)) error = {kIo, "safetensors: expected a regular file, found another kind at " + path};
  size_ = error ? 0 : static_cast<size_t>(status.st_size);
  if (!error && size_ > 0) {
    void* map = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (map == MAP_FAILED) error = refused("map");
    else map_ = map;
  }
  ::close(descriptor);
  if (error) return error;
  error = parse_safetensors({static_cast<const uint8_t*>(map_), size_}, *this);
  return error ? Error(error.code(), error.message() + " in " + path) : Error::none();
}

}  // namespace millrace::trainer
