#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace {

// A column of UTF-8 texts as Arrow lays it out: offsets has one entry more than there are texts.
struct TextColumn {
  std::span<const int32_t> offsets;
  std::span<const uint8_t> bytes;

  size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::string_view operator[](size_t i) const {
    return {reinterpret_cast<const char*>(bytes.data()) + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i])};
  }
  // True if every offset lies in bounds and none runs backwards: input is hostile until this has been asked.
  bool valid() const {
    if (offsets.empty()) return true;
    if (offsets[0] < 0) return false;
    for (size_t i = 1; i < offsets.size(); ++i)
      if (offsets[i] < offsets[i - 1]) return false;
    return static_cast<size_t>(offsets.back()) <= bytes.size();
  }
};

}  // namespace millrace
