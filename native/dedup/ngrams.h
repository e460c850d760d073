#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::dedup {

// The word n-grams of evaluation texts, by hash. A common rule of published decontamination (curation.md 2.12): words as in simplify.h,
// XXH64 of n words joined by one space.
struct NgramIndex {
  std::vector<uint64_t> hashes;     // sorted, distinct
  std::vector<uint32_t> texts;      // which text has it: the first that does
  std::vector<uint32_t> positions;  // at which word, there
  std::vector<uint32_t> sizes;      // per text: its n-grams, repeats counted; 0 means that the text is too short to be found
};
// Errors: ARGUMENT where n is not 1..64, SHAPE where the column is broken.
Error ngram_index(const TextColumn& texts, int n, NgramIndex& out);

struct NgramHits {
  std::vector<uint32_t> counts;     // per text: positions whose n-gram is in the index
  std::vector<int32_t> entries;     // per text: entry of the index that the first of them met, -1 where there is none
  std::vector<uint32_t> positions;  // per text: at which word, 0 where there is none
};
// `hashes` sorted, as the index gives them. The threads share the texts; the result does not depend on how many there are.
Error ngram_hits(const TextColumn& texts, int n, std::span<const uint64_t> hashes, int threads, NgramHits& out);

}  // namespace millrace::dedup
