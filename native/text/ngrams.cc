#include "native/text/ngrams.h"

#include <algorithm>
#include <cstring>

#include "native/text/characters.h"

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

// Below which length an n-gram can have occurred before whose prefix of 0, 16, 24, 32, 48 bytes has, by the eighth of that.
constexpr uint32_t kLimits[] = {16, 16, 24, 32, 48, 48, UINT32_MAX};

constexpr uint8_t kAllShort = 0b111111;

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

NGrams::Joined NGrams::join(const Scan& scan, const Tokens& tokens) {
  const std::string_view text = scan.text();
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
  const size_t words = tokens.size();
  if (starts_.size() < words + 1) starts_.resize(words + 1);
  uint32_t at = 0;
  for (size_t i = 0; i < words; ++i) {
    starts_[i] = at;
    at += tokens.bytes()[tokens.ids()[i]];
  }
  starts_[words] = at;
  return {joined_.data(), starts_.data(), words, scan.ascii()};
}

// Equal n-grams begin with equal bytes, so a word whose next bytes occur nowhere else is passed over. Words whose five-gram is shorter than the
// shortest prefix are kept whatever they are. Which prefix of a word is asked about is settled by the longest that may occur twice.
void NGrams::find_candidates(const Joined& all) {
  all_ = all;
  const size_t words = all.words;
  candidate_count_ = again_ = 0;
  bounds_known_ = false;
  if (words < 5) return;
  const size_t begins = words - 4;
  if (hashes_.size() < begins) hashes_.resize(begins);
  if (candidates_.size() < begins + 1) candidates_.resize(begins + 1);
  const char* const joined = all.text;
  const uint32_t* const starts = all.starts;
  uint32_t* const hashes = hashes_.data();
  Candidate* const candidates = candidates_.data();
  {
    Twice near(bits_, begins);
    for (size_t i = 0; i < begins; ++i) hashes[i] = near.add(hash_prefix(joined + starts[i], 16));
    size_t count = 0;
    for (size_t i = 0; i < begins; ++i) {
      const bool twice = near.has(hashes[i]);
      candidates[count] = {static_cast<uint32_t>(i), static_cast<uint8_t>(twice ? 16 : 0), static_cast<uint8_t>(hashes[i] & Twice::kBefore ? 16 : 0), kAllShort, kAllShort};
      count += twice | (starts[i + 5] - starts[i] < 16);
    }
    candidate_count_ = count;
  }
  if (others_.size() < candidate_count_ + 1) others_.resize(candidate_count_ + 1);
  uint32_t* const others = others_.data();  // candidates whose prefix of the last length may occur twice
  size_t left = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    others[left] = static_cast<uint32_t>(c);
    left += candidates[c].twice != 0;
  }
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
  // Longer n-grams are rarely that short.
  for (const size_t n : {size_t{5}, size_t{6}}) find_short(n);
  size_t kept = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    const auto& [i, twice, before, short_twice, short_before] = candidates[c];
    others[kept] = static_cast<uint32_t>(c);
    const uint32_t rare = starts[std::min<size_t>(i + 7, words)] - starts[i] < 16 ? kAllShort : 0b11;
    kept += (before != 0) | ((starts[i + 5] - starts[i] < 16) & ((short_before & rare) != 0));
  }
  again_ = kept;
}

// Which n-grams of less than 16 bytes may occur twice: hashed as a whole.
void NGrams::find_short(size_t n) {
  const uint32_t* const starts = all_.starts;
  uint32_t *const hashes = hashes_.data(), *const others = others_.data();
  Candidate* const candidates = candidates_.data();
  size_t count = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    const uint32_t i = candidates[c].word;
    others[count] = static_cast<uint32_t>(c);
    count += starts[std::min(i + n, all_.words)] - starts[i] < 16;
  }
  Twice filter(bits_, count);
  for (size_t k = 0; k < count; ++k) {
    const uint32_t i = candidates[others[k]].word, length = starts[std::min(i + n, all_.words)] - starts[i];
    uint64_t part[2];
    std::memcpy(part, all_.text + starts[i], sizeof part);
    const ChunkKey mask = kFirstBytes[length];
    hashes[k] = filter.add(fold((part[0] & mask.low) ^ 0xe7037ed1a0b428dbull, (part[1] & mask.high) ^ 0x8ebc6af09c88c6e3ull ^ length));
  }
  const auto bit = static_cast<uint8_t>(1 << (n - 5));
  for (size_t k = 0; k < count; ++k) {
    Candidate& candidate = candidates[others[k]];
    if (!filter.has(hashes[k])) candidate.short_twice &= static_cast<uint8_t>(~bit);
    if (!(hashes[k] & Twice::kBefore)) candidate.short_before &= static_cast<uint8_t>(~bit);
  }
}

bool NGrams::repeated(size_t n, double& out) {
  const size_t words = all_.words;
  const uint32_t* const starts = all_.starts;
  uint64_t repeated = 0;
  size_t next = 0;
  seen_.reset(candidate_count_);
  for (size_t c = 0; c < candidate_count_; ++c) {
    const auto& [i, twice, before, short_twice, short_before] = candidates_[c];
    if (i < next) continue;
    if (i + n > words) break;
    const uint32_t length = starts[i + n] - starts[i];
    if (length < 16 ? !(short_twice >> (n - 5) & 1) : twice < prefix_of(length)) continue;
    if (seen_.add_is_new({all_.text + starts[i], length})) continue;
    repeated += all_.ascii ? length : count_characters({all_.text + starts[i], length});
    next = i + n;
  }
  out = static_cast<double>(repeated);
  return !seen_.exhausted();
}

// The bytes of all n-grams together that can be a repetition. Which ones can is not to be foreseen, so nothing branches on it.
double NGrams::repeated_bound(size_t n) {
  if (bounds_known_) return bounds_[n - 5];
  bounds_known_ = true;
  const size_t words = all_.words;
  const uint32_t *const starts = all_.starts, *const again = others_.data();
  const Candidate* const candidates = candidates_.data();
  uint64_t covered[6] = {};
  uint32_t end[6] = {};
  size_t k = 0;
  const auto one = [&](const Candidate& candidate, size_t most) {
    const auto& [i, twice, before, short_twice, short_before] = candidate;
    const uint32_t start = starts[i], limit = kLimits[before / 8];
    for (size_t j = 0; j < most; ++j) {
      const uint32_t stop = starts[i + 5 + j], length = stop - start;
      const bool may = length < 16 ? short_before >> j & 1 : length < limit;
      covered[j] += may ? stop - std::max(start, end[j]) : 0;
      end[j] = may ? stop : end[j];
    }
  };
  for (; k < again_ && candidates[again[k]].word + 10 <= words; ++k) one(candidates[again[k]], 6);
  for (; k < again_; ++k) one(candidates[again[k]], words - candidates[again[k]].word - 4);
  for (int j = 0; j < 6; ++j) bounds_[j] = static_cast<double>(covered[j]);
  return bounds_[n - 5];
}

}  // namespace millrace::text
