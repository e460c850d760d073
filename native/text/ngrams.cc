#include "native/text/ngrams.h"

#include <algorithm>
#include <cstring>

namespace millrace::text {

// Words that occur once cannot be part of an n-gram that occurs twice, nor can an (n-1)-gram that occurs once: those are not numbered.
bool NGrams::top(const Tokens& tokens, double (&out)[3]) {
  constexpr uint32_t kOnce = UINT32_MAX;
  const size_t words = tokens.size();
  const uint32_t* ids = tokens.ids();
  const uint32_t* counts = tokens.counts();
  std::fill(std::begin(out), std::end(out), -1.0);
  if (words < 2) return true;
  if (grams_.size() < words) grams_.resize(words);
  if (places_.size() < words) places_.resize(words);
  // Numbers of (n-1)-grams are exact keys of n-grams; they are given in the order of first sight, which is how ties are broken.
  size_t places = 0;
  for (size_t i = 0; i + 1 < words; ++i) {
    places_[places] = static_cast<uint32_t>(i);
    places += counts[ids[i]] > 1 && counts[ids[i + 1]] > 1;
  }
  for (size_t i = 0; i < words; ++i) grams_[i] = counts[ids[i]] > 1 ? ids[i] : kOnce;
  for (size_t n = 2; n <= 4 && words >= n; ++n) {
    pairs_.reset(places);
    size_t next = 0;
    for (size_t p = 0; p < places; ++p) {
      const uint32_t i = places_[p];
      for (; next < i; ++next) grams_[next] = kOnce;
      grams_[i] = pairs_.add(grams_[i], grams_[i + 1]);
      next = i + 1;
    }
    for (; next < words; ++next) grams_[next] = kOnce;
    if (pairs_.exhausted()) return false;
    const uint32_t* times = pairs_.counts();
    const auto top = static_cast<uint32_t>(std::max_element(times, times + pairs_.size()) - times);
    uint64_t most = 1;
    size_t first = 0;  // where all occur once, the first one is the most frequent
    if (pairs_.size() > 0 && times[top] > 1) {
      most = times[top];
      first = *std::find_if(places_.begin(), places_.begin() + places, [&](uint32_t i) { return grams_[i] == top; });
    }
    uint64_t length = n - 1;
    for (size_t k = 0; k < n; ++k) length += tokens.characters()[ids[first + k]];
    out[n - 2] = static_cast<double>(length * most);
    size_t kept = 0;
    const size_t last = words - n;  // where an (n+1)-gram would have to begin before
    for (size_t p = 0; p < places; ++p) {
      const uint32_t i = places_[p];
      places_[kept] = i;
      kept += i < last && times[grams_[i]] > 1 && grams_[i + 1] != kOnce && times[grams_[i + 1]] > 1;
    }
    places = kept;
  }
  return true;
}

// Keeps the words at which an n-gram can begin that is a repetition or is repeated: equal n-grams of at least kPrefix bytes begin with equal
// bytes. Counting in bytes indexed by a hash keeps too many, never too few. A word whose five-gram is shorter is kept whatever it is.
void NGrams::find_candidates(const Scan& scan, const Tokens& tokens) {
  constexpr size_t kPrefix = 16;
  const size_t words = tokens.size();
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
  std::memset(to, 0, kPrefix);
  if (bytes_.size() < words + 1) bytes_.resize(words + 1);
  const uint32_t* lengths = tokens.bytes();
  uint32_t at = 0;
  for (size_t i = 0; i < words; ++i) {
    bytes_[i] = at;
    at += lengths[tokens.ids()[i]];
  }
  bytes_[words] = at;

  size_t size = 64;
  while (size < 8 * words) size *= 2;
  if (prefix_counts_.size() < size) prefix_counts_.resize(size);
  std::memset(prefix_counts_.data(), 0, size);
  const size_t begins = words < 5 ? 0 : words - 4;
  if (prefixes_.size() < begins) prefixes_.resize(begins);
  if (candidates_.size() < begins + 1) candidates_.resize(begins + 1);
  for (size_t i = 0; i < begins; ++i) {
    uint64_t bytes[2];
    std::memcpy(bytes, joined_.data() + bytes_[i], kPrefix);
    prefixes_[i] = static_cast<uint32_t>(fold(bytes[0] ^ 0xe7037ed1a0b428dbull, bytes[1] ^ 0x8ebc6af09c88c6e3ull) & (size - 1));
    uint8_t& count = prefix_counts_[prefixes_[i]];
    count = static_cast<uint8_t>(count + (count < 2));
  }
  size_t kept = 0;
  for (size_t i = 0; i < begins; ++i) {
    candidates_[kept] = static_cast<uint32_t>(i);
    kept += (prefix_counts_[prefixes_[i]] > 1) | (bytes_[i + 5] - bytes_[i] < kPrefix);
  }
  candidates_.resize(kept);
}

bool NGrams::repeated(const Scan& scan, const Tokens& tokens, double (&out)[6]) {
  std::fill(std::begin(out), std::end(out), 0.0);
  const size_t words = tokens.size();
  if (words < 5) return true;
  find_candidates(scan, tokens);
  const uint32_t* ids = tokens.ids();
  for (size_t n = 5; n <= 10; ++n) {
    uint64_t repeated = 0;
    size_t next = 0;
    seen_.reset(candidates_.size());
    for (const uint32_t i : candidates_) {
      if (i < next) continue;
      if (i + n > words) break;
      if (seen_.add_is_new({joined_.data() + bytes_[i], bytes_[i + n] - bytes_[i]})) continue;
      if (scan.ascii()) {
        repeated += bytes_[i + n] - bytes_[i];
      } else {
        for (size_t k = 0; k < n; ++k) repeated += tokens.characters()[ids[i + k]];
      }
      next = i + n;
    }
    if (seen_.exhausted()) return false;
    out[n - 5] = static_cast<double>(repeated);
  }
  return true;
}

}  // namespace millrace::text
