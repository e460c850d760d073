#include "native/tokenizer/bpe.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "native/tokenizer/layout.h"

namespace millrace::tokenizer {
namespace {

constexpr uint32_t kNone = ~0u;
// Up to here a scan over all ranks is faster than a heap (measured on words; either finds the same merges).
constexpr size_t kShort = 48;

Error bad(const std::string& where, const std::string& expected) { return {kFormat, "tokenizer, " + where + ": expected " + expected}; }

}  // namespace

Error Bpe::make(const TextColumn& tokens, std::span<const uint32_t> merges, std::unique_ptr<Bpe>& out) {
  if (!tokens.valid() || merges.size() % 3 != 0) return {kShape, "tokenizer: expected token offsets that ascend, and merges as triples"};
  if (tokens.size() < kFirstMerge)
    return bad("vocabulary", "at least " + std::to_string(kFirstMerge) + " tokens, found " + std::to_string(tokens.size()));
  auto bpe = std::make_unique<Bpe>();
  bpe->bytes_.assign(reinterpret_cast<const char*>(tokens.bytes.data()) + tokens.offsets[0], static_cast<size_t>(tokens.offsets.back() - tokens.offsets[0]));
  for (int32_t offset : tokens.offsets) bpe->offsets_.push_back(static_cast<uint32_t>(offset - tokens.offsets[0]));
  std::unordered_set<std::string_view> seen;
  for (uint32_t id = 0; id < bpe->size(); ++id) {
    const std::string_view token = bpe->token(id);
    const std::string where = "id " + std::to_string(id);
    if (token.empty()) return bad(where, "bytes, found none");
    if (id >= kFirstByte && id < kFirstMerge && (token.size() != 1 || static_cast<uint8_t>(token[0]) != kByteOrder[id - kFirstByte]))
      return bad(where, "the byte " + std::to_string(kByteOrder[id - kFirstByte]) + " (GPT-2's byte order from id 256)");
    if (!seen.insert(token).second) return bad(where, "a token of its own, found the bytes of an earlier one");
  }
  bpe->pairs_ = PairTable<Joined>(merges.size() / 3);
  for (size_t i = 0; i < merges.size(); i += 3) {
    const uint32_t left = merges[i], right = merges[i + 1], id = merges[i + 2], rank = static_cast<uint32_t>(i / 3);
    const std::string where = "merge " + std::to_string(rank);
    if (left < kFirstByte || left >= bpe->size() || right < kFirstByte || right >= bpe->size() || id < kFirstMerge || id >= bpe->size())
      return bad(where, "ids of ordinary tokens below " + std::to_string(bpe->size()));
    const std::string_view joint = bpe->token(id), l = bpe->token(left), r = bpe->token(right);
    if (joint.size() != l.size() + r.size() || joint.substr(0, l.size()) != l || joint.substr(l.size()) != r)
      return bad(where, "the bytes of id " + std::to_string(id) + " to be those of its parts");
    Joined& joined = bpe->pairs_[pair_key(left, right)];
    if (joined.rank != kNone) return bad(where, "a pair of its own, found that of merge " + std::to_string(joined.rank));
    joined = {rank, id};
    bpe->ids_of_ranks_.push_back(id);
  }
  out = std::move(bpe);
  return Error::none();
}

void Bpe::encode_piece(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const {
  if (piece.size() == 1) out.push_back(kByteId[static_cast<uint8_t>(piece[0])]);
  else if (piece.size() <= kShort) encode_short(piece, out);
  else encode_long(piece, scratch, out);
}

void Bpe::encode_short(std::string_view piece, std::vector<uint32_t>& out) const {
  uint32_t ids[kShort], ranks[kShort];  // ranks[i] is that of (ids[i], ids[i + 1])
  size_t n = piece.size();
  for (size_t i = 0; i < n; ++i) ids[i] = kByteId[static_cast<uint8_t>(piece[i])];
  for (size_t i = 0; i + 1 < n; ++i) ranks[i] = joined(ids[i], ids[i + 1]).rank;
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (ranks[i] < ranks[best]) best = i;
    if (ranks[best] == kNone) break;
    ids[best] = ids_of_ranks_[ranks[best]];
    --n;
    for (size_t i = best + 1; i < n; ++i) {
      ids[i] = ids[i + 1];
      ranks[i - 1] = ranks[i];
    }
    if (best + 1 < n) ranks[best] = joined(ids[best], ids[best + 1]).rank;
    if (best > 0) ranks[best - 1] = joined(ids[best - 1], ids[best]).rank;
  }
  out.insert(out.end(), ids, ids + n);
}

void Bpe::encode_long(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const {
  const auto n = static_cast<uint32_t>(piece.size());
  auto& [ids, ranks, previous, next, heap] = scratch;
  ids.resize(n);
  ranks.assign(n, kNone);  // kNone also where a symbol has been taken into its left neighbour: entries of the heap for it are stale
  previous.resize(n);
  next.resize(n);
  heap.clear();
  const auto entry = [](uint32_t rank, uint32_t at) { return static_cast<uint64_t>(rank) << 32 | at; };
  for (uint32_t i = 0; i < n; ++i) {
    ids[i] = kByteId[static_cast<uint8_t>(piece[i])];
    previous[i] = i - 1;
    next[i] = i + 1;
  }
  for (uint32_t i = 0; i + 1 < n; ++i) {
    ranks[i] = joined(ids[i], ids[i + 1]).rank;
    if (ranks[i] != kNone) heap.push_back(entry(ranks[i], i));
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  const auto rank_again = [&](uint32_t at) {
    ranks[at] = next[at] < n ? joined(ids[at], ids[next[at]]).rank : kNone;
    if (ranks[at] == kNone) return;
    heap.push_back(entry(ranks[at], at));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  while (!heap.empty()) {
    const uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.pop_back();
    const auto at = static_cast<uint32_t>(top), rank = static_cast<uint32_t>(top >> 32);
    if (ranks[at] != rank) continue;
    const uint32_t right = next[at];
    ids[at] = ids_of_ranks_[rank];
    ranks[right] = kNone;
    next[at] = next[right];
    if (next[at] < n) previous[next[at]] = at;
    rank_again(at);
    if (at > 0) rank_again(previous[at]);
  }
  for (uint32_t i = 0; i < n; i = next[i]) out.push_back(ids[i]);
}

}  // namespace millrace::tokenizer
