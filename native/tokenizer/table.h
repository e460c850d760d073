#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::tokenizer {

// 64 bits of a piece, for tables only: it reaches no output. Multiply and fold, eight bytes a step.
inline uint64_t hash_bytes(std::string_view bytes) {
  const auto fold = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  uint64_t h = bytes.size() ^ 0x9E3779B97F4A7C15u;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (uint64_t word; left >= 8; p += 8, left -= 8) {
    std::memcpy(&word, p, 8);
    h = fold(h ^ word, 0xA0761D6478BD642Fu);
  }
  uint64_t word = 0;
  if (left) std::memcpy(&word, p, left);
  return fold(h ^ word, 0xE7037ED1A0B428DBu) ^ h;
}

}  // namespace millrace::tokenizer
