#include <algorithm>

#include "native/text/characters.h"
#include "native/text/nemo.h"
#include "native/text/nemo_words.h"

namespace millrace::text {
namespace {

// True if the two words from place a on are those from place b on; bounds: first byte and end of each word.
inline bool same_pair(const char* text, const uint32_t* bounds, uint32_t a, uint32_t b) {
  const uint32_t *left = bounds + 2 * a, *right = bounds + 2 * b;
  uint64_t differ = 0, longest = 0;
  for (int k = 0; k < 4; k += 2) {
    const size_t size = left[k + 1] - left[k];
    uint64_t first[2], second[2];
    std::memcpy(first, text + left[k], 16);
    std::memcpy(second, text + right[k], 16);
    const auto& mask = kFront[size < 16 ? size : 16];
    differ |= (size ^ (right[k + 1] - right[k])) | ((first[0] ^ second[0]) & mask[0]) | ((first[1] ^ second[1]) & mask[1]);
    longest |= size;
  }
  if (differ) return false;
  if (longest <= 16) return true;
  for (int k = 0; k < 4; k += 2)
    if (std::memcmp(text + left[k], text + right[k], left[k + 1] - left[k]) != 0) return false;
  return true;
}

}  // namespace

// Pairs of neighbouring words that may occur again, by place; and the word of most bytes, as their sizes are at hand.
void Nemo::find_candidates() {
  if (hashes_.size() < words_) hashes_.resize(words_);
  if (candidates_.size() < words_) candidates_.resize(words_);
  sieve_.reset(words_);
  const Sieve::Places places = sieve_.places();
  const char* const text = text_.data();
  const uint32_t* const bounds = bounds_.data();
  uint64_t* const hashes = hashes_.data();
  uint32_t* const candidates = candidates_.data();
  const size_t pairs = words_ - 1;
  size_t most = bounds[1] - bounds[0], longest = 0;
  uint64_t left = hash_word(text + bounds[0], bounds[1] - bounds[0]);
  for (size_t i = 0; i < pairs; ++i) {
    const size_t size = bounds[2 * i + 3] - bounds[2 * i + 2];
    if (size > most) {
      most = size;
      longest = i + 1;
    }
    const uint64_t right = hash_word(text + bounds[2 * i + 2], size);
    hashes[i] = ((left << 23 | left >> 41) ^ right) * 0x9e3779b97f4a7c15ull;
    left = right;
  }
  for (size_t i = 0; i < pairs; ++i) places.add(hashes[i]);
  longest_ = static_cast<uint32_t>(longest);
  size_t count = 0;
  for (size_t i = 0; i < pairs; ++i) {
    candidates[count] = static_cast<uint32_t>(i);
    count += places.again(hashes[i]);
  }
  candidate_count_ = count;
}

// Numbers them in the order of first sight, counts them, and collects those that do occur again. Whether a pair is new is hard to foretell: it is
// compared in either case, with itself if it is, so that no branch depends on that.
void Nemo::number_pairs() {
  find_candidates();
  size_t size = 64;
  while (size < 3 * candidate_count_) size *= 2;
  if (slots_.size() < size) slots_.resize(size);
  std::memset(slots_.data(), 0, size * sizeof(Slot));
  pair_of_.resize(candidate_count_);
  firsts_.resize(candidate_count_ + 1);
  counts_.assign(candidate_count_ + 1, 0);
  const char* const text = text_.data();
  const uint32_t* const bounds = bounds_.data();
  Slot* const slots = slots_.data();
  uint32_t *const firsts = firsts_.data(), *const counts = counts_.data();
  const size_t mask = size - 1;
  uint64_t probes_left = kProbesPerEntry * (candidate_count_ + 64);
  uint32_t pairs = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    const uint32_t place = candidates_[c];
    const uint64_t hash = hashes_[place];
    const auto tag = static_cast<uint32_t>(hash >> 32);
    firsts[pairs] = place;
    for (size_t at = hash >> 16 & mask;; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      const bool is_new = slot.number == 0;
      const uint32_t number = slot.number - 1 + (pairs + 1) * is_new;
      if (((is_new | (slot.tag == tag)) && same_pair(text, bounds, firsts[number], place)) || probes_left == 0) {
        slots[at] = {tag, number + 1};
        ++counts[number];
        pair_of_[c] = number;
        pairs += is_new;
        break;
      }
      --probes_left;
    }
  }
  exhausted_ |= probes_left == 0;
  counts_.resize(pairs);
  pairs_.resize(candidate_count_);
  size_t again = 0;
  for (size_t c = 0; c < candidate_count_; ++c) {
    const uint32_t pair = pair_of_[c];
    pairs_[again] = {candidates_[c], pair, firsts[pair] == candidates_[c]};
    again += counts[pair] > 1;
  }
  pairs_.resize(again);
}

void Nemo::grams(std::span<double> out) {
  const auto all = static_cast<double>(text_.size() - totals_.inner);
  for (int s = kNemoTop2Gram; s <= kNemoDup10Gram; ++s) out[s] = 1;
  longest_ = 0;
  if (words_ < 2) return;
  number_pairs();
  repeats_.run(words_, pairs_, counts_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      const uint32_t top = top_gram(grams, counts).at;
      joined_.assign(word(top));
      for (uint32_t i = 1; i < size; ++i) joined_.append(" ").append(word(top + i));
      const size_t found = nemo_count(text_.data(), text_.size(), joined_.data(), joined_.size());
      const size_t each = count_characters(joined_);
      out[kNemoTop2Gram + n - 2] = static_cast<double>(found * each) / all;
      return;
    }
    uint64_t total = 0;
    uint32_t counted = 0;  // words before this place are counted already
    for (const Gram& gram : grams) {
      if (gram.first) continue;
      const uint32_t from = std::max(gram.at, counted), overlap = from - gram.at;
      counted = gram.at + size;
      for (uint32_t i = from; i < counted; ++i) total += characters(word(i));
      total += std::min(size - overlap, size - 1);
    }
    out[kNemoDup5Gram + n - 5] = static_cast<double>(total) / all;
  });
  exhausted_ |= repeats_.exhausted();
}

}  // namespace millrace::text
