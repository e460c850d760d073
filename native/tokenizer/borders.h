#pragma once
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::tokenizer {

// Before which characters of three and four bytes (Han, Kana, Hangul and most other scripts) a token may reach across: the two bytes on either
// side of each such border within a token, or the token's own end. Asked of a border in a text it may say yes too often, never no where a
// token fits. Such texts are one long piece between two marks, of characters that are mostly tokens or made of two or three; cut at their
// borders they are merged character by character.
class Borders {
 public:
  static bool leads(char byte) { return static_cast<uint8_t>(byte) >= 0xe0; }

  // `borders`: how many there are in all tokens, which sets the size of the filter.
  explicit Borders(size_t borders = 0) : filter_(std::bit_ceil(borders + 64) * kBits / 64) {}

  void put(std::string_view token) {
    for (size_t i = 1; i < token.size(); ++i)
      if (leads(token[i])) set(key(i > 1 ? byte(token[i - 2]) : kBegin, byte(token[i - 1]), byte(token[i]), i + 1 < token.size() ? byte(token[i + 1]) : kEnd));
  }

  // May a token hold both text[at - 1] and text[at], which leads? 0 < at < text.size().
  bool crossed(std::string_view text, size_t at) const {
    const uint32_t left = byte(text[at - 1]), right = byte(text[at]);
    if (has(key(kBegin, left, right, kEnd))) return true;
    const uint32_t before = at > 1 ? byte(text[at - 2]) : kBegin, behind = at + 1 < text.size() ? byte(text[at + 1]) : kEnd;
    return has(key(before, left, right, behind)) || has(key(kBegin, left, right, behind)) || has(key(before, left, right, kEnd));
  }

 private:
  static constexpr size_t kBits = 16;
  // Bytes that no UTF-8 has. A token that has them makes the answer yes too often, which costs time only.
  static constexpr uint32_t kBegin = 0xff, kEnd = 0xfe;

  static uint32_t byte(char c) { return static_cast<uint8_t>(c); }
  static uint32_t key(uint32_t before, uint32_t left, uint32_t right, uint32_t behind) { return before << 24 | left << 16 | right << 8 | behind; }
  size_t bit_of(uint32_t key) const { return (key * 0x9E3779B97F4A7C15u >> 32) & (filter_.size() * 64 - 1); }
  void set(uint32_t key) { filter_[bit_of(key) >> 6] |= uint64_t{1} << (bit_of(key) & 63); }
  bool has(uint32_t key) const { return filter_[bit_of(key) >> 6] >> (bit_of(key) & 63) & 1; }

  std::vector<uint64_t> filter_;
};

}  // namespace millrace::tokenizer
