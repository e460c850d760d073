#include "native/text/statistics.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "native/text/characters.h"
#include "native/text/markers.h"
#include "native/text/words.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
double share(double part, double whole) { return whole == 0 ? kNone : part / whole; }

constexpr std::string_view kStopWordList[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

int stop_word(std::string_view word) {
  for (int i = 0; i < 8; ++i)
    if (word == kStopWordList[i]) return i;
  return -1;
}

// str.count("...") + str.count("…"), and str.count("#").
struct Marks {
  uint64_t hashes = 0, ellipses = 0;
};
Marks count_marks(std::string_view text) {
  Marks marks;
  marks.hashes = std::count(text.begin(), text.end(), '#');
  for (std::string_view mark : {std::string_view("..."), std::string_view("…")})
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + mark.size())) ++marks.ellipses;
  return marks;
}

}  // namespace

const char* name(Statistic statistic) {
  static constexpr const char* names[] = {
      "characters", "words", "real_words", "mean_word_length", "hash_ratio", "ellipsis_ratio", "lines", "bullet_lines", "ellipsis_lines",
      "alphabetic_words", "stop_words", "paragraphs", "dup_paragraphs", "dup_paragraph_characters", "dup_lines", "dup_line_characters",
      "top_2_gram", "top_3_gram", "top_4_gram", "dup_5_grams", "dup_6_grams", "dup_7_grams", "dup_8_grams", "dup_9_grams", "dup_10_grams",
      "sentences", "text_lines", "terminal_lines", "short_lines", "dup_text_characters", "newlines_per_word", "longest_line", "mean_line",
      "letter_share", "decimal_share", "alphanumeric_share", "upper_share", "generated", "encoded_run", "ends_sentence", "c4_lines", "c4_sentences"};
  static_assert(std::size(names) == kStatisticCount);
  return names[statistic];
}

Measured Workspace::measure(std::string_view text, uint64_t max_bytes, Statistics& out) {
  out.fill(kNone);
  if (text.size() > max_bytes || text.size() > std::numeric_limits<uint32_t>::max()) return Measured::too_large;
  if (!is_utf8(text)) return Measured::not_utf8;
  exhausted_ = false;
  out[kCharacters] = static_cast<double>(count_characters(text));
  const bool fits = words(text, out);
  if (fits) {
    top_n_grams(out[kCharacters], out);
    repeated_n_grams(out[kCharacters], out);
    lines(text, out);
    paragraphs(text, out);
    out[kGenerated] = says_generated(text);
    out[kEncodedRun] = static_cast<double>(longest_encoded_run(text));
    out[kEndsSentence] = ends_sentence(text);
  }
  if (fits && !exhausted_) return Measured::ok;
  out.fill(kNone);
  return fits ? Measured::too_much_work : Measured::too_many_words;
}

bool Workspace::words(std::string_view text, Statistics& out) {
  joined_.clear();
  bytes_.assign(1, 0);
  characters_.assign(1, 0);
  ClassCounts classes;
  SentenceCounter sentences;
  uint64_t words = 0, real = 0, real_characters = 0, alphabetic = 0;
  unsigned stop_words = 0;
  for_each_word(text, classes, [&](const Word& word) {
    if (++words > kMaxWords) return;
    sentences.add(word);
    real += !word.punctuation;
    real_characters += word.punctuation ? 0 : word.characters;
    alphabetic += word.letter;
    if (word.text.size() <= 4)
      if (const int i = stop_word(word.text); i >= 0) stop_words |= 1u << i;
    joined_.append(word.text);
    bytes_.push_back(static_cast<uint32_t>(joined_.size()));
    characters_.push_back(characters_.back() + word.characters);
  });
  if (words > kMaxWords) return false;

  const double n = static_cast<double>(words), characters = out[kCharacters];
  const Marks marks = count_marks(text);
  out[kWords] = n;
  out[kRealWords] = static_cast<double>(real);
  out[kMeanWordLength] = share(static_cast<double>(real_characters), static_cast<double>(real));
  out[kHashRatio] = share(static_cast<double>(marks.hashes), n);
  out[kEllipsisRatio] = share(static_cast<double>(marks.ellipses), n);
  out[kAlphabeticWords] = share(static_cast<double>(alphabetic), n);
  out[kStopWords] = __builtin_popcount(stop_words);
  out[kSentences] = static_cast<double>(sentences.count());
  out[kNewlinesPerWord] = share(static_cast<double>(std::count(text.begin(), text.end(), '\n')), n);
  out[kLetterShare] = share(static_cast<double>(classes.letters), characters);
  out[kDecimalShare] = share(static_cast<double>(classes.decimals), characters);
  out[kAlphanumericShare] = share(static_cast<double>(classes.alphanumerics), characters);
  out[kUpperShare] = share(static_cast<double>(classes.uppers), static_cast<double>(classes.letters));
  return true;
}

// Words that occur once cannot be part of an n-gram that occurs twice, nor can an (n-1)-gram that occurs once: those are not numbered.
void Workspace::top_n_grams(double characters, Statistics& out) {
  constexpr uint32_t kOnce = UINT32_MAX;
  const size_t words = bytes_.size() - 1;
  const std::string_view joined = joined_;
  seen_.reset(words);
  ids_.resize(words);
  counts_.clear();
  for (size_t i = 0; i < words; ++i) {
    ids_[i] = seen_.add(joined.substr(bytes_[i], bytes_[i + 1] - bytes_[i]));
    if (ids_[i] == counts_.size()) counts_.push_back(0);
    ++counts_[ids_[i]];
  }
  exhausted_ |= seen_.exhausted();

  // Numbers of (n-1)-grams and words are exact keys of n-grams; numbers are given in order of first sight, which is how ties are broken.
  grams_.resize(words);
  for (size_t i = 0; i < words; ++i) grams_[i] = counts_[ids_[i]] > 1 ? ids_[i] : kOnce;
  for (size_t n = 2; n <= 4 && words >= n; ++n) {
    const size_t count = words - n + 1;
    pairs_.reset(count);
    for (size_t i = 0; i < count; ++i)
      if (grams_[i] != kOnce) grams_[i] = grams_[i + 1] != kOnce ? pairs_.add(grams_[i], ids_[i + n - 1]) : kOnce;
    exhausted_ |= pairs_.exhausted();
    const auto& counts = pairs_.counts();
    const auto top = static_cast<uint32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    uint64_t times = 1;
    size_t first = 0;  // where all occur once, the first one is the most frequent
    if (!counts.empty() && counts[top] > 1) {
      times = counts[top];
      first = std::find(grams_.begin(), grams_.end(), top) - grams_.begin();
    }
    const double length = characters_[first + n] - characters_[first] + n - 1;
    out[kTop2Gram + n - 2] = length * static_cast<double>(times) / characters;
    for (size_t i = 0; i < count; ++i)
      if (grams_[i] != kOnce && counts[grams_[i]] < 2) grams_[i] = kOnce;
  }
}

// Marks the words whose next kPrefix bytes in joined_ may begin another word's: equal n-grams of at least that length begin with equal
// bytes, so only marked positions can be or have a repetition. Counting in bytes indexed by a hash marks too many, never too few.
void Workspace::find_candidates() {
  const size_t words = bytes_.size() - 1;
  size_t size = 64;
  while (size < 8 * words) size *= 2;
  if (prefix_counts_.size() < size) prefix_counts_.resize(size);
  std::memset(prefix_counts_.data(), 0, size);
  prefixes_.resize(words);
  for (size_t i = 0; i < words; ++i) {
    if (bytes_[i] + kPrefix > joined_.size()) {
      prefixes_[i] = 0;  // every n-gram from here on is shorter than kPrefix, and is looked up whatever its mark
      continue;
    }
    prefixes_[i] = static_cast<uint32_t>(hash_bytes({joined_.data() + bytes_[i], kPrefix}) & (size - 1));
    uint8_t& count = prefix_counts_[prefixes_[i]];
    count = static_cast<uint8_t>(count + (count < 2));
  }
  for (size_t i = 0; i < words; ++i) prefixes_[i] = prefix_counts_[prefixes_[i]] > 1;
}

void Workspace::repeated_n_grams(double characters, Statistics& out) {
  const size_t words = bytes_.size() - 1;
  const std::string_view joined = joined_;
  find_candidates();
  for (size_t n = 5; n <= 10; ++n) {
    uint64_t repeated = 0;
    if (words >= n) seen_.reset(words - n + 1);
    for (size_t i = 0; i + n <= words;) {
      const size_t length = bytes_[i + n] - bytes_[i];
      if ((length >= kPrefix && !prefixes_[i]) || seen_.add_is_new(joined.substr(bytes_[i], length))) {
        ++i;
      } else {
        repeated += characters_[i + n] - characters_[i];
        i += n;
      }
    }
    exhausted_ |= seen_.exhausted();
    out[kDup5Grams + n - 5] = share(static_cast<double>(repeated), characters);
  }
}

void Workspace::lines(std::string_view text, Statistics& out) {
  uint64_t lines = 0, bullets = 0, ellipses = 0, longest = 0, characters = 0;
  for_each_line(text, [&](std::string_view line) {
    const std::string_view left = strip_left(line), right = strip_right(line);
    const uint64_t length = count_characters(line);
    ++lines;
    bullets += left.starts_with("•") || left.starts_with("-");
    ellipses += right.ends_with("...") || right.ends_with("…");
    longest = std::max(longest, length);
    characters += length;
  });
  out[kLines] = static_cast<double>(lines);
  out[kBulletLines] = share(static_cast<double>(bullets), out[kLines]);
  out[kEllipsisLines] = share(static_cast<double>(ellipses), out[kLines]);
  out[kLongestLine] = static_cast<double>(longest);
  out[kMeanLine] = share(static_cast<double>(characters), out[kLines]);

  const uint8_t* classes = class_table();
  const auto newlines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  uint64_t blocks = 0, repeated = 0, repeated_characters = 0, full = 0, terminal = 0, brief = 0, full_repeated_characters = 0;
  seen_.reset(newlines + 1);
  for_each_block(text, 1, [&](std::string_view line) {
    const bool again = !seen_.add_is_new(line);
    const uint64_t length = count_characters(line);
    ++blocks;
    repeated += again;
    if (again) repeated_characters += length;
    if (strip_left(line).empty()) return;
    ++full;
    terminal += (classes[decode_before(line.data() + line.size()).code] & kSentenceEnd) != 0;
    brief += length <= 30;
    if (again) full_repeated_characters += length;
  });
  exhausted_ |= seen_.exhausted();
  out[kDupLines] = share(static_cast<double>(repeated), static_cast<double>(blocks));
  out[kDupLineCharacters] = share(static_cast<double>(repeated_characters), out[kCharacters]);
  out[kTextLines] = static_cast<double>(full);
  out[kTerminalLines] = share(static_cast<double>(terminal), out[kTextLines]);
  out[kShortLines] = share(static_cast<double>(brief), out[kTextLines]);
  out[kDupTextCharacters] = share(static_cast<double>(full_repeated_characters), out[kCharacters] - static_cast<double>(newlines));
}

void Workspace::paragraphs(std::string_view text, Statistics& out) {
  const std::string_view stripped = strip(text);
  uint64_t paragraphs = 0, repeated = 0, characters = 0;
  seen_.reset(static_cast<size_t>(std::count(stripped.begin(), stripped.end(), '\n')) / 2 + 1);
  for_each_block(stripped, 2, [&](std::string_view paragraph) {
    ++paragraphs;
    if (seen_.add_is_new(paragraph)) return;
    ++repeated;
    characters += count_characters(paragraph);
  });
  exhausted_ |= seen_.exhausted();
  out[kParagraphs] = static_cast<double>(paragraphs);
  out[kDupParagraphs] = share(static_cast<double>(repeated), out[kParagraphs]);
  out[kDupParagraphCharacters] = share(static_cast<double>(characters), out[kCharacters]);
}

}  // namespace millrace::text
