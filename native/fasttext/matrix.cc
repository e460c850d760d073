#include "native/fasttext/matrix.h"

#include <cmath>
#include <string>

#include "native/fasttext/kernels.h"

namespace millrace::fasttext {
namespace {

// A row number is 32 bits; the width is what fastText's own options allow many times over.
constexpr uint64_t kMostRows = 0xffffffffu, kMostColumns = 65536;

Error finite(const float* values, size_t count, Reader& reader, const char* what) {
  for (size_t i = 0; i < count; ++i)
    if (!std::isfinite(values[i])) return reader.wrong(std::string("finite numbers in ") + what, "infinity or no number", reader.at());
  return Error::none();
}

}  // namespace

Error Matrix::make(uint64_t rows, uint64_t columns) {
  rows_ = rows;
  columns_ = columns;
  stride_ = (columns + kLanes - 1) / kLanes * kLanes;
  const uint64_t bytes = rows * stride_ * sizeof(float);
  dense_.reset(static_cast<float*>(std::aligned_alloc(64, bytes ? bytes : 64)));
  if (!dense_) return {kMemory, "model: expected " + std::to_string(bytes) + " bytes of memory for a matrix, found less"};
  std::memset(dense_.get(), 0, bytes);
  return Error::none();
}

Error Matrix::read(Reader& reader, bool quantised, const char* what) { return quantised ? read_coded(reader, what) : read_dense(reader, what); }

namespace {

Error size(Reader& reader, const char* what, uint64_t& rows, uint64_t& columns) {
  int64_t m = 0, n = 0;
  const size_t at = reader.at();
  MILLRACE_TRY(reader.number(m, what));
  MILLRACE_TRY(reader.number(n, what));
  if (m < 1 || n < 1 || static_cast<uint64_t>(m) > kMostRows || static_cast<uint64_t>(n) > kMostColumns)
    return reader.wrong(std::string(what) + " of 1 to 2^32 - 1 rows and 1 to 65,536 columns", std::to_string(m) + " x " + std::to_string(n), at);
  rows = static_cast<uint64_t>(m);
  columns = static_cast<uint64_t>(n);
  return Error::none();
}

}  // namespace

Error Matrix::read_dense(Reader& reader, const char* what) {
  uint64_t rows = 0, columns = 0;
  MILLRACE_TRY(size(reader, what, rows, columns));
  std::span<const uint8_t> field;
  MILLRACE_TRY(reader.take(rows * columns * sizeof(float), what, field));
  MILLRACE_TRY(make(rows, columns));
  for (uint64_t i = 0; i < rows; ++i) {
    std::memcpy(row(i), field.data() + i * columns * sizeof(float), columns * sizeof(float));
    MILLRACE_TRY(finite(row(i), columns, reader, what));
  }
  return Error::none();
}

Error Matrix::Quantiser::read(Reader& reader, uint64_t columns, const char* what) {
  int32_t given = 0;
  const size_t at = reader.at();
  for (int32_t* number : {&given, &parts, &width, &last_width}) MILLRACE_TRY(reader.number(*number, what));
  const bool fits = given > 0 && static_cast<uint64_t>(given) == columns && parts > 0 && width > 0 && last_width > 0 && last_width <= width &&
                    static_cast<int64_t>(parts - 1) * width + last_width == given;
  if (!fits)
    return reader.wrong("parts that make " + std::to_string(columns) + " columns",
                        std::to_string(parts) + " of " + std::to_string(width) + ", the last of " + std::to_string(last_width), at);
  std::span<const uint8_t> field;
  MILLRACE_TRY(reader.take(columns * 256 * sizeof(float), what, field));
  centroids.resize(columns * 256);
  std::memcpy(centroids.data(), field.data(), field.size());
  return finite(centroids.data(), centroids.size(), reader, what);
}

Error Matrix::read_coded(Reader& reader, const char* what) {
  bool has_norms = false;
  MILLRACE_TRY(reader.flag(has_norms, "the flag of norms"));
  uint64_t rows = 0, columns = 0;
  MILLRACE_TRY(size(reader, what, rows, columns));
  int32_t length = 0;
  const size_t at = reader.at();
  MILLRACE_TRY(reader.number(length, what));
  std::span<const uint8_t> field;
  if (length < 1) return reader.wrong("codes", std::to_string(length) + " of them", at);
  MILLRACE_TRY(reader.take(static_cast<uint64_t>(length), what, field));
  codes_.assign(field.begin(), field.end());
  MILLRACE_TRY(vectors_.read(reader, columns, what));
  if (codes_.size() != rows * static_cast<uint64_t>(vectors_.parts))
    return reader.wrong(std::to_string(rows) + " x " + std::to_string(vectors_.parts) + " codes", std::to_string(length), at);
  if (has_norms) {
    MILLRACE_TRY(reader.take(rows, what, field));
    norm_codes_.assign(field.begin(), field.end());
    MILLRACE_TRY(norms_.read(reader, 1, "norms"));
  }
  rows_ = rows;
  columns_ = columns;
  stride_ = (columns + kLanes - 1) / kLanes * kLanes;
  if (rows * stride_ * sizeof(float) > kDecodedBytes) return Error::none();
  MILLRACE_TRY(make(rows, columns));
  for (uint64_t i = 0; i < rows; ++i) decode(i, row(i));
  codes_ = {};
  return Error::none();
}

void Matrix::decode(uint64_t i, float* to) const {
  const float norm = norm_codes_.empty() ? 1.0f : norms_.centroid(0, norm_codes_[i])[0];
  const uint8_t* code = codes_.data() + i * vectors_.parts;
  for (int32_t part = 0; part < vectors_.parts; ++part) {
    const float* centroid = vectors_.centroid(part, code[part]);
    const int32_t width = part == vectors_.parts - 1 ? vectors_.last_width : vectors_.width;
    for (int32_t c = 0; c < width; ++c) *to++ = norm * centroid[c];
  }
}

void Matrix::add_rows(const uint32_t* ids, size_t count, float* sum) const {
  const Kernels& kernel = kernels();
  if (dense_) return kernel.add_rows(dense_.get(), stride_, ids, count, sum);
  std::vector<float> row(stride_);
  const uint32_t first = 0;
  for (size_t n = 0; n < count; ++n) {
    decode(ids[n], row.data());
    kernel.add_rows(row.data(), stride_, &first, 1, sum);
  }
}

float Matrix::dot(const float* vector, uint64_t i) const {
  if (dense_) return kernels().dot(vector, row(i), stride_);
  std::vector<float> decoded(stride_);
  decode(i, decoded.data());
  return kernels().dot(vector, decoded.data(), stride_);
}

void Matrix::write(std::vector<uint8_t>& out) const {
  append(out, static_cast<int64_t>(rows_));
  append(out, static_cast<int64_t>(columns_));
  for (uint64_t i = 0; i < rows_; ++i) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(row(i));
    out.insert(out.end(), bytes, bytes + columns_ * sizeof(float));
  }
}

}  // namespace millrace::fasttext
