#include "native/extract/prior.h"

namespace millrace::extract {
namespace {

constexpr uint32_t kBuckets = 4;
constexpr size_t kLevels = 8;

// How far out an ancestor stands: itself, parent, two more, the next four.
constexpr uint32_t bucket(size_t level) { return level == 0 ? 0 : level == 1 ? 1 : level <= 3 ? 2 : 3; }

uint16_t index_of(uint32_t hash, uint32_t salt) {
  uint32_t h = hash ^ (salt * 0x9e3779b1u);
  h = (h ^ h >> 15) * 0x2c1b3c6du;
  h = (h ^ h >> 12) * 0x297a2d39u;
  return static_cast<uint16_t>((h ^ h >> 15) & (kPriorSize - 1));
}

enum Salt : uint32_t { kWord = 16, kFirst, kPair, kPhrase, kHeading, kHeadingPhrase };

// Words of a block, and of the heading above it.
template <class Add>
void own_tokens(const Features& f, size_t block, Add add) {
  const auto& s = f.stats[block];
  const uint32_t* w = f.words.hashes.data() + s.first_word;
  for (uint32_t i = 0; i < s.word_count; ++i) add(index_of(w[i], kWord));
  if (s.word_count) {
    add(index_of(w[0], kFirst));
    add(index_of(w[0] * 31 + (s.word_count > 1 ? w[1] : 0), kPair));
    add(index_of(static_cast<uint32_t>(s.hash ^ s.hash >> 32), kPhrase));
  }
}

template <class Add>
void heading_tokens(const Features& f, size_t heading, Add add) {
  const auto& s = f.stats[heading];
  const uint32_t* w = f.words.hashes.data() + s.first_word;
  for (uint32_t i = 0; i < s.word_count && i < 12; ++i) add(index_of(w[i], kHeading));
  if (s.word_count) add(index_of(static_cast<uint32_t>(s.hash ^ s.hash >> 32), kHeadingPhrase));
}

// The heading that a block stands under, at most 200 blocks above; itself excluded.
bool heading_of(const Features& f, size_t block, size_t& heading) {
  const float distance = f.row(block)[feature::heading_before];
  if (distance >= 200 || size_t(distance) > block) return false;
  heading = block - size_t(distance);
  return heading < block;
}

}  // namespace

void prior_tokens(const Features& f, size_t block, std::vector<uint16_t>& tokens) {
  tokens.clear();
  const auto add = [&](uint16_t index) { tokens.push_back(index); };
  uint32_t at = f.slot_of[block];
  for (size_t level = 0; level < kLevels; ++level) {
    const auto& slot = f.slots[at];
    for (uint32_t i = 0; i < slot.tokens; ++i) add(index_of(f.slot_tokens[slot.first_token + i], bucket(level)));
    if (at == 0) break;
    at = slot.parent;
  }
  own_tokens(f, block, add);
  if (size_t heading; heading_of(f, block, heading)) heading_tokens(f, heading, add);
}

void add_priors(const Features& f, const int8_t* weights, float scale, float bias, std::vector<float>& out) {
  // Per slot and bucket at most once: neighbours share their ancestors.
  std::vector<int32_t> sums(f.slots.size() * kBuckets, INT32_MIN);
  const auto sum_of = [&](uint32_t slot, uint32_t bucket) {
    int32_t& sum = sums[slot * kBuckets + bucket];
    if (sum != INT32_MIN) return sum;
    const uint32_t* tokens = f.slot_tokens.data() + f.slots[slot].first_token;
    int32_t fresh = 0;
    for (uint32_t i = 0; i < f.slots[slot].tokens; ++i) fresh += weights[index_of(tokens[i], bucket)];
    return sum = fresh;
  };
  out.resize(f.blocks());
  size_t last = f.blocks();
  int32_t last_sum = 0;
  for (size_t block = 0; block < f.blocks(); ++block) {
    int32_t sum = 0;
    uint32_t at = f.slot_of[block];
    for (size_t level = 0; level < kLevels; ++level) {
      sum += sum_of(at, bucket(level));
      if (at == 0) break;
      at = f.slots[at].parent;
    }
    own_tokens(f, block, [&](uint16_t index) { sum += weights[index]; });
    if (size_t heading; heading_of(f, block, heading)) {
      if (heading != last) {
        last = heading;
        last_sum = 0;
        heading_tokens(f, heading, [&](uint16_t index) { last_sum += weights[index]; });
      }
      sum += last_sum;
    }
    out[block] = bias + scale * static_cast<float>(sum);
  }
}

}  // namespace millrace::extract
