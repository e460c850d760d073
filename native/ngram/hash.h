#pragma once
// Hashes of the model's tables. They are part of the binary format (model.h): another hash needs another version of it.
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::ngram {

inline uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline constexpr uint64_t kSalt0 = 0x9e3779b97f4a7c15ull, kSalt1 = 0xd6e8feb86659fd93ull, kSalt2 = 0xa0761d6478bd642full;

inline uint64_t hash_word(std::string_view word) {
  const auto read8 = [](const char* p) { uint64_t v; std::memcpy(&v, p, 8); return v; };
  const auto read4 = [](const char* p) { uint32_t v; std::memcpy(&v, p, 4); return uint64_t{v}; };
  const char* p = word.data();
  const size_t size = word.size();
  uint64_t seed = kSalt0, a = 0, b = 0;
  if (size > 16) {
    size_t left = size;
    for (; left > 16; left -= 16, p += 16) seed = fold(read8(p) ^ kSalt1, read8(p + 8) ^ seed);
    a = read8(p + left - 16);
    b = read8(p + left - 8);
  } else if (size >= 8) {
    a = read8(p);
    b = read8(p + size - 8);
  } else if (size >= 4) {
    a = read4(p);
    b = read4(p + size - 4);
  } else if (size > 0) {
    a = static_cast<uint64_t>(static_cast<uint8_t>(p[0])) << 16 | static_cast<uint64_t>(static_cast<uint8_t>(p[size / 2])) << 8 |
        static_cast<uint8_t>(p[size - 1]);
  }
  return fold(kSalt2 ^ size, fold(a ^ kSalt1, b ^ seed));
}

// Whether `size` bytes are equal; without a call for words, which are short.
inline bool same_bytes(const char* x, const char* y, size_t size) {
  const auto differ8 = [&](size_t at) { uint64_t a, b; std::memcpy(&a, x + at, 8); std::memcpy(&b, y + at, 8); return a ^ b; };
  const auto differ4 = [&](size_t at) { uint32_t a, b; std::memcpy(&a, x + at, 4); std::memcpy(&b, y + at, 4); return a ^ b; };
  if (size > 16) return std::memcmp(x, y, size) == 0;
  if (size >= 8) return (differ8(0) | differ8(size - 8)) == 0;
  if (size >= 4) return (differ4(0) | differ4(size - 4)) == 0;
  return size == 0 || (((x[0] ^ y[0]) | (x[size / 2] ^ y[size / 2]) | (x[size - 1] ^ y[size - 1])) == 0);
}

// Of an n-gram: the place of its suffix and its first word, which together say exactly which n-gram it is.
inline uint64_t hash_edge(uint64_t parent_and_word) { return fold(parent_and_word ^ kSalt0, kSalt1); }

// A hash in [0, size): the high bits of a product, so that tables need no power of two.
inline size_t place(uint64_t hash, size_t size) { return static_cast<size_t>(static_cast<unsigned __int128>(hash) * size >> 64); }

}  // namespace millrace::ngram
