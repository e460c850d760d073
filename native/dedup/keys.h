#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/error.h"

namespace millrace::dedup {

// Rows of fixed-width bytes that sort as memcmp does: what a shuffle of dedup carries. An id is 16 bytes.
inline constexpr size_t kIdBytes = 16;

struct Arranged {
  std::vector<uint32_t> order;   // row numbers, sorted by the rows' bytes; equal rows by number
  std::vector<uint32_t> bounds;  // partition p is order[bounds[p], bounds[p + 1])
};

// Sorts rows of `width` bytes (at least 8) and cuts them by their leading eight bytes, read as a fraction of 2^64, into `partitions` equal
// ranges. Leading bytes that are a hash share the work evenly. Errors: SHAPE where the bytes are no whole rows, ARGUMENT for a width below 8.
Error arrange(std::span<const uint8_t> rows, size_t width, uint32_t partitions, Arranged& out);

struct Groups {
  std::vector<uint8_t> pairs;  // [m][32]: (id, smallest id of its group), sorted, each once; the smallest itself has no pair
  uint64_t groups = 0;         // of two or more rows
  uint64_t largest = 0;        // rows in the largest
  uint64_t oversize = 0;       // groups of more than `limit` rows
};

// Rows of (`prefix` bytes, id) in any order; those that share the prefix are a group. Every member is tied to the smallest id alone, so
// the work is linear however large a group is: components come out the same as from all pairs, and what is not really alike is told
// apart later (verify.h). `limit` only counts. Errors: SHAPE.
Error group_pairs(std::span<const uint8_t> rows, size_t prefix, uint64_t limit, Groups& out);

// Connected components of undirected edges (two ids a row). Result: [n][32] rows of (id, smallest id of its component), sorted by id, for
// every id that has an edge. Its rows are edges of the same components, so a caller can fold a long stream piece by piece. Errors: SHAPE.
Error components(std::span<const uint8_t> edges, std::vector<uint8_t>& out);

// Row of each id in a table of ids, -1 where it has none; `order` is the table's from `arrange`. Of equal ids the first counts.
std::vector<int32_t> find_ids(std::span<const uint8_t> table, std::span<const uint32_t> order, std::span<const uint8_t> ids);

}  // namespace millrace::dedup
