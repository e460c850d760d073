#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/trainer/attention/attention.h"
#include "native/trainer/router/router.h"

namespace millrace::trainer {

// Rows of ids as they come from a shard. runs: (row, first position, length), ordered and not overlapping; other positions are padding.
struct Batch {
  std::span<const uint32_t> tokens;   // [rows, row_length]
  std::span<const int32_t> targets;   // [rows, row_length], -1 = none; may be empty
  std::span<const int32_t> run_rows, run_starts, run_lengths;
  size_t rows = 0, row_length = 0;
};

// kShape or kArgument: which row and run, what was expected, what was found. After this every index is in bounds.
Error validate(const Batch& batch, size_t vocabulary, size_t longest_row);

// Some whole rows without their padding: what one forward pass works on. Tokens lie behind each other in the order of the runs.
struct Slab {
  std::vector<uint32_t> tokens;
  std::vector<int32_t> targets, positions;  // positions restart at every run
  std::vector<Run> runs;
  std::vector<RowSpan> rows;
  size_t longest = 0, target_count = 0;

  size_t size() const { return tokens.size(); }
};

// Rows [first, first + count) of a validated batch.
Slab slab_of(const Batch& batch, size_t first, size_t count);

}  // namespace millrace::trainer
