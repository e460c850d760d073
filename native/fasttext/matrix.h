#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/fasttext/bytes.h"

namespace millrace::fasttext {

// Rows of floats of one width, plain or product-quantised in the file. Quantised rows are decoded once, at reading: adding a row then is one
// load, and the sum has the bits that decoding row by row gives. Only a matrix of more than `kDecodedBytes` stays in codes.
class Matrix {
 public:
  static constexpr uint64_t kDecodedBytes = uint64_t{512} << 20;

  // What a file holds: int64 rows, int64 columns, floats; or a flag for norms, rows, columns, codes and the tables of centroids.
  Error read(Reader& reader, bool quantised, const char* what);
  // Zeros. MEMORY where there is none.
  Error make(uint64_t rows, uint64_t columns);
  void write(std::vector<uint8_t>& out) const;

  uint64_t rows() const { return rows_; }
  uint64_t columns() const { return columns_; }
  // Floats between rows: columns and zeros up to a multiple of kLanes.
  size_t stride() const { return stride_; }

  // Only of a matrix that is not in codes.
  float* row(uint64_t i) { return dense_.get() + i * stride_; }
  const float* row(uint64_t i) const { return dense_.get() + i * stride_; }
  bool coded() const { return !dense_; }

  // sum (stride floats) += the rows, one after the other.
  void add_rows(const uint32_t* ids, size_t count, float* sum) const;
  float dot(const float* vector, uint64_t i) const;

 private:
  struct Quantiser {
    int32_t parts = 0, width = 0, last_width = 0;  // sub-vectors a row, columns of one, columns of the last
    std::vector<float> centroids;                  // 256 a part
    const float* centroid(int32_t part, uint8_t code) const {
      const size_t base = static_cast<size_t>(part) * 256 * width;
      return centroids.data() + base + static_cast<size_t>(code) * (part == parts - 1 ? last_width : width);
    }
    Error read(Reader& reader, uint64_t columns, const char* what);
  };
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };

  Error read_dense(Reader& reader, const char* what);
  Error read_coded(Reader& reader, const char* what);
  void decode(uint64_t i, float* to) const;

  uint64_t rows_ = 0, columns_ = 0;
  size_t stride_ = 0;
  std::unique_ptr<float[], Free> dense_;
  Quantiser vectors_, norms_;
  std::vector<uint8_t> codes_, norm_codes_;
};

}  // namespace millrace::fasttext
