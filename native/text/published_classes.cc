#include "native/text/published_classes.h"

#include <span>
#include <vector>

namespace millrace::text {
namespace {

struct Range {
  uint32_t first, last;
};
#include "native/text/published_classes.inc"

}  // namespace

const uint8_t* published_class_table() {
  static const std::vector<uint8_t> table = [] {
    std::vector<uint8_t> made(0x110000);
    const auto mark = [&](std::span<const Range> ranges, PublishedClass bit) {
      for (const auto& [first, last] : ranges)
        for (uint32_t code = first; code <= last; ++code) made[code] |= bit;
    };
    mark(kAlphabeticRanges, kAlphabetic);
    mark(kDigitRanges, kDigit);
    for (uint32_t code = '0'; code <= '9'; ++code) made[code] |= kDigit;
    return made;
  }();
  return table.data();
}

}  // namespace millrace::text
