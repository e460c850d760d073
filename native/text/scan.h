#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/text/words.h"

namespace millrace::text {

// Where white space and line breaks stand in a text, and how often what counts of bytes alone: one pass, 64 bytes at a time, from which words
// and lines follow without looking at each byte again. White space and line breaks are CPython's (native/text/characters.h).
class Scan {
 public:
  // What to find of chunks: nothing, where they are, or also which ones are simple.
  enum Chunks : uint8_t { kNone = 0, kBounds = 1, kSimple = 2 };

  // `text` is valid UTF-8 below 4 GiB, and stays where it is as long as this is asked.
  void read(std::string_view text, Chunks chunks = kBounds);

  std::string_view text() const { return text_; }
  uint64_t characters() const { return text_.size() - continuations_; }
  bool ascii() const { return ascii_; }
  uint64_t newlines() const { return newlines_; }  // "\n"
  uint64_t hashes() const { return hashes_; }      // "#"

  bool may_have_ellipsis() const { return dots_; }  // false: there is no "..."

  // Characters by class, counted anew at each call.
  ClassCounts classes() const;

  // Chunks: the elements of str.split(), as byte ranges.
  size_t chunks() const { return chunks_; }
  uint32_t start(size_t chunk) const { return bounds_[2 * chunk]; }
  uint32_t end(size_t chunk) const { return bounds_[2 * chunk + 1]; }
  std::string_view chunk(size_t i) const { return text_.substr(start(i), end(i) - start(i)); }
  // True for a run of ASCII letters or one of ASCII digits, with at most one of ( " ' [ before and one of . , ; : ? ! ) ] " ' behind it; the full stop
  // not behind one letter or a capital. Splitters of words take these apart where the run ends, but for exceptions that they know.
  bool simple(size_t chunk) const { return simple_[end(chunk) / 64] >> (end(chunk) % 64) & 1; }
  // True if exactly one U+0020 stands between a chunk and the next one.
  bool plain_gap(size_t chunk) const { return start(chunk + 1) == end(chunk) + 1 && text_[end(chunk)] == ' '; }

  // Calls visit(line) for each element of str.splitlines().
  template <class Visit>
  void for_each_line(Visit&& visit) const {
    size_t start = 0;
    for (size_t i = 0; i < breaks_count_; ++i) {
      const size_t at = breaks_[i];
      if (at < start) continue;  // the "\n" of "\r\n"
      visit(text_.substr(start, at - start));
      start = at + break_bytes(at);
    }
    if (start < text_.size()) visit(text_.substr(start));
  }

  // The same for each element of re.split("\n{least,}", part), a part of the text; at least one.
  template <class Visit>
  void for_each_block(std::string_view part, size_t least, Visit&& visit) const {
    size_t start = static_cast<size_t>(part.data() - text_.data());
    const size_t end = start + part.size();
    for (size_t i = 0, next = start; i < breaks_count_; ++i) {
      const size_t at = breaks_[i];
      if (at < next || at >= end || text_[at] != '\n') continue;
      next = at + 1;
      while (next < end && text_[next] == '\n') ++next;
      if (next - at < least) continue;
      visit(text_.substr(start, at - start));
      start = next;
    }
    visit(text_.substr(start, end - start));
  }

 private:
  size_t break_bytes(size_t at) const {
    const auto byte = static_cast<uint8_t>(text_[at]);
    if (byte < 0x80) return byte == '\r' && at + 1 < text_.size() && text_[at + 1] == '\n' ? 2 : 1;
    return byte == 0xc2 ? 2 : 3;
  }

  std::string_view text_;
  uint64_t continuations_ = 0, newlines_ = 0, hashes_ = 0;
  size_t chunks_ = 0, breaks_count_ = 0;
  bool ascii_ = true, dots_ = false;
  std::vector<uint32_t> bounds_;  // start and end of each chunk
  std::vector<uint32_t> breaks_;  // where a line break begins; of "\r\n" both
  std::vector<uint64_t> simple_;  // one bit per byte: behind a simple chunk
};

}  // namespace millrace::text
