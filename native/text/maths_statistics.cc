// What tells a text with formulas from formula soup, broken TeX, dumps of numbers and badly recognised print.
#include <algorithm>
#include <cstring>
#include <limits>

#include "native/base/parallel.h"
#include "native/text/characters.h"
#include "native/text/interner.h"
#include "native/text/maths.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
double share(double part, double whole) { return whole == 0 ? kNone : part / whole; }

constexpr bool is_latin(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

size_t count(std::string_view text, std::string_view word) {
  size_t found = 0;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++found;
  return found;
}

// Braces that match, and as many ends as beginnings.
bool is_whole(std::string_view formula) {
  int depth = 0;
  for (size_t i = 0; i < formula.size(); ++i) {
    if (formula[i] == '\\') ++i;
    else if (formula[i] == '{') ++depth;
    else if (formula[i] == '}' && --depth < 0) return false;
  }
  if (depth != 0) return false;
  // \leftarrow and \rightarrow are no delimiters.
  const auto delimiters = [&](std::string_view word) {
    size_t found = 0;
    for (size_t at = formula.find(word); at != std::string_view::npos; at = formula.find(word, at + word.size()))
      found += at + word.size() < formula.size() && !is_latin(formula[at + word.size()]);
    return found;
  };
  return delimiters("\\left") == delimiters("\\right") && count(formula, "\\begin{") == count(formula, "\\end{");
}

enum Sign : uint8_t { kWordLetter = 1, kWordDigit = 2, kAddress = 4, kStrange = 8, kMarkOnly = 16 };

// kAddress: what file names, addresses and calls have inside. kStrange: what no word has inside.
constexpr auto kSigns = [] {
  std::array<uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9', latin = (c | 32) >= 'a' && (c | 32) <= 'z' && c < 0x80;
    table[c] = latin || c >= 0x80 ? kWordLetter : digit ? kWordDigit : kMarkOnly;
  }
  for (const char c : std::string_view("/:._(=@-")) table[static_cast<uint8_t>(c)] |= kAddress;
  for (const char c : std::string_view("~^|\\{}<>%!?*;")) table[static_cast<uint8_t>(c)] |= kStrange;
  return table;
}();

struct Words {
  uint64_t letters = 0, odd = 0, singles = 0, numbers = 0, all = 0;

  void add(std::string_view word) {
    const auto sign = [](char c) { return kSigns[static_cast<uint8_t>(c)]; };
    while (!word.empty() && (sign(word.front()) & kMarkOnly)) word.remove_prefix(1);
    while (!word.empty() && (sign(word.back()) & kMarkOnly)) word.remove_suffix(1);
    if (word.empty()) return;
    ++all;
    uint8_t seen = 0, before = 0;
    int turns = 0;
    for (const char c : word) {
      const uint8_t is = sign(c), kind = is & (kWordLetter | kWordDigit);
      seen |= is;
      turns += (kind | before) == (kWordLetter | kWordDigit);  // from one to the other
      before = kind;
    }
    const bool letter = seen & kWordLetter;
    letters += letter;
    numbers += (seen & kWordDigit) && !letter;
    odd += letter && !(seen & kAddress) && (turns > 1 || (seen & kStrange));
    const char small = static_cast<char>(word[0] | 32);
    singles += word.size() == 1 && letter && small != 'a' && small != 'i' && small != 'o';
  }
};

// U+FFFD, private use, controls but for white space.
uint64_t lost_characters(std::string_view text) {
  uint64_t lost = 0;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x80) {
      lost += byte < 32 && byte != '\n' && byte != '\t' && byte != '\r' && byte != '\f';
      ++i;
      continue;
    }
    const auto [code, bytes] = decode(text.data() + i);
    lost += code == 0xfffd || (code >= 0xe000 && code < 0xf900) || code < 0xa0;
    i += bytes;
  }
  return lost;
}

}  // namespace

const char* name(MathsStatistic statistic) {
  static constexpr const char* names[] = {"maths_formulas", "maths_share", "maths_broken", "maths_distinct", "maths_words",
                                          "maths_stray", "maths_odd_words", "maths_singles", "maths_numbers", "maths_replaced"};
  static_assert(std::size(names) == kMathsStatisticCount);
  return names[statistic];
}

namespace {

// Without one of these there is neither a formula nor a command.
bool may_hold_formulas(std::string_view text) {
  return std::memchr(text.data(), '$', text.size()) || std::memchr(text.data(), '\\', text.size()) || text.find("math") != std::string_view::npos;
}

}  // namespace

void measure_maths(std::string_view text, Spans& spans, MathsStatistics& out) {
  if (text.empty() || !may_hold_formulas(text)) {
    out.fill(kNone);
    out[kMathsFormulas] = 0;
    return;
  }
  find_spans(text, spans);
  uint64_t formulas = 0, bytes = 0, broken = 0, stray = 0;
  std::vector<uint64_t> hashes;
  Words words;
  size_t at = 0;
  const auto prose = [&](size_t begin, size_t end) {
    size_t start = begin;
    for (size_t i = begin; i <= end; ++i) {
      if (i < end && static_cast<uint8_t>(text[i]) > ' ') {
        stray += text[i] == '\\' && i + 2 < end && is_latin(text[i + 1]) && is_latin(text[i + 2]);
        continue;
      }
      if (i > start) words.add(text.substr(start, i - start));
      start = i + 1;
    }
  };
  for (const Span& span : spans.found) {
    prose(at, span.begin);
    at = span.end;
    if (span.kind != Span::formula) continue;
    const std::string_view inner = text.substr(span.inner_begin, span.inner_end - span.inner_begin);
    ++formulas;
    bytes += span.end - span.begin;
    broken += !is_whole(inner);
    hashes.push_back(hash_bytes(inner));
  }
  prose(at, text.size());
  std::sort(hashes.begin(), hashes.end());
  const auto distinct = static_cast<double>(std::unique(hashes.begin(), hashes.end()) - hashes.begin());
  const auto blanks = static_cast<uint64_t>(std::count_if(text.begin(), text.end(), [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }));
  const auto all = static_cast<double>(words.all), letters = static_cast<double>(words.letters);
  out[kMathsFormulas] = static_cast<double>(formulas);
  out[kMathsShare] = share(static_cast<double>(bytes), static_cast<double>(text.size() - blanks));
  out[kMathsBroken] = share(static_cast<double>(broken + spans.unclosed), static_cast<double>(formulas + spans.unclosed));
  out[kMathsDistinct] = share(distinct, static_cast<double>(formulas));
  out[kMathsWords] = letters;
  out[kMathsStray] = share(static_cast<double>(stray), letters);
  out[kMathsOddWords] = share(static_cast<double>(words.odd), letters);
  out[kMathsSingles] = share(static_cast<double>(words.singles), all);
  out[kMathsNumbers] = share(static_cast<double>(words.numbers), all);
  out[kMathsReplaced] = share(static_cast<double>(lost_characters(text)), static_cast<double>(count_characters(text)));
}

namespace {

constexpr size_t kChunk = 64;

Error check(const char* what, const TextColumn& texts, std::span<const uint8_t> wanted) {
  if (!texts.valid()) return {kShape, std::string(what) + ": expected text offsets that rise within the bytes, found others"};
  if (wanted.size() != texts.size())
    return {kShape, std::string(what) + ": expected a flag for each of " + std::to_string(texts.size()) + " texts, found " + std::to_string(wanted.size())};
  return Error::none();
}

}  // namespace

Error measure_maths(const TextColumn& texts, std::span<const uint8_t> wanted, int threads, std::vector<std::vector<double>>& columns) {
  MILLRACE_TRY(check("measureMaths", texts, wanted));
  const size_t rows = texts.size();
  columns.assign(kMathsStatisticCount, std::vector<double>(rows, kNone));
  parallel_for((rows + kChunk - 1) / kChunk, threads, [&](size_t chunk) {
    Spans spans;
    MathsStatistics values;
    for (size_t i = chunk * kChunk; i < std::min(rows, (chunk + 1) * kChunk); ++i) {
      if (!wanted[i] || !is_utf8(texts[i])) continue;
      measure_maths(texts[i], spans, values);
      for (int s = 0; s < kMathsStatisticCount; ++s) columns[s][i] = values[s];
    }
  });
  return Error::none();
}

Error prose_views(const TextColumn& texts, std::span<const uint8_t> wanted, int threads, std::vector<int32_t>& offsets, std::vector<uint8_t>& bytes) {
  MILLRACE_TRY(check("proseViews", texts, wanted));
  const size_t rows = texts.size(), chunks = (rows + kChunk - 1) / kChunk;
  std::vector<std::string> views(chunks);
  std::vector<size_t> lengths(rows);
  parallel_for(chunks, threads, [&](size_t chunk) {
    Spans spans;
    for (size_t i = chunk * kChunk; i < std::min(rows, (chunk + 1) * kChunk); ++i) {
      const size_t before = views[chunk].size();
      if (wanted[i] && is_utf8(texts[i])) {
        find_spans(texts[i], spans);
        append_prose_view(texts[i], spans, views[chunk]);
      } else {
        views[chunk].append(texts[i]);
      }
      lengths[i] = views[chunk].size() - before;
    }
  });
  offsets.assign(1, 0);
  bytes.clear();
  for (size_t i = 0; i < rows; ++i) offsets.push_back(offsets.back() + static_cast<int32_t>(lengths[i]));
  bytes.reserve(static_cast<size_t>(offsets.back()));
  for (const std::string& view : views) bytes.insert(bytes.end(), view.begin(), view.end());
  return Error::none();
}

}  // namespace millrace::text
