#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/tokenizer/presplit.h"

namespace millrace::tokenizer {

// Distinct pieces, ascending by their bytes, and how often each occurs.
struct Counts {
  std::vector<int32_t> offsets = {0};
  std::vector<uint8_t> bytes;
  std::vector<uint64_t> counts;
  uint32_t partition = 0;  // the one that all of them belong to

  TextColumn column() const { return {offsets, bytes}; }
};

struct CounterOptions {
  Pattern pattern = Pattern::kMillrace;
  size_t max_piece = ~size_t{0};  // longer pieces are skipped: one such run teaches nothing and would cost training its square
  uint32_t partitions = 1;
  int threads = 1;
  uint64_t max_memory = 0;  // bytes of the tables of all threads; only with `folder`, where what is above it goes
  std::string folder = {};
};

// Counts of the pieces of a corpus: the only thing that training sees of it. A table that outgrows its memory is sorted and written to a
// file, none of it is dropped; the files are merged in the end. What comes out depends neither on threads nor on memory nor on the order
// of what came in.
class Counter {
 public:
  explicit Counter(const CounterOptions& options);
  ~Counter();

  // The pieces of all texts. kShape, kFormat with text and byte if a text is not UTF-8, kIo where nothing can be spilled.
  Error add(const TextColumn& texts);
  // Pieces that were counted before, in any order. kShape, kIo.
  Error add(const TextColumn& pieces, std::span<const uint64_t> counts);
  // The next pieces, in order of partition and bytes: of one partition, as many as fit `bytes` (at most 2 GiB - 1), at least one. None at
  // the end. After the first call nothing can be added (kArgument). kMemory for one piece above `bytes`.
  Error next(size_t bytes, Counts& out);

  uint64_t pieces() const;   // occurrences counted
  uint64_t skipped() const;  // occurrences of pieces above max_piece
  uint64_t spills() const;   // tables that were written

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::tokenizer
