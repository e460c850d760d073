// One pass instead of the source's five: lower-casing, numbers and separators look at the same code point, and NFD can follow at once,
// since a number becomes a starter, a separator ends the word, and no decomposition yields white space (the generator checks that).
#include "native/dedup/simplify.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace millrace::dedup {
namespace {

struct Run {
  char32_t first, last;
  int32_t value;
};
#include "native/dedup/simplify_tables.inc"

enum : uint8_t { kSeparator = 1, kDigit = 2, kNonspacing = 4, kCased = 8, kCaseIgnorable = 16 };

struct Record {
  int32_t lower = 0;           // lower case minus itself
  uint32_t decomposition = 0;  // position in kDecompositions of its length, 0 where it has none
  uint8_t flags = 0, rank = 0;
};

class Table {
 public:
  Table() {
    blocks_.fill(&zero_);
    for (const Run& run : kFlags) each(run, [&](Record& r) { r.flags = static_cast<uint8_t>(run.value); });
    for (const Run& run : kLower) each(run, [&](Record& r) { r.lower = run.value; });
    for (const Run& run : kRanks) each(run, [&](Record& r) { r.rank = static_cast<uint8_t>(run.value); });
    for (size_t at = 0; at < std::size(kDecompositions); at += 2 + kDecompositions[at + 1]) own(kDecompositions[at]).decomposition = static_cast<uint32_t>(at + 1);
  }
  const Record& operator[](char32_t c) const { return (*blocks_[c >> 8])[c & 255]; }

 private:
  using Block = std::array<Record, 256>;
  Record& own(char32_t c) {
    if (blocks_[c >> 8] == &zero_) blocks_[c >> 8] = owned_.emplace_back(std::make_unique<Block>()).get();
    return (*blocks_[c >> 8])[c & 255];
  }
  template <class Set>
  void each(const Run& run, Set set) {
    for (char32_t c = run.first; c <= run.last; ++c) set(own(c));
  }
  Block zero_{};
  std::array<Block*, 0x1100> blocks_;
  std::vector<std::unique_ptr<Block>> owned_;
};

const Table& table() {
  static const Table* instance = new Table;
  return *instance;
}

struct Decoded {
  char32_t code;
  size_t bytes;
};

Decoded decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const auto tail = [&](size_t i) { return at + i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead < 0xE0 && tail(1)) return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (lead >= 0xE0 && lead < 0xF0 && tail(1) && tail(2)) {
    const char32_t c = (lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) return {c, 3};
  }
  if (lead >= 0xF0 && lead < 0xF5 && tail(1) && tail(2) && tail(3)) {
    const char32_t c = (lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    if (c >= 0x10000 && c <= 0x10FFFF) return {c, 4};
  }
  return {0xFFFD, 1};
}

// The start of the code point that ends before `at`, as decode would have read it going forward: the longest one that fits, since the
// last byte of a long one alone is an error of one byte.
size_t before(std::string_view text, size_t at) {
  for (size_t back = std::min<size_t>(at, 4); back > 1; --back)
    if (decode(text, at - back).bytes == back) return at - back;
  return at - 1;
}

bool is_decimal_separator(char32_t c) { return c == '.' || c == ',' || c == 0x060C || c == 0x066B || (c >= 0x2396 && c <= 0x2398); }

}  // namespace

class Simplifier {
 public:
  Simplifier(std::string_view text, Words& words) : text_(text), words_(words), table_(table()), out_(words.buffer_) {
    words_.starts_.assign(1, 0);
    reserve();
  }

  void run() {
    while (at_ < text_.size()) {
      if (static_cast<uint8_t>(text_[at_]) < 0x80) ascii();
      else beyond_ascii();
    }
    end_word();
  }

 private:
  // Room for what one code point can become (four parts of four bytes, marks apart) and for the rest of the text as ASCII.
  void reserve() {
    const size_t need = size_ + (text_.size() - at_) + 4 * marks_.size() + 64;
    if (out_.size() < need) out_.resize(std::max(need, out_.size() + out_.size() / 2));
  }

  void ascii() {
    if (!marks_.empty()) flush_marks();
    while (at_ < text_.size()) {
      const auto byte = static_cast<uint8_t>(text_[at_]);
      if (byte >= 0x80) return;
      const uint8_t flags = table_[byte].flags;
      if (flags & kSeparator) {
        end_word();
        ++at_;
      } else if (flags & kDigit) {
        number();
        reserve();
      } else {
        out_[size_++] = static_cast<char>(byte + table_[byte].lower);
        ++at_;
      }
    }
  }

  void beyond_ascii() {
    reserve();
    auto [c, bytes] = decode(text_, at_);
    if (table_[c].flags & kDigit) return number();
    if (c == 0x3A3) c = is_final_sigma() ? 0x3C2 : 0x3C3;
    at_ += bytes;
    if (c == 0x130) return emit('i');  // its dot becomes U+0307, a non-spacing mark
    c = static_cast<char32_t>(static_cast<int32_t>(c) + table_[c].lower);
    const Record& record = table_[c];
    if (record.flags & kSeparator) return end_word();
    if (c >= 0xAC00 && c <= 0xD7A3) {
      const char32_t syllable = c - 0xAC00;
      emit(0x1100 + syllable / 588);
      emit(0x1161 + syllable % 588 / 28);
      if (syllable % 28) emit(0x11A7 + syllable % 28);
    } else if (record.decomposition) {
      const char32_t* parts = kDecompositions + record.decomposition;
      for (char32_t i = 1; i <= parts[0]; ++i) emit(parts[i]);
    } else {
      emit(c);
    }
  }

  // \p{Nd}+([.,…]\p{Nd}+)? becomes "0".
  void number() {
    digits();
    if (at_ < text_.size()) {
      const auto [separator, bytes] = decode(text_, at_);
      if (is_decimal_separator(separator) && at_ + bytes < text_.size() && table_[decode(text_, at_ + bytes).code].flags & kDigit) {
        at_ += bytes;
        digits();
      }
    }
    emit('0');
  }
  void digits() {
    while (at_ < text_.size()) {
      const auto [c, bytes] = decode(text_, at_);
      if (!(table_[c].flags & kDigit)) return;
      at_ += bytes;
    }
  }

  // A cased letter before, none after, marks and the like apart. Each stretch of those lies between two letters, so it is looked at
  // twice at most.
  bool is_final_sigma() const {
    bool cased = false;
    for (size_t at = at_; at > 0;) {
      at = before(text_, at);
      const uint8_t flags = table_[decode(text_, at).code].flags;
      if (flags & kCaseIgnorable) continue;
      cased = flags & kCased;
      break;
    }
    for (size_t at = at_ + 2; cased && at < text_.size();) {
      const auto [c, bytes] = decode(text_, at);
      if (!(table_[c].flags & kCaseIgnorable)) return !(table_[c].flags & kCased);
      at += bytes;
    }
    return cased;
  }

  // One code point of the decomposition. Marks wait until their run ends, since NFD orders them by class; non-spacing ones need not.
  void emit(char32_t c) {
    const Record& record = table_[c];
    if (record.rank) {
      if (!(record.flags & kNonspacing)) marks_.emplace_back(record.rank, c);
      return;
    }
    if (!marks_.empty()) flush_marks();
    if (!(record.flags & kNonspacing)) append(c);
  }
  void flush_marks() {
    std::stable_sort(marks_.begin(), marks_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    reserve();
    for (const auto& mark : marks_) append(mark.second);
    marks_.clear();
  }
  void append(char32_t c) {
    if (c < 0x80) {
      out_[size_++] = static_cast<char>(c);
    } else if (c < 0x800) {
      out_[size_++] = static_cast<char>(0xC0 | c >> 6);
      out_[size_++] = static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      out_[size_++] = static_cast<char>(0xE0 | c >> 12);
      out_[size_++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
      out_[size_++] = static_cast<char>(0x80 | (c & 0x3F));
    } else {
      out_[size_++] = static_cast<char>(0xF0 | c >> 18);
      out_[size_++] = static_cast<char>(0x80 | (c >> 12 & 0x3F));
      out_[size_++] = static_cast<char>(0x80 | (c >> 6 & 0x3F));
      out_[size_++] = static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  void end_word() {
    if (!marks_.empty()) flush_marks();
    if (size_ == words_.starts_.back()) return;
    out_[size_++] = ' ';
    words_.starts_.push_back(size_);
  }

  std::string_view text_;
  Words& words_;
  const Table& table_;
  std::vector<char>& out_;
  size_t at_ = 0, size_ = 0;
  std::vector<std::pair<uint8_t, char32_t>> marks_;
};

void simplify(std::string_view text, Words& words) { Simplifier(text, words).run(); }

}  // namespace millrace::dedup
