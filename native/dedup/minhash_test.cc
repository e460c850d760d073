// Oracles: the vectors of curation.md 2.6, computed by datatrove's own code, and the definition in 128-bit arithmetic.
#include "native/dedup/minhash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "native/base/cpu.h"
#include "native/dedup/minhash_kernels.h"
#include "native/dedup/random_state.h"
#include "native/hash/xxh64.h"

namespace millrace::dedup {
namespace {

constexpr const char* kText = "The quick brown fox jumps over the lazy dog, near the quiet river bank!";

std::vector<uint64_t> band(const std::vector<uint64_t>& signature, size_t i) { return {signature.begin() + static_cast<long>(8 * i), signature.begin() + static_cast<long>(8 * i + 8)}; }

std::vector<uint64_t> shingles_of(const char* text, ShingleHash hash) {
  Words words;
  std::vector<uint64_t> out;
  simplify(text, words);
  shingles(words, 5, hash, out);
  return out;
}

template <class Body>
void on_every_instruction_set(Body body) {
  const Isa before = active_isa();
  for (Isa isa : available_isas()) {
    set_isa(isa);
    SCOPED_TRACE(name(isa));
    body();
  }
  set_isa(before);
}

TEST(Minhash, DrawsDatatrovesParameters) {
  const auto p = minhash_parameters(112, 1);
  EXPECT_EQ(p.a[0], 775169054918279404u);
  EXPECT_EQ(p.a[1], 1758426461858698313u);
  EXPECT_EQ(p.a[2], 2109959069025162u);
  EXPECT_EQ(p.a[111], 223865076026037746u);
  EXPECT_EQ(p.b[0], 1062448801025099917u);
  EXPECT_EQ(p.b[1], 1324811268927594100u);
  EXPECT_EQ(p.b[2], 1217488311597731462u);
  EXPECT_EQ(p.b[111], 1097409548522419201u);
}

TEST(Minhash, GivesTheGoldenSha1Signature) {
  const auto hashes = shingles_of(kText, ShingleHash::sha1);
  ASSERT_EQ(hashes.size(), 10u);
  EXPECT_EQ(hashes[0], 12313522834835307089u);
  on_every_instruction_set([&] {
    const auto signature = minima(hashes, minhash_parameters(112, 1), 112);
    EXPECT_EQ(band(signature, 0), (std::vector<uint64_t>{197166454002902972, 284080765670708113, 96549057967596277, 226360113463360020, 42312182183823545, 169000609679892039,
                                                         73066559689472396, 121981082476695592}));
    EXPECT_EQ(band(signature, 13), (std::vector<uint64_t>{164139703210280404, 29074511532028102, 126148420424728747, 335450720989687397, 126167845672318228, 404162727557050195,
                                                          306993506350509109, 430575686976976660}));
  });
}

TEST(Minhash, GivesTheGoldenXxh64Signature) {
  const auto hashes = shingles_of(kText, ShingleHash::xxh64);
  ASSERT_EQ(hashes.size(), 10u);
  EXPECT_EQ(hashes[0], 7797000677988824208u);
  on_every_instruction_set([&] {
    const auto signature = minima(hashes, minhash_parameters(112, 1), 112);
    EXPECT_EQ(band(signature, 0), (std::vector<uint64_t>{85330943174081874, 544587564993925049, 285742329127442222, 34440879854629237, 143124923319805529, 64059118737491077,
                                                         745609619376691355, 66150417395887790}));
    EXPECT_EQ(band(signature, 13), (std::vector<uint64_t>{138080280408424662, 212222752476155101, 158643602649640039, 149073857945855951, 1765945916311590, 425249933216558996,
                                                          158051551141570551, 3963570588256049}));
  });
}

TEST(Minhash, KernelsMatchTheDefinitionAtItsEdges) {
  // Sums whose residue is 0 and 2^61 - 2, products that wrap, and random ones; the definition in 128 bits.
  RandomState random(3);
  std::vector<uint64_t> values = {0, 1, kMersenne61, kMersenne61 - 1, kMersenne61 + 1, ~uint64_t{0}, 7 * kMersenne61, 8 * kMersenne61 + 7};
  while (values.size() < 40) values.push_back(random.randint(0, ~uint64_t{0}));
  std::vector<uint64_t> a(64), b(64);
  for (size_t c = 0; c < 64; ++c) {
    a[c] = c % 4 == 0 ? 1 : random.randint(1, kMersenne61);
    b[c] = c % 4 == 0 ? c / 4 : random.randint(0, kMersenne61);
  }
  on_every_instruction_set([&] {
    for (uint64_t value : values) {
      const auto got = minima(std::span(&value, 1), {a, b}, 64);
      for (size_t c = 0; c < 64; ++c) {
        const unsigned __int128 exact = static_cast<unsigned __int128>(value) * a[c] + b[c];
        EXPECT_EQ(got[c], static_cast<uint64_t>(exact) % kMersenne61) << value << " column " << c;
      }
    }
  });
}

TEST(Minhash, SignaturesDependOnNothingButTheText) {
  std::string bytes;
  std::vector<int32_t> offsets = {0};
  for (int i = 0; i < 100; ++i) {
    for (int w = 0; w < i; ++w) bytes += "word" + std::to_string((w * 7 + i) % 31) + ' ';
    offsets.push_back(static_cast<int32_t>(bytes.size()));
  }
  const TextColumn texts{offsets, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}};
  Signatures first;
  ASSERT_FALSE(signatures(texts, {}, 1, first));
  EXPECT_EQ(first.shingles[4], 0u);
  EXPECT_EQ(first.shingles[5], 1u);
  on_every_instruction_set([&] {
    for (int threads : {1, 3}) {
      Signatures again;
      ASSERT_FALSE(signatures(texts, {}, threads, again));
      EXPECT_EQ(again.band_keys, first.band_keys);
    }
  });
  ShingleSets sets;
  ASSERT_FALSE(shingle_sets(texts, {}, 2, sets));
  Words words;
  simplify(texts[60], words);
  std::set<uint64_t> expected;
  for (size_t w = 0; w + 5 <= words.size(); ++w) expected.insert(hash::xxh64(words.run(w, 5)));
  EXPECT_EQ(std::vector<uint64_t>(expected.begin(), expected.end()), std::vector<uint64_t>(sets.values.begin() + sets.offsets[60], sets.values.begin() + sets.offsets[61]));
}

TEST(Minhash, RefusesWhatItCannotDo) {
  Signatures out;
  const std::vector<int32_t> backwards = {0, 4, 2};
  const std::vector<uint8_t> bytes(4);
  EXPECT_STREQ(signatures({backwards, bytes}, {}, 1, out).code(), kShape);
  EXPECT_STREQ(signatures({}, {.ngram = 0}, 1, out).code(), kArgument);
  EXPECT_STREQ(signatures({}, {.bands = 4096, .rows = 4096}, 1, out).code(), kArgument);
}

}  // namespace
}  // namespace millrace::dedup
