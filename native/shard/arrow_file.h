#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "native/base/error.h"

namespace millrace::shard {

// One record batch of a rows file, as byte positions in the file. All were checked: they lie inside the file and are aligned to their type.
struct BatchLayout {
  uint64_t rows = 0;
  uint64_t runs = 0;
  uint64_t tokens = 0;       // [rows × row_length] ids of `width` bytes
  uint64_t run_offsets = 0;  // [rows + 1] int32
  uint64_t document = 0;     // [runs × 16] bytes
  uint64_t pass = 0;         // [runs] uint32, as are the three below
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t flags = 0;
};

struct FileLayout {
  uint32_t row_length = 0;
  uint32_t width = 0;  // bytes of an id: 2 or 4
  std::vector<BatchLayout> batches;
};

// Reads the footer and the record batch messages of an Arrow IPC file with the columns of a shard (docs/formats.md, "Rows and shards"):
// tokens fixed_size_list<uint16 | uint32>[S], runs list<struct<document fixed[16], pass, offset, length, flags uint32>>, plain.
// The bytes are hostile: every position is checked against the file before it is followed, and nothing recurses.
// Error: kFormat, saying what was expected where.
Error parse_file(std::span<const uint8_t> file, FileLayout& out);

}  // namespace millrace::shard
