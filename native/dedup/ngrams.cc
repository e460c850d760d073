#include "native/dedup/ngrams.h"

#include <algorithm>
#include <string>

#include "native/base/parallel.h"
#include "native/dedup/minhash.h"
#include "native/dedup/simplify.h"

namespace millrace::dedup {
namespace {

Error check(const TextColumn& texts, int n) {
  if (n < 1 || n > 64) return Error(kArgument, "n-grams: expected 1 to 64 words, found " + std::to_string(n));
  if (!texts.valid()) return Error(kShape, "n-grams: expected text offsets that rise within the bytes");
  return Error::none();
}

// Almost every n-gram of a corpus is in no evaluation set. One bit of 16 an entry answers for fifteen in sixteen of those.
class Filter {
 public:
  explicit Filter(std::span<const uint64_t> hashes) {
    int bits = 10;
    while (bits < 40 && (size_t{1} << bits) < 16 * hashes.size()) ++bits;
    shift_ = 64 - bits;
    words_.resize((size_t{1} << bits) / 64);
    for (uint64_t hash : hashes) words_[hash >> shift_ >> 6] |= uint64_t{1} << (hash >> shift_ & 63);
  }
  bool may_hold(uint64_t hash) const { return words_[hash >> shift_ >> 6] >> (hash >> shift_ & 63) & 1; }

 private:
  int shift_;
  std::vector<uint64_t> words_;
};

}  // namespace

Error ngram_index(const TextColumn& texts, int n, NgramIndex& out) {
  MILLRACE_TRY(check(texts, n));
  struct Entry {
    uint64_t hash;
    uint32_t text, position;
  };
  std::vector<Entry> entries;
  std::vector<uint64_t> hashes;
  Words words;
  out = {};
  for (uint32_t i = 0; i < texts.size(); ++i) {
    simplify(texts[i], words);
    shingles(words, n, ShingleHash::xxh64, hashes);
    for (uint32_t position = 0; position < hashes.size(); ++position) entries.push_back({hashes[position], i, position});
    out.sizes.push_back(static_cast<uint32_t>(hashes.size()));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.text != b.text ? a.text < b.text : a.position < b.position;
  });
  for (const Entry& entry : entries) {
    if (!out.hashes.empty() && out.hashes.back() == entry.hash) continue;
    out.hashes.push_back(entry.hash);
    out.texts.push_back(entry.text);
    out.positions.push_back(entry.position);
  }
  return Error::none();
}

Error ngram_hits(const TextColumn& texts, int n, std::span<const uint64_t> hashes, int threads, NgramHits& out) {
  MILLRACE_TRY(check(texts, n));
  if (!std::is_sorted(hashes.begin(), hashes.end())) return Error(kArgument, "n-grams: expected sorted hashes of the index");
  out.counts.assign(texts.size(), 0);
  out.entries.assign(texts.size(), -1);
  out.positions.assign(texts.size(), 0);
  if (hashes.empty()) return Error::none();
  const Filter filter(hashes);
  parallel_for((texts.size() + 15) / 16, threads, [&](size_t group) {
    Words words;
    std::vector<uint64_t> found;
    for (size_t i = group * 16; i < std::min(texts.size(), (group + 1) * 16); ++i) {
      simplify(texts[i], words);
      shingles(words, n, ShingleHash::xxh64, found);
      for (uint32_t position = 0; position < found.size(); ++position) {
        if (!filter.may_hold(found[position])) continue;
        const auto at = std::lower_bound(hashes.begin(), hashes.end(), found[position]);
        if (at == hashes.end() || *at != found[position]) continue;
        if (out.counts[i]++ == 0) {
          out.entries[i] = static_cast<int32_t>(at - hashes.begin());
          out.positions[i] = position;
        }
      }
    }
  });
  return Error::none();
}

}  // namespace millrace::dedup
