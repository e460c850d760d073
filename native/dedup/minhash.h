#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/dedup/simplify.h"

namespace millrace::dedup {

enum class ShingleHash { xxh64, sha1 };

// datatrove's MinHash with its defaults (curation.md 2.6). sha1 is what FineWeb v1 was made with.
struct MinhashConfig {
  int ngram = 5;  // words a shingle, 1..64
  int bands = 14;
  int rows = 8;  // hashes a band; bands * rows <= 4096
  uint32_t seed = 1;
  ShingleHash hash = ShingleHash::xxh64;
};

// The random linear functions, drawn like RandomState(seed).randint: all of a in [1, 2^61 - 1), then all of b in [0, 2^61 - 1). Padded
// with zeros to a multiple of kColumnBlock.
struct MinhashParameters {
  std::vector<uint64_t> a, b;
};
MinhashParameters minhash_parameters(int count, uint32_t seed);

// Hashes of all runs of `ngram` words, in order, with repeats. None for a text of fewer words.
void shingles(const Words& words, int ngram, ShingleHash hash, std::vector<uint64_t>& out);

// bands * rows minima of the shingles; columns in the order of the parameters. All 2^61 - 1 where there is no shingle.
std::vector<uint64_t> minima(std::span<const uint64_t> shingles, const MinhashParameters& parameters, int count);

struct Signatures {
  std::vector<uint64_t> band_keys;  // [texts][bands]: XXH3-64 of (band as uint32, its `rows` minima), little-endian; 0 without shingles
  std::vector<uint32_t> shingles;   // [texts]: how many, repeats counted; a text with none is never a near duplicate
};

// Signatures of every text of a column. The threads share the texts; the result does not depend on how many there are.
// Errors: ARGUMENT where the config is out of range, SHAPE where the column is.
Error signatures(const TextColumn& texts, const MinhashConfig& config, int threads, Signatures& out);

// Sorted distinct shingle hashes of every text: set i is values[offsets[i], offsets[i + 1]).
struct ShingleSets {
  std::vector<int32_t> offsets;
  std::vector<uint64_t> values;
};
Error shingle_sets(const TextColumn& texts, const MinhashConfig& config, int threads, ShingleSets& out);

}  // namespace millrace::dedup
