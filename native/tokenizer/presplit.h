#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::tokenizer {

// Which text of patterns.md cuts text into pieces. The order is that of `patterns` in native/addon/tokenizer.ts.
enum class Pattern : uint8_t { kMillrace, kMillraceRun, kGpt2, kCl100k, kO200k, kQwen2, kDeepseekV3 };
inline constexpr int kPatterns = 7;

// Ends of the pieces from `at` on, until `ends` is nearly full (a block of 64 bytes must find room) or the text is over: how many, at least
// one. `text` is valid UTF-8 below 4 GiB, at < text.size(); every end is above the one before. Hand-written: each alternative is one scan
// forward, so a text costs O(n) whatever it holds. Many a call, because a pattern is chosen once a call, and because whoever looks pieces up
// can then fetch ahead.
size_t split(Pattern pattern, std::string_view text, size_t at, std::span<uint32_t> ends);

}  // namespace millrace::tokenizer
