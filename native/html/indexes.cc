// Labels and indexes out of the packed tables (scripts/tables/charset.mjs says how they are packed).
#include "native/html/indexes.h"

#include <iterator>
#include <string>
#include <vector>

#include "native/html/charset.h"

namespace millrace::html {
namespace {

#include "native/html/charset_tables.inc"

constexpr std::string_view kNames[] = {
#define ENCODING(id, name) name,
#include "native/html/charset_tables.inc"
#undef ENCODING
    ""};

std::vector<uint32_t> unpacked(const uint16_t* from, size_t count, size_t size) {
  std::vector<uint32_t> codes;
  codes.reserve(size);
  for (size_t i = 0; i < count; ++i) {
    switch (from[i]) {
      case 0: codes.resize(codes.size() + from[++i]); break;
      case 1:
        for (uint32_t n = 0; n < from[i + 1]; ++n) codes.push_back(from[i + 2] + n);
        i += 2;
        break;
      case 2: codes.push_back(0x20000u + from[++i]); break;
      default: codes.push_back(from[i]);
    }
  }
  return codes;
}

}  // namespace

#define INDEX(function, table)                                                                                  \
  const CharacterIndex& function() {                                                                            \
    static const std::vector<uint32_t> codes = unpacked(table##Packed, std::size(table##Packed), table##Size);  \
    static const CharacterIndex index{codes.data(), static_cast<uint32_t>(codes.size())};                       \
    return index;                                                                                               \
  }
INDEX(jis0208, kJis0208)
INDEX(jis0212, kJis0212)
INDEX(euc_kr_index, kEucKr)
INDEX(gb18030_index, kGb18030)
INDEX(big5_index, kBig5)
#undef INDEX

uint32_t gb18030_range(uint32_t pointer) {
  if (pointer >= 189000 && pointer <= 1237575) return 0x10000 + pointer - 189000;
  if (pointer >= 39420) return 0;
  size_t low = 0, high = std::size(kGb18030Ranges);
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    if (kGb18030Ranges[middle][0] <= pointer) low = middle;
    else high = middle;
  }
  return kGb18030Ranges[low][1] + pointer - kGb18030Ranges[low][0];
}

const uint16_t* single_byte(uint8_t encoding) { return kSingleBytes[encoding]; }
uint8_t single_byte_count() { return kSingleByteCount; }

std::string_view name(Encoding encoding) { return kNames[static_cast<size_t>(encoding)]; }

Encoding from_label(std::string_view label) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; };
  while (!label.empty() && is_space(label.front())) label.remove_prefix(1);
  while (!label.empty() && is_space(label.back())) label.remove_suffix(1);
  if (label.size() > 32) return Encoding::none;
  std::string lower(label);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  size_t low = 0, high = std::size(kLabels);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (std::string_view(kLabels[middle].label) < lower) low = middle + 1;
    else high = middle;
  }
  return low < std::size(kLabels) && lower == kLabels[low].label ? static_cast<Encoding>(kLabels[low].encoding) : Encoding::none;
}

}  // namespace millrace::html
