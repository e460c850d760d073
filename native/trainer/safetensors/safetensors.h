#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"

namespace millrace::trainer {

// The safetensors format (huggingface/safetensors): u64 length of the header, little-endian; the header, JSON padded with spaces; data.
// Little-endian machines only. A file is hostile until it has been parsed: every length, offset and product is checked, nothing recurses.

inline constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own cap, bytes

enum class Dtype { f32, f64, bf16, f16, i64, i32, u64, u8 };
const char* name(Dtype dtype);      // as the format spells it: "F32"
int64_t size_of(Dtype dtype);       // bytes

template <class T> struct DtypeOf;
template <> struct DtypeOf<float> { static constexpr Dtype value = Dtype::f32; };
template <> struct DtypeOf<double> { static constexpr Dtype value = Dtype::f64; };
template <> struct DtypeOf<int64_t> { static constexpr Dtype value = Dtype::i64; };
template <> struct DtypeOf<int32_t> { static constexpr Dtype value = Dtype::i32; };
template <> struct DtypeOf<uint64_t> { static constexpr Dtype value = Dtype::u64; };
template <> struct DtypeOf<uint8_t> { static constexpr Dtype value = Dtype::u8; };

// A tensor whose bytes lie elsewhere (in a mapped file, or in the caller's memory when writing). Row-major.
struct StoredTensor {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<int64_t> shape;  // [] is a scalar
  std::span<const uint8_t> bytes;
};

// A tensor to write, from the caller's memory.
template <class T>
StoredTensor stored(std::string name, std::vector<int64_t> shape, std::span<const T> values) {
  return {std::move(name), DtypeOf<T>::value, std::move(shape), {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()}};
}

using Metadata = std::map<std::string, std::string>;

// What a parsed file holds. Tensors are sorted by name; their bytes point into the file.
struct SafetensorsIndex {
  std::vector<StoredTensor> tensors;
  Metadata metadata;
  const StoredTensor* find(std::string_view name) const;  // nullptr if there is none
};

// Error kFormat: what was expected, what was found, at which byte.
Error parse_safetensors(std::span<const uint8_t> file, SafetensorsIndex& out);

// A file mapped read-only; tensors stay valid as long as this lives. kIo, or kFormat with the path in the message.
class SafetensorsFile : public SafetensorsIndex {
 public:
  SafetensorsFile() = default;
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile&) = delete;
  SafetensorsFile& operator=(const SafetensorsFile&) = delete;
  Error open(const std::string& path);

 private:
  void* map_ = nullptr;
  size_t size_ = 0;
};

// Copies a tensor's values. kShape if it is of another dtype or count: a foreign file may be unaligned, hence no span of T into it.
template <class T>
Error copy_values(const StoredTensor& tensor, std::span<T> out) {
  if (tensor.dtype != DtypeOf<T>::value || tensor.bytes.size() != out.size_bytes())
    return {kShape, "safetensors: expected " + tensor.name + " with " + std::to_string(out.size()) + " values of " +
                        millrace::trainer::name(DtypeOf<T>::value) + ", found " +
                        std::to_string(tensor.bytes.size() / static_cast<size_t>(size_of(tensor.dtype))) + " of " +
                        millrace::trainer::name(tensor.dtype)};
  if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return Error::none();
}

// Writes a new file or replaces one, and syncs it. The same tensors and metadata give the same bytes in any order of `tensors`: header keys
// by name; data by element size descending, then name, without holes, so each tensor is aligned to its element; header padded with
// spaces so that data begins at a multiple of 64 bytes. Errors: kArgument for a name twice, "__metadata__", or bytes that do not fit shape
// and dtype; kIo. The file is not renamed into place: a store commits it.
Error write_safetensors(const std::string& path, std::span<const StoredTensor> tensors, const Metadata& metadata);

}  // namespace millrace::trainer
