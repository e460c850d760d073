// DeepSeek-V3 splits three times: by up to three digits, by runs of kana and the common Han block, then by the pattern proper within what
// those left. So digits and the border between kana or Han and all else end a text for the third: no alternative looks or reaches across.
#include "native/tokenizer/deepseek.h"

#include "native/tokenizer/scan.h"

namespace millrace::tokenizer {
namespace {

// [一-龥぀-ゟ゠-ヿ]
bool is_cjk(uint32_t code) { return (code >= 0x4E00 && code <= 0x9FA5) || (code >= 0x3040 && code <= 0x30FF); }

class Section {
 public:
  Section(std::string_view text, const Character& first) : text_(text), cjk_(is_cjk(first.code)) {}

  bool inside(const Character& c) const { return !(c.classes & kNumber) && is_cjk(c.code) == cjk_; }
  // The end of the run at `at` of characters of one of `classes`.
  size_t run(size_t at, uint8_t classes) const {
    while (at < text_.size()) {
      const Character c = character_at(text_, at);
      if (!(c.classes & classes) || !inside(c)) break;
      at += c.bytes;
    }
    return at;
  }
  bool has(size_t at, uint8_t classes) const {
    if (at >= text_.size()) return false;
    const Character c = character_at(text_, at);
    return (c.classes & classes) && inside(c);
  }

 private:
  std::string_view text_;
  bool cjk_;
};

constexpr uint8_t kWord = kLetter | kMark;

size_t symbols_end(std::string_view text, size_t at, const Section& section) {
  size_t i = section.run(at, kSymbol);
  while (i < text.size() && is_newline(static_cast<uint8_t>(text[i])) && section.inside(character_at(text, i))) ++i;
  return i;
}

size_t piece_end(std::string_view text, size_t at) {
  const Character first = character_at(text, at);
  size_t next = at + first.bytes;
  if (first.classes & kNumber) {
    for (int n = 1; n < 3 && next < text.size(); ++n) {
      const Character c = character_at(text, next);
      if (!(c.classes & kNumber)) break;
      next += c.bytes;
    }
    return next;
  }
  const Section section(text, first);
  const bool ascii_symbol = first.code < 0x80 && (first.classes & kSymbol);
  if (ascii_symbol && next < text.size() && is_ascii_letter(text[next])) return letters_end(text, next);
  const bool leads = !(first.classes & (kLetter | kSymbol)) && !is_newline(first.code);
  if (leads && section.has(next, kWord)) return section.run(next, kWord);
  if (first.classes & kWord) return section.run(at, kWord);
  if (first.classes & kSymbol) return symbols_end(text, at, section);
  if (first.code == ' ' && section.has(next, kSymbol)) return symbols_end(text, next, section);
  if (first.classes & kSpace) return space_end<true>(text, at, [&](const Character& c) { return section.inside(c); });
  // Nothing matches here (a control character, say): the piece goes on until something does.
  while (next < text.size()) {
    const Character c = character_at(text, next);
    if (!section.inside(c) || (c.classes & (kWord | kSymbol | kSpace)) || section.has(next + c.bytes, kWord)) break;
    next += c.bytes;
  }
  return next;
}

}  // namespace

size_t split_deepseek(std::string_view text, size_t at, std::span<uint32_t> ends) {
  size_t n = 0;
  while (n < ends.size() && at < text.size()) {
    at = piece_end(text, at);
    ends[n++] = static_cast<uint32_t>(at);
  }
  return n;
}

}  // namespace millrace::tokenizer
