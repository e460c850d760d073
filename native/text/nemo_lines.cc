#include <algorithm>
#include <limits>

#include "native/text/characters.h"
#include "native/text/markers.h"
#include "native/text/nemo.h"
#include "native/text/nemo_words.h"

namespace millrace::text {
namespace {

constexpr std::string_view kBullets[] = {"•", "‣", "⁃", "⁌", "⁍", "∙", "○", "●", "◘", "◦", "⦾", "⦿"};
// The package's phrases, lower-cased, but for two long ones that hold "uses cookies" and so never decide.
constexpr std::string_view kPolicies[] = {
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "privacy overview", "use of cookies", "use cookies",
    "privacy & cookies policy", "privacy and cookies policy",
    "necessary cookies are absolutely essential for the website to function properly. this category only includes cookies that ensures basic "
    "functionalities and security features of the website. these cookies do not store any personal information.",
    "any cookies that may not be particularly necessary for the website to function and is used specifically to collect user personal data "
    "via analytics, ads, other embedded contents are termed as non-necessary cookies. it is mandatory to procure user consent prior to running "
    "these cookies on your website.",
    "if you continue to browse this site without changing your cookie settings, you agree to this use. acceptread more"};

bool contains(std::string_view text, std::string_view phrase) { return memmem(text.data(), text.size(), phrase.data(), phrase.size()) != nullptr; }

// What the last byte of a line and the one before it say: an ellipsis ends in one of each of the last two kinds.
enum Ending : uint8_t { kCloses = 1, kMayBeEllipsis = 2, kStandsBefore = 4 };
constexpr auto kEndings = [] {
  std::array<uint8_t, 256> endings{};
  for (const char c : std::string_view(".?!\"'")) endings[static_cast<uint8_t>(c)] |= kCloses;
  for (const char c : std::string_view(".])\xa6\xbb\x65\x45")) endings[static_cast<uint8_t>(c)] |= kMayBeEllipsis;
  for (const char c : std::string_view(".\xa6\x80\xc2\x72\x52")) endings[static_cast<uint8_t>(c)] |= kStandsBefore;
  return endings;
}();

// True if the lower-cased line ends in one of the package's marks: ... [...] … (...) […] -» "read more.." "read more".
bool ends_in_ellipsis(std::string_view line) {
  const auto more = [](std::string_view text) {
    constexpr std::string_view kMore = "read more";
    return text.size() >= kMore.size() && std::ranges::equal(text.substr(text.size() - kMore.size()), kMore, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
    });
  };
  switch (line.back()) {
    case '.': return line.ends_with("...") || (line.ends_with("..") && more(line.substr(0, line.size() - 2)));
    case ']': return line.ends_with("[...]") || line.ends_with("[…]");
    case ')': return line.ends_with("(...)");
    case '\xa6': return line.ends_with("…");
    case '\xbb': return line.ends_with("-»");
    case 'e': case 'E': return more(line);
    default: return false;
  }
}

// strip(), but for most lines without a look into a table.
std::string_view quickly_stripped(std::string_view line) {
  const auto plain = [](char c) { return c > ' '; };
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return !line.empty() && plain(line.front()) && plain(line.back()) ? line : strip(line);
}

// Of the first and last eight bytes of a piece of text with 16 bytes behind it that may be read.
inline uint64_t hash_ends(const char* at, size_t size) {
  uint64_t first, last;
  std::memcpy(&first, at, 8);
  std::memcpy(&last, at + (size > 8 ? size - 8 : 0), 8);
  const uint64_t mask = kFront[size < 8 ? size : 8][0];
  return fold((first & mask) ^ 0xe7037ed1a0b428dbull, (last & mask) ^ 0x8ebc6af09c88c6e3ull ^ size << 20);
}

double ratio(size_t part, size_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Nemo::lines(std::span<double> out) {
  breaks_.resize(totals_.newlines + 2);
  nemo_breaks(blocks_.data(), blocks_.size(), breaks_.data());
  breaks_.resize(totals_.newlines + 1);
  breaks_.back() = static_cast<uint32_t>(text_.size());
  sieve_.reset(breaks_.size());
  const Sieve::Places places = sieve_.places();
  if (hashes_.size() < breaks_.size()) hashes_.resize(breaks_.size());
  size_t start = 0;
  for (size_t i = 0; i < breaks_.size(); ++i) {
    hashes_[i] = hash_ends(text_.data() + start, breaks_[i] - start);
    places.add(hashes_[i]);
    start = breaks_[i] + 1;
  }
  size_t count = 0, bullets = 0, open = 0, ellipses = 0, distinct = 0, blank = 0, repeated = 0;
  start = 0;
  seen_.reset(breaks_.size());
  for (size_t i = 0; i < breaks_.size(); ++i) {
    const std::string_view line = text_.substr(start, breaks_[i] - start);
    start = breaks_[i] + 1;
    const std::string_view stripped = quickly_stripped(line);
    if (stripped.empty()) {
      if (!line.empty()) blank += characters(line);
      continue;
    }
    ++count;
    if (!places.again(hashes_[i]) || seen_.add_is_new(line)) ++distinct;
    else repeated += characters(line);
    if (static_cast<uint8_t>(stripped[0]) >= 0xe2)
      bullets += std::ranges::any_of(kBullets, [&](std::string_view bullet) { return stripped.starts_with(bullet); });
    const uint8_t last = kEndings[static_cast<uint8_t>(stripped.back())];
    const uint8_t before = kEndings[static_cast<uint8_t>(stripped[stripped.size() > 1 ? stripped.size() - 2 : 0])];
    open += !(last & kCloses);
    if (last & before >> 1 & kMayBeEllipsis) ellipses += ends_in_ellipsis(stripped);
  }
  exhausted_ |= seen_.exhausted();
  out[kNemoRepeatedLines] = ratio(distinct, count);
  const size_t all = characters(text_) - (breaks_.size() - 1) - blank;
  out[kNemoRepeatedLineCharacters] = ratio(all - repeated, all);
  out[kNemoPunctuation] = ratio(open, count);
  out[kNemoEllipsis] = ratio(ellipses, count);
  out[kNemoBullets] = ratio(bullets, count);
  paragraphs(out);
}

// Places of words, in any case, of which every phrase that boilerplate is known by has one; `lorem`: one of them is "lorem ipsum".
void Nemo::find_suspects(bool& lorem) {
  suspects_.clear();
  lorem = false;
  const auto stands = [&](size_t at, size_t before, std::string_view word) {
    if (at < before || at - before + word.size() > text_.size()) return false;
    const std::string_view found = text_.substr(at - before, word.size());
    return std::ranges::equal(word, found, [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  };
  for (size_t b = 0; b < blocks_.size(); ++b)
    for (uint64_t places = blocks_[b].phrase; places; places &= places - 1) {
      const size_t at = 64 * b + static_cast<size_t>(__builtin_ctzll(places));
      bool found = false;
      switch (text_[at] | 0x20) {
        case 'o': found = stands(at, 2, "cookie"); break;
        case 'v': found = stands(at, 3, "privacy"); break;
        case 'm': found = stands(at, 3, "terms of use"); break;
        default: lorem |= stands(at, 7, "lorem ipsum"); break;
      }
      if (found) suspects_.push_back(static_cast<uint32_t>(at));
    }
}

bool Nemo::has_policy(std::string_view paragraph) {
  lower_.clear();
  append_lower(paragraph, lower_);
  return std::ranges::any_of(kPolicies, [&](std::string_view phrase) { return contains(lower_, phrase); });
}

void Nemo::paragraphs(std::span<double> out) {
  pieces_.clear();
  size_t start = 0;
  for (size_t i = 0; i + 1 < breaks_.size(); ++i) {
    const size_t at = breaks_[i];
    if (at < start || breaks_[i + 1] != at + 1 || at + 1 == text_.size()) continue;
    pieces_.push_back(text_.substr(start, at - start));
    start = at + 2;
  }
  pieces_.push_back(text_.substr(start));
  sieve_.reset(pieces_.size());
  const Sieve::Places places = sieve_.places();
  for (size_t i = 0; i < pieces_.size(); ++i) {
    hashes_[i] = hash_ends(pieces_[i].data(), pieces_[i].size());
    places.add(hashes_[i]);
  }
  size_t distinct = 0, repeated = 0, policies = 0, suspect = 0;
  bool lorem;
  find_suspects(lorem);
  seen_.reset(pieces_.size());
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const std::string_view piece = pieces_[i];
    if (!places.again(hashes_[i]) || seen_.add_is_new(piece)) ++distinct;
    else repeated += characters(piece);
    if (suspect == suspects_.size() && !kelvin_) continue;
    const size_t before = suspect, end = static_cast<size_t>(piece.data() - text_.data()) + piece.size();
    while (suspect < suspects_.size() && suspects_[suspect] < end) ++suspect;
    if (kelvin_ || suspect > before) policies += has_policy(piece);
  }
  exhausted_ |= seen_.exhausted();
  out[kNemoBoilerplate] = lorem ? 1 : ratio(policies, pieces_.size());
  out[kNemoRepeatedParagraphs] = ratio(distinct, pieces_.size());
  const size_t all = characters(text_) - 2 * (pieces_.size() - 1);
  out[kNemoRepeatedParagraphCharacters] = ratio(all - repeated, all);
}

}  // namespace millrace::text
