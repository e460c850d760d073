#pragma once
#include <cstdint>
#include <string_view>

// What every fuzz target shares. A target is a function of bytes that must return; a broken promise is a trap, which libFuzzer reports with
// the input, like a finding of the sanitizers.
#define CHECK(condition) \
  do {                   \
    if (!(condition)) __builtin_trap(); \
  } while (0)

namespace millrace::fuzz {

// Takes choices off the front of the input, so that a mutation changes them like any other byte. 0 at the end.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace millrace::fuzz
