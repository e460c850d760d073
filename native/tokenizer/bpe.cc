#include "native/tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_set>

#include "native/tokenizer/layout.h"

namespace millrace::tokenizer {
namespace {

constexpr uint32_t kNone = ~0u;
// Up to here a scan over all ranks is faster than lists of them (measured on words; either finds the same merges).
constexpr size_t kShort = 48;

Error bad(const std::string& where, const std::string& expected) { return {kFormat, "tokenizer, " + where + ": expected " + expected}; }

}  // namespace

Error Bpe::set_tokens(const TextColumn& tokens, std::span<const uint32_t> specials) {
  if (!tokens.valid() || tokens.offsets.empty()) return {kShape, "tokenizer: expected token offsets that ascend"};
  bytes_.assign(reinterpret_cast<const char*>(tokens.bytes.data()) + tokens.offsets[0], static_cast<size_t>(tokens.offsets.back() - tokens.offsets[0]));
  for (int32_t offset : tokens.offsets) offsets_.push_back(static_cast<uint32_t>(offset - tokens.offsets[0]));
  special_.assign(size(), false);
  for (uint32_t id : specials) {
    if (id >= size() || token(id).empty()) return bad("special id " + std::to_string(id), "a name among the tokens");
    special_[id] = true;
  }
  byte_ids_.fill(kNone);
  std::unordered_set<std::string_view> seen;
  for (uint32_t id = 0; id < size(); ++id) {
    if (token(id).empty()) continue;
    if (!special(id) && token(id).size() == 1) byte_ids_[static_cast<uint8_t>(token(id)[0])] = id;
    if (!seen.insert(token(id)).second) return bad("id " + std::to_string(id), "a token of its own, found the bytes of an earlier one");
  }
  for (uint32_t byte = 0; byte < 256; ++byte)
    if (byte_ids_[byte] == kNone) return bad("byte " + std::to_string(byte), "a token of that byte alone");
  return Error::none();
}

Error Bpe::set_merges(std::span<const uint32_t> merges) {
  if (merges.size() % 3 != 0) return {kShape, "tokenizer: expected merges as triples"};
  ranks_ = Ranks(merges.size() / 3);
  const auto ordinary = [&](uint32_t id) { return id < size() && !special(id) && !token(id).empty(); };
  for (size_t i = 0; i < merges.size(); i += 3) {
    const uint32_t left = merges[i], right = merges[i + 1], id = merges[i + 2], rank = static_cast<uint32_t>(i / 3);
    const std::string where = "merge " + std::to_string(rank);
    if (!ordinary(left) || !ordinary(right) || !ordinary(id)) return bad(where, "ids of ordinary tokens below " + std::to_string(size()));
    const std::string_view joint = token(id), l = token(left), r = token(right);
    if (joint.size() != l.size() + r.size() || joint.substr(0, l.size()) != l || joint.substr(l.size()) != r)
      return bad(where, "the bytes of id " + std::to_string(id) + " to be those of its parts");
    if (const uint32_t before = ranks_.find(left, right); before != kNone) return bad(where, "a pair of its own, found that of merge " + std::to_string(before));
    ranks_.put(left, right, rank);
    ids_of_ranks_.push_back(id);
  }
  ranks_.set_bytes(byte_ids_);
  std::vector<uint32_t> lowest(size(), kNone);
  for (size_t i = merges.size(); i > 0; i -= 3) lowest[merges[i - 3]] = lowest[merges[i - 2]] = static_cast<uint32_t>(i / 3 - 1);
  for (uint32_t rank = 0; rank < ids_of_ranks_.size(); ++rank) lowers_.push_back(lowest[ids_of_ranks_[rank]] < rank);
  borders_ = Borders(static_cast<size_t>(std::count_if(bytes_.begin(), bytes_.end(), Borders::leads)));
  for (uint32_t id = 0; id < size(); ++id) {
    const std::string_view bytes = special(id) ? std::string_view() : token(id);
    borders_.put(bytes);
    for (size_t i = 1; i < bytes.size(); ++i) meet_.set(static_cast<size_t>(static_cast<uint8_t>(bytes[i - 1])) << 8 | static_cast<uint8_t>(bytes[i]));
  }
  set_characters();
  return Error::none();
}

void Bpe::set_characters() {
  characters_.resize(1 << 16);
  std::vector<uint32_t> ids;
  for (uint32_t code = 0; code < characters_.size(); ++code) {
    const char bytes[3] = {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    ids.clear();
    encode_short({bytes, 3}, ids);
    std::copy(ids.begin(), ids.end(), characters_[code].ids);
    characters_[code].count = static_cast<uint32_t>(ids.size());
  }
}

Error Bpe::make(const TextColumn& tokens, std::span<const uint32_t> merges, std::unique_ptr<Bpe>& out) {
  if (tokens.size() < kFirstMerge)
    return bad("vocabulary", "at least " + std::to_string(kFirstMerge) + " tokens, found " + std::to_string(tokens.size()));
  auto bpe = std::make_unique<Bpe>();
  std::vector<uint32_t> specials(kFirstByte);
  std::iota(specials.begin(), specials.end(), 0u);
  if (!tokens.valid()) return {kShape, "tokenizer: expected token offsets that ascend"};
  for (uint32_t id = 0; id < tokens.size(); ++id) {
    const std::string where = "id " + std::to_string(id);
    if (tokens[id].empty()) return bad(where, "bytes, found none");
    if (id >= kFirstByte && id < kFirstMerge && (tokens[id].size() != 1 || static_cast<uint8_t>(tokens[id][0]) != kByteOrder[id - kFirstByte]))
      return bad(where, "the byte " + std::to_string(kByteOrder[id - kFirstByte]) + " (GPT-2's byte order from id 256)");
  }
  MILLRACE_TRY(bpe->set_tokens(tokens, specials));
  MILLRACE_TRY(bpe->set_merges(merges));
  out = std::move(bpe);
  return Error::none();
}

Error Bpe::make_given(const TextColumn& tokens, std::span<const uint32_t> merges, std::span<const uint32_t> specials, bool whole,
                      std::unique_ptr<Bpe>& out) {
  auto bpe = std::make_unique<Bpe>();
  MILLRACE_TRY(bpe->set_tokens(tokens, specials));
  MILLRACE_TRY(bpe->set_merges(merges));
  Scratch scratch;
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; whole && id < bpe->size(); ++id) {
    if (bpe->special(id) || bpe->token(id).size() < 2) continue;
    ids.clear();
    bpe->encode_piece(bpe->token(id), scratch, ids);
    if (ids.size() > 1) bpe->whole_.emplace(bpe->token(id), id);
  }
  out = std::move(bpe);
  return Error::none();
}

Error merges_of_ranks(const TextColumn& tokens, std::vector<uint32_t>& merges) {
  if (!tokens.valid()) return {kShape, "tokenizer: expected token offsets that ascend"};
  std::unordered_map<std::string_view, uint32_t> ranks;
  std::array<uint32_t, 256> byte_ids;
  byte_ids.fill(kNone);
  for (uint32_t rank = 0; rank < tokens.size(); ++rank) {
    if (!ranks.emplace(tokens[rank], rank).second) return bad("rank " + std::to_string(rank), "a token of its own, found the bytes of an earlier one");
    if (tokens[rank].size() == 1) byte_ids[static_cast<uint8_t>(tokens[rank][0])] = rank;
  }
  for (uint32_t byte = 0; byte < 256; ++byte)
    if (byte_ids[byte] == kNone) return bad("byte " + std::to_string(byte), "a token of that byte alone");
  merges.clear();
  Ranks pairs(tokens.size());
  std::vector<uint32_t> ids, found;
  for (uint32_t rank = 0; rank < tokens.size(); ++rank) {
    const std::string_view token = tokens[rank];
    if (token.size() < 2) continue;
    if (token.size() > 4096) return bad("rank " + std::to_string(rank), "at most 4096 bytes, found " + std::to_string(token.size()));
    ids.clear();
    for (char byte : token) ids.push_back(byte_ids[static_cast<uint8_t>(byte)]);
    for (;;) {
      found.assign(ids.size(), kNone);
      for (size_t i = 0; i + 1 < ids.size(); ++i) found[i] = pairs.find(ids[i], ids[i + 1]);
      const auto best = std::min_element(found.begin(), found.end());
      if (*best == kNone) break;
      const auto at = best - found.begin();
      ids[static_cast<size_t>(at)] = *best;
      ids.erase(ids.begin() + at + 1);
    }
    if (ids.size() != 2) continue;
    pairs.put(ids[0], ids[1], rank);
    merges.insert(merges.end(), {ids[0], ids[1], rank});
  }
  return Error::none();
}

namespace {
bool is_character(std::string_view part) {
  const auto follows = [&](size_t i) { return (static_cast<uint8_t>(part[i]) & 0xc0) == 0x80; };
  return part.size() == 3 && (static_cast<uint8_t>(part[0]) & 0xf0) == 0xe0 && follows(1) && follows(2);
}
}  // namespace

void Bpe::encode_piece(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const {
  if (!whole_.empty()) {
    if (const auto found = whole_.find(piece); found != whole_.end()) {
      out.push_back(found->second);
      return;
    }
  }
  if (piece.size() <= kShort && std::none_of(piece.begin(), piece.end(), Borders::leads)) return encode_short(piece, out);
  for (size_t from = 0, to = 0; from < piece.size(); from = to) {
    to = from + (is_character(piece.substr(from, 3)) ? 3 : 1);
    while (to < piece.size() && joined(piece, to)) ++to;
    const std::string_view part = piece.substr(from, to - from);
    if (is_character(part)) {
      const Character& known = characters_[place_of(part)];
      out.insert(out.end(), known.ids, known.ids + known.count);
    } else if (part.size() <= kShort) encode_short(part, out);
    else merge_long({ranks_, ids_of_ranks_, lowers_, byte_ids_}, part, scratch, out);
  }
}

void Bpe::encode_short(std::string_view piece, std::vector<uint32_t>& out) const {
  if (piece.size() == 1) return out.push_back(byte_ids_[static_cast<uint8_t>(piece[0])]);
  // Symbols stay where their first byte is; best[i] is the rank of (symbol at i, the next) with i below it, so that the least of them tells
  // rank and place, the leftmost of equals.
  uint32_t ids[kShort];
  uint64_t best[kShort];
  const size_t n = piece.size();
  uint64_t alive = ~uint64_t{0} >> (64 - n);
  const auto entry = [](uint32_t rank, size_t at) { return static_cast<uint64_t>(rank) << 8 | at; };
  for (size_t i = 0; i < n; ++i) ids[i] = byte_ids_[static_cast<uint8_t>(piece[i])];
  for (size_t i = 0; i + 1 < n; ++i) best[i] = entry(ranks_.of_bytes(piece[i], piece[i + 1]), i);
  best[n - 1] = entry(kNone, n - 1);
  for (;;) {
    uint64_t least = best[0], odd = best[1];
    size_t i = 2;
    for (; i + 1 < n; i += 2) {
      least = std::min(least, best[i]);
      odd = std::min(odd, best[i + 1]);
    }
    if (i < n) least = std::min(least, best[i]);
    least = std::min(least, odd);
    const auto rank = static_cast<uint32_t>(least >> 8);
    if (rank == kNone) break;
    const size_t at = least & 255;
    const uint64_t after = alive & (~uint64_t{1} << at);  // never empty: a pair has two
    const auto right = static_cast<size_t>(std::countr_zero(after));
    alive &= ~(uint64_t{1} << right);
    best[right] = entry(kNone, right);
    ids[at] = ids_of_ranks_[rank];
    const uint64_t later = after & (after - 1), before = alive & ((uint64_t{1} << at) - 1);
    const auto left = static_cast<size_t>(before ? 63 - std::countl_zero(before) : 0);
    const Ranks::Two found = ranks_.find(ids[at], later ? ids[std::countr_zero(later)] : kNone, before ? ids[left] : kNone, ids[at]);
    best[at] = entry(found.first, at);
    if (before) best[left] = entry(found.second, left);
  }
  uint32_t found[kShort];
  size_t count = 0;
  for (; alive; alive &= alive - 1) found[count++] = ids[std::countr_zero(alive)];
  out.insert(out.end(), found, found + count);
}

}  // namespace millrace::tokenizer
