#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::tokenizer {

// `split` for deepseek-v3: three patterns, one after the other, each within the pieces of the one before.
size_t split_deepseek(std::string_view text, size_t at, std::span<uint32_t> ends);

}  // namespace millrace::tokenizer
