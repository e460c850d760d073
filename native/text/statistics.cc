#include "native/text/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

#include "native/text/characters.h"
#include "native/text/markers.h"
#include "native/text/words.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kBrief = 30;  // characters of a short line
double share(double part, double whole) { return whole == 0 ? kNone : part / whole; }

// str.count("...") + str.count("…")
uint64_t count_ellipses(const Scan& scan) {
  const std::string_view text = scan.text();
  uint64_t count = 0;
  if (scan.may_have_ellipsis())
    for (size_t at = text.find("..."); at != std::string_view::npos; at = text.find("...", at + 3)) ++count;
  if (scan.ascii()) return count;
  for (size_t at = text.find("…"); at != std::string_view::npos; at = text.find("…", at + 3)) ++count;
  return count;
}

}  // namespace

const char* name(Statistic statistic) {
  static constexpr const char* names[] = {
      "characters", "words", "real_words", "mean_word_length", "hash_ratio", "ellipsis_ratio", "lines", "bullet_lines", "ellipsis_lines",
      "alphabetic_words", "stop_words", "paragraphs", "dup_paragraphs", "dup_paragraph_characters", "dup_lines", "dup_line_characters",
      "top_2_gram", "top_3_gram", "top_4_gram", "dup_5_grams", "dup_6_grams", "dup_7_grams", "dup_8_grams", "dup_9_grams", "dup_10_grams",
      "sentences", "text_lines", "terminal_lines", "short_lines", "dup_text_characters", "newlines_per_word", "longest_line", "mean_line",
      "letter_share", "decimal_share", "alphanumeric_share", "upper_share", "generated", "encoded_run", "ends_sentence", "c4_lines", "c4_sentences", "third_line"};
  static_assert(std::size(names) == kStatisticCount);
  return names[statistic];
}

Group group_of(Statistic statistic) {
  switch (statistic) {
    case kCharacters: return kTextGroup;
    case kWords:
    case kNewlinesPerWord: return kCountGroup;
    case kRealWords:
    case kMeanWordLength:
    case kHashRatio:
    case kEllipsisRatio:
    case kAlphabeticWords:
    case kStopWords: return kWordGroup;
    case kLines:
    case kBulletLines:
    case kEllipsisLines:
    case kLongestLine:
    case kMeanLine: return kLineGroup;
    case kParagraphs:
    case kDupParagraphs:
    case kDupParagraphCharacters: return kParagraphGroup;
    case kDupLines:
    case kDupLineCharacters:
    case kTextLines:
    case kTerminalLines:
    case kShortLines:
    case kDupTextCharacters:
    case kThirdLine: return kBlockGroup;
    case kTop2Gram:
    case kTop3Gram:
    case kTop4Gram: return kTopGroup;
    case kDup5Grams:
    case kDup6Grams:
    case kDup7Grams:
    case kDup8Grams:
    case kDup9Grams:
    case kDup10Grams: return kRepeatedGroup;
    case kSentences: return kSentenceGroup;
    case kLetterShare:
    case kDecimalShare:
    case kAlphanumericShare:
    case kUpperShare: return kClassGroup;
    case kGenerated:
    case kEncodedRun:
    case kEndsSentence: return kMarkerGroup;
    case kC4Lines:
    case kC4Sentences:
    case kStatisticCount: break;
  }
  return kC4Group;
}

Measured Workspace::open(std::string_view text, uint64_t max_bytes, Words words, std::optional<uint64_t> count, Asked asked) {
  values_.fill(kNone);
  known_ = 0;
  lazy_ = asked == Asked::verdict;
  words_known_ = numbers_known_ = candidates_known_ = false;
  count_ = count;
  lengths_ = !lazy_;
  lines_only_ = false;
  vocabulary_ = words == Words::spacy ? &spacy_ : &simple_;
  status_ = Measured::ok;
  if (text.size() > max_bytes || text.size() > std::numeric_limits<uint32_t>::max()) return status_ = Measured::too_large;
  if (!is_utf8(text)) return status_ = Measured::not_utf8;
  chunks_known_ = count ? Scan::kNone : lazy_ ? Scan::kSimple : Scan::kBounds;
  scan_.read(text, chunks_known_);
  largest_ = std::max(largest_, text.size());
  return status_;
}

void Workspace::open_lines(std::string_view text, std::span<const uint32_t> ends, uint64_t count) {
  values_.fill(kNone);
  known_ = 0;
  words_known_ = numbers_known_ = candidates_known_ = false;
  count_ = count;
  lengths_ = false;
  lines_only_ = true;
  line_text_ = text;
  line_ends_ = ends;
  line_characters_ = scan_.ascii() ? text.size() : count_characters(text);
}

// Where more is asked of a text that was opened by its lines.
void Workspace::read_lines() {
  if (!lines_only_) return;
  lines_only_ = false;
  scan_.read(line_text_, chunks_known_ = Scan::kNone);
  largest_ = std::max(largest_, line_text_.size());
}

void Workspace::release() {
  if (largest_ < 4 << 20) return;
  largest_ = 0;
  scan_ = line_scan_ = Scan();
  outline_ = Outline();
  tokens_ = Tokens();
  n_grams_ = NGrams();
  seen_ = Interner();
  for (Vocabulary* vocabulary : {&simple_, &spacy_}) vocabulary->begin();
}

Measured Workspace::find_words() {
  if (status_ != Measured::ok || words_known_) return status_;
  words_known_ = true;
  read_lines();
  const Scan::Chunks needed = lazy_ ? Scan::kSimple : Scan::kBounds;
  if (chunks_known_ < needed) scan_.read(scan_.text(), chunks_known_ = needed);
  if (!lazy_) return find_numbers();
  if (!outline_.read(scan_, *vocabulary_)) status_ = Measured::too_many_words;
  return status_;
}

Measured Workspace::find_numbers() {
  if (status_ != Measured::ok || numbers_known_) return status_;
  numbers_known_ = true;
  if (!tokens_.read(scan_, *vocabulary_)) status_ = Measured::too_many_words;
  return status_;
}

Workspace::Count Workspace::count_in(std::string_view text) {
  line_scan_.read(text);
  Count count;
  SentenceCount sentences;
  for (size_t chunk = 0; chunk < line_scan_.chunks(); ++chunk) {
    if (vocabulary_->words() == Words::spacy && chunk > 0 && sentences.open() && !line_scan_.plain_gap(chunk - 1)) sentences.blank();
    const auto split = vocabulary_->split(text, line_scan_.chunk(chunk));
    for (uint32_t i = 0; i < split.count; ++i) sentences.add(vocabulary_->flags(split.words[i]));
    count.words += split.count;
  }
  count.sentences = sentences.count();
  return count;
}

Measured Workspace::compute(uint32_t groups) {
  for (uint32_t left = groups & kAllGroups & ~known_; left && status_ == Measured::ok; left &= left - 1) {
    const auto group = static_cast<Group>(left & -left);
    known_ |= group;
    const bool wordy = group & (kWordGroup | kSentenceGroup | kTopGroup | kRepeatedGroup) || (group == kCountGroup && !count_);
    if (!(group & (kBlockGroup | kCountGroup))) read_lines();
    if (wordy && find_words() != Measured::ok) break;
    if (!compute_one(group)) status_ = Measured::too_much_work;
  }
  if (status_ != Measured::ok) values_.fill(kNone);
  return status_;
}

bool Workspace::compute_one(Group group) {
  const std::string_view text = scan_.text();
  switch (group) {
    case kTextGroup: values_[kCharacters] = characters(); return true;
    case kWordGroup: words(); return true;
    case kCountGroup: count(); return true;
    case kSentenceGroup: values_[kSentences] = static_cast<double>(sentences(0, scan_.chunks(), UINT64_MAX)); return true;
    case kTopGroup: return top();
    case kRepeatedGroup: return repeated();
    case kLineGroup: lines(); return true;
    case kBlockGroup: return blocks();
    case kParagraphGroup: return paragraphs();
    case kClassGroup: classes(); return true;
    case kMarkerGroup:
      values_[kGenerated] = says_generated(text);
      values_[kEncodedRun] = static_cast<double>(longest_encoded_run(text));
      values_[kEndsSentence] = ends_sentence(text);
      return true;
    default: return true;
  }
}

Measured Workspace::measure(std::string_view text, uint64_t max_bytes, Statistics& out, Words words) {
  open(text, max_bytes, words);
  const Measured status = compute(kAllGroups);
  out = values_;
  return status;
}

void Workspace::words() {
  const auto n = static_cast<double>(words_in_all());
  values_[kHashRatio] = share(static_cast<double>(scan_.hashes()), n);
  values_[kEllipsisRatio] = share(static_cast<double>(count_ellipses(scan_)), n);
  if (lazy_) {
    values_[kRealWords] = static_cast<double>(outline_.real());
    values_[kMeanWordLength] = share(static_cast<double>(outline_.real_characters()), values_[kRealWords]);
    values_[kAlphabeticWords] = share(static_cast<double>(outline_.alphabetic()), n);
    return;
  }
  uint64_t real = 0, real_characters = 0, alphabetic = 0;
  unsigned stop_words = 0;
  for (size_t id = 0; id < tokens_.distinct(); ++id) {
    const uint64_t count = tokens_.counts()[id];
    const uint8_t flags = tokens_.flags()[id];
    if (flags & kReal) {
      real += count;
      real_characters += count * tokens_.characters()[id];
    }
    if (flags & kAlphabetic) alphabetic += count;
    if (flags & kStop) stop_words |= 1u << (flags >> kStopShift);
  }
  values_[kRealWords] = static_cast<double>(real);
  values_[kMeanWordLength] = share(static_cast<double>(real_characters), static_cast<double>(real));
  values_[kAlphabeticWords] = share(static_cast<double>(alphabetic), n);
  values_[kStopWords] = __builtin_popcount(stop_words);
}

void Workspace::count() {
  const auto n = static_cast<double>(count_ ? *count_ : words_in_all());
  values_[kWords] = n;
  values_[kNewlinesPerWord] = share(static_cast<double>(lines_only_ ? line_ends_.size() - 1 : scan_.newlines()), n);
}

bool Workspace::top() {
  if (find_numbers() != Measured::ok) return true;
  double lengths[3];
  if (!n_grams_.top(tokens_, lengths)) return false;
  for (int i = 0; i < 3; ++i)
    if (lengths[i] >= 0) values_[kTop2Gram + i] = lengths[i] / characters();
  return true;
}

bool Workspace::repeated() {
  find_candidates();
  for (size_t n = 5; n <= 10; ++n)
    if (!repeated(n)) return false;
  return true;
}

void Workspace::find_candidates() {
  if (candidates_known_) return;
  n_grams_.find_candidates(lazy_ ? NGrams::Joined{outline_.joined(), outline_.starts(), outline_.size(), scan_.ascii()} : n_grams_.join(scan_, tokens_));
  candidates_known_ = true;
}

bool Workspace::repeated(size_t n) {
  double length;
  if (!n_grams_.repeated(n, length)) return false;
  values_[kDup5Grams + n - 5] = share(length, characters());
  return true;
}

double Workspace::value(Statistic statistic, double threshold, bool below) {
  const Group group = group_of(statistic);
  if (!lengths_ && (statistic == kLongestLine || statistic == kMeanLine || statistic == kThirdLine)) {
    lengths_ = true;
    known_ &= ~(kLineGroup | kBlockGroup);
  }
  if (lazy_ && (statistic == kDupParagraphs || statistic == kDupParagraphCharacters) && !known(group)) {
    compute(kBlockGroup);
    if (no_paragraph_again()) return 0;
  }
  const bool bounded = statistic == kStopWords || (!below && (group == kTopGroup || group == kRepeatedGroup));
  if (!lazy_ || !bounded || (group == kTopGroup && known(group))) {
    compute(group);
    return values_[statistic];
  }
  if (find_words() != Measured::ok) return kNone;
  if (statistic == kStopWords) return static_cast<double>(outline_.stop_words(below ? static_cast<uint64_t>(std::clamp(std::ceil(threshold), 0.0, 8.0)) : 8));
  if (group == kTopGroup) {
    double bounds[3];
    outline_.top_bounds(bounds);
    if (bounds[statistic - kTop2Gram] / characters() <= threshold) return kNone;
    outline_.top_bounds_of_pairs(bounds);
    if (bounds[statistic - kTop2Gram] / characters() > threshold) compute(group);
  } else {
    const size_t n = static_cast<size_t>(statistic - kDup5Grams) + 5;
    find_candidates();
    if (n_grams_.repeated_bound(n) / characters() > threshold && !repeated(n)) status_ = Measured::too_much_work;
  }
  return values_[statistic];
}

void Workspace::classes() {
  const ClassCounts counts = scan_.classes();
  const double characters = this->characters(), letters = static_cast<double>(counts.letters);
  values_[kLetterShare] = share(letters, characters);
  values_[kDecimalShare] = share(static_cast<double>(counts.decimals), characters);
  values_[kAlphanumericShare] = share(static_cast<double>(counts.alphanumerics), characters);
  values_[kUpperShare] = share(static_cast<double>(counts.uppers), letters);
}

void Workspace::lines() {
  uint64_t lines = 0, bullets = 0, ellipses = 0, longest = 0, characters = 0;
  scan_.for_each_line([&](std::string_view line) {
    ++lines;
    if (lengths_) {
      const uint64_t length = scan_.ascii() ? line.size() : count_characters(line);
      longest = std::max(longest, length);
      characters += length;
    }
    const std::string_view left = strip_left(line);
    if (left.empty()) return;
    bullets += left[0] == '-' || left.starts_with("•");
    const std::string_view right = strip_right(left);
    ellipses += right.ends_with("...") || right.ends_with("…");
  });
  values_[kLines] = static_cast<double>(lines);
  values_[kBulletLines] = share(static_cast<double>(bullets), values_[kLines]);
  values_[kEllipsisLines] = share(static_cast<double>(ellipses), values_[kLines]);
  if (!lengths_) return;
  values_[kLongestLine] = static_cast<double>(longest);
  values_[kMeanLine] = share(static_cast<double>(characters), values_[kLines]);
}

bool Workspace::blocks() {
  const uint8_t* classes = class_table();
  const bool ascii = scan_.ascii();  // of a text opened by its lines, the text that they are from
  const uint64_t newlines = lines_only_ ? line_ends_.size() - 1 : scan_.newlines();
  uint64_t blocks = 0, repeated = 0, repeated_characters = 0, full = 0, terminal = 0, brief = 0, full_repeated_characters = 0;
  std::array<uint64_t, 3> longest{};  // falling
  seen_.reset(newlines + 1);
  const auto visit = [&](std::string_view line) {
    const bool again = !seen_.add_is_new(line);
    // At most four bytes a character: most lines are brief or not whatever they hold.
    const bool counted = !ascii && (again || lengths_ || (line.size() > kBrief && line.size() <= 4 * kBrief));
    const uint64_t length = counted ? count_characters(line) : line.size();
    if (lengths_ && length > longest[2]) {
      longest[2] = length;
      for (int i = 2; i > 0 && longest[i] > longest[i - 1]; --i) std::swap(longest[i], longest[i - 1]);
    }
    ++blocks;
    repeated += again;
    if (again) repeated_characters += length;
    if (line.empty() || (static_cast<uint8_t>(line[0] - '!') > '~' - '!' && strip_left(line).empty())) return;
    ++full;
    terminal += (classes[decode_before(line.data() + line.size()).code] & kSentenceEnd) != 0;
    brief += length <= kBrief;
    if (again) full_repeated_characters += length;
  };
  if (lines_only_) {
    uint32_t start = 0;
    for (const uint32_t end : line_ends_) {
      visit(line_text_.substr(start, end - start));
      start = end + 1;
    }
  } else {
    scan_.for_each_block(scan_.text(), 1, visit);
  }
  values_[kDupLines] = share(static_cast<double>(repeated), static_cast<double>(blocks));
  values_[kDupLineCharacters] = share(static_cast<double>(repeated_characters), characters());
  values_[kTextLines] = static_cast<double>(full);
  values_[kTerminalLines] = share(static_cast<double>(terminal), values_[kTextLines]);
  values_[kShortLines] = share(static_cast<double>(brief), values_[kTextLines]);
  values_[kDupTextCharacters] = share(static_cast<double>(full_repeated_characters), characters() - static_cast<double>(newlines));
  if (lengths_) values_[kThirdLine] = static_cast<double>(longest[2]);
  return !seen_.exhausted();
}

// A paragraph that occurred before is made of lines that did; but where stripping takes more than line breaks, its first and last are others.
bool Workspace::no_paragraph_again() const {
  const std::string_view text = scan_.text(), stripped = strip(text);
  const auto front = static_cast<size_t>(stripped.data() - text.data());
  const auto bare = [](std::string_view cut) { return cut.find_first_not_of('\n') == std::string_view::npos; };
  return values_[kDupLines] == 0 && !stripped.empty() && bare(text.substr(0, front)) && bare(text.substr(front + stripped.size()));
}

bool Workspace::paragraphs() {
  const std::string_view stripped = strip(scan_.text());
  uint64_t paragraphs = 0, repeated = 0, repeated_characters = 0;
  seen_.reset(scan_.newlines() / 2 + 1);
  scan_.for_each_block(stripped, 2, [&](std::string_view paragraph) {
    ++paragraphs;
    if (seen_.add_is_new(paragraph)) return;
    ++repeated;
    repeated_characters += count_characters(paragraph);
  });
  values_[kParagraphs] = static_cast<double>(paragraphs);
  values_[kDupParagraphs] = share(static_cast<double>(repeated), values_[kParagraphs]);
  values_[kDupParagraphCharacters] = share(static_cast<double>(repeated_characters), characters());
  return !seen_.exhausted();
}

}  // namespace millrace::text
