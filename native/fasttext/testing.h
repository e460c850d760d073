#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "native/base/span.h"

namespace millrace::fasttext {

// Texts of a test as a column.
struct Column {
  std::vector<int32_t> offsets{0};
  std::string bytes;
  explicit Column(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      bytes += text;
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  TextColumn view() const { return {offsets, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}}; }
};

}  // namespace millrace::fasttext
