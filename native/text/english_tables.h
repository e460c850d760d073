#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "native/text/characters.h"
#include "native/text/interner.h"

namespace millrace::text::english {

// What a code point is to spaCy's expressions (english_tables.inc). Bits.
enum Trait : uint16_t {
  kPrefix = 1,       // split from a chunk's beginning
  kSuffix = 2,       // split from its end
  kInfix = 4,        // a token of its own inside
  kAlpha = 8,        // ALPHA of spaCy: Latin, Greek, Cyrillic and scripts without case
  kLower = 16,       // ALPHA_LOWER, scripts without case included
  kUpperAlpha = 32,  // ALPHA_UPPER, alike
  kQuote = 64,
  kBeforeStop = 128,  // a full stop behind it is a suffix
  kMark = 256,        // Unicode category P
  kSpanEnd = 512,     // ends a sentence for the sentencizer
  kMeasureEnd = 1024, // last character of a unit or a currency
};

inline constexpr size_t kMostPieces = 4, kMostParts = 11;

struct Exception {
  std::string_view text;
  uint8_t pieces[kMostPieces];  // bytes of each token, 0 behind the last one
};

inline constexpr uint16_t kNone = UINT16_MAX;

// The tables of the package, arranged for look-up; made once, on first need.
class Tables {
 public:
  static const Tables& get();

  const uint16_t* traits;  // [0x110000]

  // Place of the exception that is exactly `text`, or kNone.
  uint16_t exception(std::string_view text) const {
    if (text.size() >= 64) return kNone;
    const uint32_t bit = filter_bit(text);
    return filter_[bit >> 6] >> (bit & 63) & 1 ? find_exception(text) : kNone;
  }
  const Exception& exception(uint16_t place) const;

  std::vector<std::string_view> exceptions() const;  // all of them
  std::span<const std::string_view> parts() const;

  bool measure(std::string_view text) const;  // a unit or a currency

  // The number of a token among parts of exceptions that finished tokens can join to, 0 for none.
  uint8_t part(std::string_view text) const {
    if (text.size() > 8) return 0;
    if (text.size() == 1) return single_[static_cast<uint8_t>(text[0])];
    return find_part(text);
  }
  // Whether a token with this part as its own can have a neighbour before or behind it in such an exception.
  bool follows(uint8_t part) const { return follows_[part]; }
  bool precedes(uint8_t part) const { return precedes_[part]; }
  // Whether two parts can be neighbours in such an exception.
  bool neighbours(uint8_t first, uint8_t second) const { return pairs_[first][second >> 6] >> (second & 63) & 1; }

  // A tree over parts: the node behind `node` by `part`, 0 if there is none; the exception that ends at a node, or kNone.
  uint16_t step(uint16_t node, uint8_t part) const;
  uint16_t ends(uint16_t node) const { return nodes_[node].exception; }

 private:
  struct Node {
    uint16_t exception = kNone;
    std::vector<std::pair<uint8_t, uint16_t>> next;
  };
  Tables();
  // Of its length and three of its characters; most words share theirs with no exception.
  static uint32_t filter_bit(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
    return ((byte(0) | byte(text.size() / 2) << 8 | byte(text.size() - 1) << 16 | static_cast<uint32_t>(text.size()) << 24) * 2654435769u) >> 19;
  }
  uint16_t find_exception(std::string_view text) const;
  uint8_t find_part(std::string_view text) const;

  std::vector<uint16_t> all_traits_;
  std::array<uint64_t, 128> filter_{};
  std::array<uint16_t, 4096> exceptions_;
  std::array<uint8_t, 128 + 128> single_{};
  std::array<uint8_t, 1024> parts_{};
  std::array<std::array<uint64_t, 4>, 256> pairs_{};
  std::array<bool, 256> follows_{}, precedes_{};
  std::vector<Node> nodes_;
};

// Bytes of the prefix or suffix that spaCy would split from [from, to), 0 for none.
size_t prefix(const Tables& tables, const char* from, const char* to);
size_t suffix(const Tables& tables, const char* from, const char* to);

// What [open]core[mark] falls into by itself, core being letters or digits and the two at most one mark each that is split from it: true if these, false
// if an exception is in it or its parts can join to one.
bool falls_apart(const Tables& tables, std::string_view chunk, size_t open, size_t mark);

struct Infix {
  const char *from, *to;
};
// The first infix at or behind `at` in [from, to); `from == to` of the result where there is none.
Infix next_infix(const Tables& tables, const char* from, const char* at, const char* to);

// URL_PATTERN of spaCy on a chunk without white space.
bool is_url(const Tables& tables, std::string_view text);

}  // namespace millrace::text::english
