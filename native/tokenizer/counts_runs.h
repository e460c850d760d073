#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/tokenizer/counts_table.h"

namespace millrace::tokenizer {

// A piece with its count, where a sorted sequence of them stands. Order: partition, then bytes.
struct Counted {
  uint32_t partition = 0;
  std::string_view piece;  // until the source moves on
  uint64_t count = 0;
};

class Source {
 public:
  virtual ~Source() = default;
  // The next one; `end` instead where there is none. kIo where the file cannot be read.
  virtual Error next(Counted& out, bool& end) = 0;
};

// Which of `partitions` (at least 1) a piece belongs to, by a hash of its bytes that is fixed for good: FNV-1a in 64 bits, spread by
// MurmurHash3's finaliser, scaled to the range.
uint32_t partition_of(std::string_view piece, uint32_t partitions);

// A table in order; the table must outlive it.
std::unique_ptr<Source> in_order(const PieceTable& table, uint32_t partitions);

// Equal pieces of several sources as one, with the sum of their counts.
std::unique_ptr<Source> merged(std::vector<std::unique_ptr<Source>> sources);

// A sorted sequence in a file without a name.
class Run {
 public:
  Run() = default;
  Run(Run&& other) noexcept;
  Run& operator=(Run&& other) noexcept;
  ~Run();

  // kIo where the folder gives no file or the disk is full.
  static Error write(Source& source, const std::string& folder, Run& out);
  // Reads it from its beginning, `buffer` bytes at a time; it must outlive what reads it.
  std::unique_ptr<Source> read(size_t buffer) const;

 private:
  int file_ = -1;
  uint64_t bytes_ = 0;
};

}  // namespace millrace::tokenizer
