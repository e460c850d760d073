#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/tokenizer/borders.h"
#include "native/tokenizer/bpe_long.h"
#include "native/tokenizer/ranks.h"

namespace millrace::tokenizer {

// A vocabulary with its merges. Immutable, shared by threads.
class Bpe {
 public:
  // tokens[id] are the bytes of id (names for ids below kFirstByte), merges triples (left, right, id) in order of rank.
  // kFormat, naming the id or rank: a byte out of its place, an empty or repeated token, a merge of ids that are not there or whose
  // bytes do not join, a repeated pair.
  static Error make(const TextColumn& tokens, std::span<const uint32_t> merges, std::unique_ptr<Bpe>& out);

  // The same for ids of someone else's layout: `specials` (ascending) are ids whose bytes are names, which no text yields; a token without
  // bytes is an id that means nothing. Every byte must be a token. With `whole` a piece that is a token gives that token, whatever its
  // merges would (ignore_merges of Hugging Face, and what tiktoken does).
  static Error make_given(const TextColumn& tokens, std::span<const uint32_t> merges, std::span<const uint32_t> specials, bool whole,
                          std::unique_ptr<Bpe>& out);

  uint32_t size() const { return static_cast<uint32_t>(offsets_.size() - 1); }
  std::string_view token(uint32_t id) const { return std::string_view(bytes_).substr(offsets_[id], offsets_[id + 1] - offsets_[id]); }
  bool special(uint32_t id) const { return id < special_.size() && special_[id]; }

  // Appends the ids of one piece (any bytes, at least one): the lowest rank first, among equals the leftmost, until no pair has a merge.
  // O(n log n) in the piece, whatever it holds, and O(n) where no merge makes a pair of a lower rank than its own.
  void encode_piece(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const;

 private:
  Error set_tokens(const TextColumn& tokens, std::span<const uint32_t> specials);
  Error set_merges(std::span<const uint32_t> merges);
  void encode_short(std::string_view piece, std::vector<uint32_t>& out) const;
  void set_characters();
  bool joined(std::string_view piece, size_t at) const {
    const size_t pair = static_cast<size_t>(static_cast<uint8_t>(piece[at - 1])) << 8 | static_cast<uint8_t>(piece[at]);
    return meet_[pair] && (!Borders::leads(piece[at]) || borders_.crossed(piece, at));
  }

  std::string bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<bool> special_;
  std::array<uint32_t, 256> byte_ids_{};
  std::vector<uint32_t> ids_of_ranks_;
  std::vector<bool> lowers_;  // ranks whose result is a part of a merge of a lower rank
  std::bitset<65536> meet_;   // pairs of bytes that some token has within; between others no merge reaches across
  Borders borders_;
  // Ids of every character of three bytes alone, by its last 16 bits of meaning.
  struct Character {
    uint32_t ids[3], count;
  };
  static size_t place_of(std::string_view character) {
    const auto bits = [&](size_t i, uint32_t mask) { return static_cast<size_t>(static_cast<uint8_t>(character[i]) & mask); };
    return bits(0, 15) << 12 | bits(1, 63) << 6 | bits(2, 63);
  }
  std::vector<Character> characters_;
  Ranks ranks_;
  std::unordered_map<std::string_view, uint32_t> whole_;  // tokens that their own merges do not give
};

// Merges of a vocabulary that has ranks alone, as tiktoken's files do: each token's two parts are what the tokens before it make of its
// bytes, and any other two that meet would have been merged otherwise before. tokens[i] has rank i; `merges` are triples of ranks. A token
// that its predecessors cannot make has none. kFormat if a byte is no token or a token repeats.
Error merges_of_ranks(const TextColumn& tokens, std::vector<uint32_t>& merges);

}  // namespace millrace::tokenizer
