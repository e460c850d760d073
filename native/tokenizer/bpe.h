#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/tokenizer/table.h"

namespace millrace::tokenizer {

// Work space of one thread: what a piece needs while its merges are found. Grows to 32 bytes a byte of the longest piece.
struct Scratch {
  std::vector<uint32_t> ids, ranks, previous, next;
  std::vector<uint64_t> heap;
};

// A vocabulary with its merges. Immutable, shared by threads.
class Bpe {
 public:
  // tokens[id] are the bytes of id (names for ids below kFirstByte), merges triples (left, right, id) in order of rank.
  // kFormat, naming the id or rank: a byte out of its place, an empty or repeated token, a merge of ids that are not there or whose
  // bytes do not join, a repeated pair.
  static Error make(const TextColumn& tokens, std::span<const uint32_t> merges, std::unique_ptr<Bpe>& out);

  uint32_t size() const { return static_cast<uint32_t>(offsets_.size() - 1); }
  std::string_view token(uint32_t id) const { return std::string_view(bytes_).substr(offsets_[id], offsets_[id + 1] - offsets_[id]); }

  // Appends the ids of one piece (any bytes, at least one): the lowest rank first, among equals the leftmost, until no pair has a merge.
  // O(n log n) in the piece, whatever it holds.
  void encode_piece(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const;

 private:
  struct Joined {
    uint32_t rank = ~0u, id = 0;
  };
  Joined joined(uint32_t left, uint32_t right) const {
    const Joined* found = pairs_.find(pair_key(left, right));
    return found ? *found : Joined{};
  }
  void encode_short(std::string_view piece, std::vector<uint32_t>& out) const;
  void encode_long(std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) const;

  std::string bytes_;
  std::vector<uint32_t> offsets_;
  std::vector<uint32_t> ids_of_ranks_;
  PairTable<Joined> pairs_;
};

}  // namespace millrace::tokenizer
