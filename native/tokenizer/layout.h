#pragma once
#include <array>
#include <cstdint>

namespace millrace::tokenizer {

// Ids (design: rows): 0-255 are special and reserved, 256-511 the bytes in GPT-2's byte order, merges follow. Text never yields an id
// below kFirstByte, because nothing in it is ever looked up by name.
inline constexpr uint32_t kFirstByte = 256;
inline constexpr uint32_t kFirstMerge = 512;

// GPT-2's byte order: 0x21-0x7E, 0xA1-0xAC, 0xAE-0xFF, then the other 68 ascending. It is the order of the characters that stand for the
// bytes in Hugging Face's files, so ties between pairs of ids fall as they do there.
constexpr std::array<uint8_t, 256> byte_order() {
  std::array<uint8_t, 256> order{};
  int n = 0;
  const auto printable = [](int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; };
  for (int b = 0; b < 256; ++b)
    if (printable(b)) order[n++] = static_cast<uint8_t>(b);
  for (int b = 0; b < 256; ++b)
    if (!printable(b)) order[n++] = static_cast<uint8_t>(b);
  return order;
}
inline constexpr std::array<uint8_t, 256> kByteOrder = byte_order();

// Byte -> id.
constexpr std::array<uint32_t, 256> byte_ids() {
  std::array<uint32_t, 256> ids{};
  for (uint32_t i = 0; i < 256; ++i) ids[kByteOrder[i]] = kFirstByte + i;
  return ids;
}
inline constexpr std::array<uint32_t, 256> kByteId = byte_ids();

}  // namespace millrace::tokenizer
