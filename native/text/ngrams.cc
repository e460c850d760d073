#include "native/text/ngrams.h"

#include <algorithm>
#include <cstring>

namespace millrace::text {

namespace {

// Bits for hashes that were seen once and twice: too many, never too few.
class Twice {
 public:
  Twice(std::vector<uint64_t>& words, size_t entries) {
    while (bits_ < 32 * entries) bits_ *= 2;
    words.assign(bits_ / 32, 0);
    once_ = words.data();
    twice_ = once_ + bits_ / 64;
  }
  // The bit of a hash, and in the highest one whether it was there before.
  uint32_t add(uint64_t hash) {
    const size_t bit = hash & (bits_ - 1);
    const uint64_t mask = uint64_t{1} << (bit & 63), once = once_[bit >> 6];
    twice_[bit >> 6] |= once & mask;
    once_[bit >> 6] = once | mask;
    return static_cast<uint32_t>(bit | (once >> (bit & 63) & 1) << 31);
  }
  bool has(uint32_t bit) const { return twice_[(bit & ~kBefore) >> 6] >> (bit & 63) & 1; }
  static constexpr uint32_t kBefore = uint32_t{1} << 31;

 private:
  size_t bits_ = 1 << 10;
  uint64_t *once_, *twice_;
};

// Lengths at which beginnings of n-grams are compared, by hash.
constexpr uint32_t kPrefixes[] = {16, 24, 32, 48};

// The longest of them that a text of so many bytes has; 0 if none.
uint32_t prefix_of(uint32_t length) { return length < 32 ? (length < 16 ? 0 : length < 24 ? 16 : 24) : length < 48 ? 32 : 48; }

uint64_t hash_prefix(const char* at, uint32_t bytes) {
  uint64_t part[2];
  std::memcpy(part, at, sizeof part);
  uint64_t hash = fold(part[0] ^ 0xe7037ed1a0b428dbull, part[1] ^ 0x8ebc6af09c88c6e3ull);
  for (uint32_t i = 16; i < bytes; i += 8) {
    std::memcpy(part, at + i, 8);
    hash = fold(hash ^ part[0], 0xa0761d6478bd642full);
  }
  return hash;
}

}  // namespace

// Words that occur once cannot be part of an n-gram that occurs twice, nor can an (n-1)-gram that occurs once: only the others are numbered.
// `places` are where they begin, `grams` their numbers; two (n-1)-grams of neighbouring places are an exact key of an n-gram. Numbers are given
// in the order of first sight, which is how ties are broken.
bool NGrams::top(const Tokens& tokens, double (&out)[3]) {
  const size_t words = tokens.size();
  const uint32_t *const ids = tokens.ids(), *const counts = tokens.counts();
  std::fill(std::begin(out), std::end(out), -1.0);
  if (words < 2) return true;
  if (grams_.size() < words + 1) grams_.resize(words + 1);
  if (places_.size() < words + 1) places_.resize(words + 1);
  uint32_t *const grams = grams_.data(), *const places = places_.data();
  size_t count = 0;
  for (size_t i = 0; i < words; ++i) {
    places[count] = static_cast<uint32_t>(i);
    grams[count] = ids[i];
    count += counts[ids[i]] > 1;
  }
  for (size_t n = 2; n <= 4 && words >= n; ++n) {
    // Pairs of neighbours stay.
    pairs_.reset(count);
    size_t kept = 0;
    for (size_t p = 0; p + 1 < count; ++p) {
      if (places[p + 1] != places[p] + 1) continue;
      const uint32_t gram = pairs_.add(grams[p], grams[p + 1]);
      places[kept] = places[p];
      grams[kept++] = gram;
    }
    if (pairs_.exhausted()) return false;
    const uint32_t* const times = pairs_.counts();
    const auto top = static_cast<uint32_t>(std::max_element(times, times + pairs_.size()) - times);
    uint64_t most = 1;
    size_t first = 0;  // where all occur once, the first one is the most frequent
    if (pairs_.size() > 0 && times[top] > 1) {
      most = times[top];
      first = places[std::find(grams, grams + kept, top) - grams];
    }
    uint64_t length = n - 1;
    for (size_t k = 0; k < n; ++k) length += tokens.characters()[ids[first + k]];
    out[n - 2] = static_cast<double>(length * most);
    count = 0;
    for (size_t p = 0; p < kept; ++p) {
      places[count] = places[p];
      grams[count] = grams[p];
      count += times[grams[p]] > 1;
    }
  }
  return true;
}

// The length of an n-gram times how often it occurs is at most what its words, taken alone, come to.
void NGrams::top_bounds(const Tokens& tokens, double (&out)[3]) const {
  uint64_t characters = 0, times = 0;
  for (size_t id = 0; id < tokens.distinct(); ++id) {
    const uint64_t count = tokens.counts()[id];
    characters = std::max(characters, count * tokens.characters()[id]);
    times = std::max(times, count);
  }
  for (uint64_t n = 2; n <= 4; ++n) out[n - 2] = static_cast<double>(n * characters + (n - 1) * times);
}

// Equal n-grams begin with equal bytes, so a word whose next bytes occur nowhere else is passed over. Words whose five-gram is shorter than the
// shortest prefix are kept whatever they are. Which prefix of a word is asked about is settled by the longest that may occur twice.
void NGrams::find_candidates(const Scan& scan, const Tokens& tokens) {
  const size_t words = tokens.size();
  const std::string_view text = scan.text();
  candidate_count_ = again_ = 0;
  if (words < 5) return;
  if (joined_.size() < text.size() + 64) joined_.resize(text.size() + 64);
  char* to = joined_.data();
  for (size_t chunk = 0; chunk < scan.chunks(); ++chunk) {
    const size_t start = scan.start(chunk), size = scan.end(chunk) - start;
    if (size <= 16 && start + 16 <= text.size()) {
      std::memcpy(to, text.data() + start, 16);
    } else {
      std::memcpy(to, text.data() + start, size);
    }
    to += size;
  }
  std::memset(to, 0, 48);

  const size_t begins = words - 4;
  if (bytes_.size() < words + 1) bytes_.resize(words + 1);
  if (hashes_.size() < begins) hashes_.resize(begins);
  if (candidates_.size() < begins + 1) candidates_.resize(begins + 1);
  const char* const joined = joined_.data();
  const uint32_t *const lengths = tokens.bytes(), *const ids = tokens.ids();
  uint32_t *const starts = bytes_.data(), *const hashes = hashes_.data();
  Candidate* const candidates = candidates_.data();
  uint32_t at = 0;
  {
    Twice near(bits_, begins);
    for (size_t i = 0; i < begins; ++i) {
      starts[i] = at;
      hashes[i] = near.add(hash_prefix(joined + at, 16));
      at += lengths[ids[i]];
    }
    for (size_t i = begins; i < words; ++i) {
      starts[i] = at;
      at += lengths[ids[i]];
    }
    starts[words] = at;
    size_t count = 0;
    for (size_t i = 0; i < begins; ++i) {
      candidates[count] = {static_cast<uint32_t>(i), 16, static_cast<uint8_t>(hashes[i] & Twice::kBefore ? 16 : 0)};
      count += near.has(hashes[i]) | (starts[i + 5] - starts[i] < 16);
    }
    candidate_count_ = count;
  }
  if (others_.size() < candidate_count_ + 1) others_.resize(candidate_count_ + 1);
  uint32_t* const others = others_.data();  // candidates whose prefix of the last length may occur twice
  size_t left = candidate_count_;
  for (size_t c = 0; c < left; ++c) others[c] = static_cast<uint32_t>(c);
  for (const uint32_t bytes : {24u, 32u, 48u}) {
    Twice filter(bits_, left);
    for (size_t k = 0; k < left; ++k) hashes[k] = filter.add(hash_prefix(joined + starts[candidates[others[k]].word], bytes));
    size_t kept = 0;
    for (size_t k = 0; k < left; ++k) {
      Candidate& candidate = candidates[others[k]];
      const bool twice = filter.has(hashes[k]);
      if (twice) candidate.twice = static_cast<uint8_t>(bytes);
      if (hashes[k] & Twice::kBefore) candidate.before = static_cast<uint8_t>(bytes);
      others[kept] = others[k];
      kept += twice;
    }
    left = kept;
  }
  size_t kept = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    others[kept] = static_cast<uint32_t>(c);
    kept += candidates[c].before != 0 || starts[candidates[c].word + 5] - starts[candidates[c].word] < 16;
  }
  again_ = kept;
}

bool NGrams::repeated(const Scan& scan, const Tokens& tokens, size_t n, double& out) {
  const size_t words = tokens.size();
  const uint32_t *const ids = tokens.ids(), *const starts = bytes_.data();
  uint64_t repeated = 0;
  size_t next = 0;
  seen_.reset(candidate_count_);
  for (size_t c = 0; c < candidate_count_; ++c) {
    const auto [i, twice, before] = candidates_[c];
    if (i < next) continue;
    if (i + n > words) break;
    const uint32_t length = starts[i + n] - starts[i];
    if (twice < prefix_of(length) || seen_.add_is_new({joined_.data() + starts[i], length})) continue;
    if (scan.ascii()) {
      repeated += length;
    } else {
      for (size_t k = 0; k < n; ++k) repeated += tokens.characters()[ids[i + k]];
    }
    next = i + n;
  }
  out = static_cast<double>(repeated);
  return !seen_.exhausted();
}

// The bytes of all n-grams together that can be a repetition. Which ones can is not to be foreseen, so nothing branches on it.
double NGrams::repeated_bound(const Tokens& tokens, size_t n) const {
  const size_t words = tokens.size();
  const uint32_t *const starts = bytes_.data(), *const again = others_.data();
  const Candidate* const candidates = candidates_.data();
  uint64_t covered = 0;
  uint32_t end = 0;
  for (size_t k = 0; k < again_; ++k) {
    const auto [i, twice, before] = candidates[again[k]];
    if (i + n > words) break;
    const uint32_t from = std::max(starts[i], end), stop = starts[i + n];
    const bool may = before >= prefix_of(stop - starts[i]);
    covered += may ? stop - from : 0;
    end = may ? stop : end;
  }
  return static_cast<double>(covered);
}

}  // namespace millrace::text
