#pragma once
// Merging one long piece in time that grows as its length. Pairs wait in one list a rank; ranks are taken ascending, and a list as a whole:
// the definition asks for the leftmost of equals first, but occurrences of a pair of two different symbols do not overlap, so that only runs of
// one symbol care, and those are merged from their left end. This holds where a merge makes no pair of a lower rank than its own. Vocabularies
// may have ranks that do (a merge whose string is an older token): the pairs of such a rank, and what they bring about, go through a heap by
// rank and place, as the definition reads. A list tells what memory will be needed next, so that it is asked for ahead; a heap does not.
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/tokenizer/ranks.h"

namespace millrace::tokenizer {

// Work space of one thread: 16 bytes a byte of the longest piece, and at most 12 for pairs that merges make.
struct Scratch {
  struct Symbol {
    uint32_t id, previous, next;
  };
  struct Pair {
    uint32_t at, link;
  };
  std::vector<Symbol> symbols;   // each where its first byte is
  std::vector<uint32_t> first;   // places of the pairs of bytes, by rank and place
  std::vector<uint32_t> ends;    // by rank: of its places in `first`; 0 for none
  std::vector<Pair> pairs;       // pairs that merges made, in lists
  std::vector<uint32_t> last;    // by rank: the last node of its list, whose link is the first
  std::vector<uint64_t> some;    // bits: ranks that have places or a list
  std::vector<uint64_t> words;   // bits: words of `some` that are not 0
  std::vector<uint64_t> urgent;  // heap of rank and place
};

// What merging asks of a vocabulary.
struct Merges {
  const Ranks& ranks;
  const std::vector<uint32_t>& ids;         // of what a rank makes
  const std::vector<bool>& lowers;          // ranks whose result is a part of a merge of a lower rank
  const std::array<uint32_t, 256>& bytes;   // ids of the bytes
};

// Appends the ids of `piece`, at least two bytes.
void merge_long(const Merges& merges, std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out);

}  // namespace millrace::tokenizer
