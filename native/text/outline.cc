#include "native/text/outline.h"

#include <algorithm>
#include <cstring>

#include "native/text/english_tables.h"
#include "native/text/tokens.h"

namespace millrace::text {
namespace {

enum Byte : uint8_t { kAlnum = 1, kAsciiLetter = 2, kOpening = 4 };

constexpr auto kBytes = [] {
  std::array<uint8_t, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = kAlnum;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = kAlnum | kAsciiLetter;
  for (const char c : {'(', '"', '\'', '['}) table[static_cast<uint8_t>(c)] = kOpening;
  return table;
}();

constexpr int kBits = 14;

// Of its first eight bytes and its length; eight bytes at `at` can be read.
uint32_t mixed(const char* at, size_t size) {
  uint64_t front;
  std::memcpy(&front, at, 8);
  front &= kFirstBytes[std::min<size_t>(size, 15)].low;
  return static_cast<uint32_t>((front + size) * 0x9e3779b97f4a7c15ull >> (64 - kBits));
}

// Cores of simple chunks that may be or make an exception, one bit each by mixed(): alone, and with a mark before or behind it.
using Filter = std::array<uint64_t, (1 << kBits) / 64>;
struct Filters {
  Filter alone{}, marked{};
};

bool has(const Filter& filter, uint32_t bit) { return filter[bit >> 6] >> (bit & 63) & 1; }

const Filters& filters(Words words) {
  static const Filters none;
  if (words == Words::simple) return none;
  static const Filters spacy = [] {
    Filters made;
    const auto add = [](Filter& filter, std::string_view core) {
      char padded[8] = {};
      std::memcpy(padded, core.data(), std::min<size_t>(core.size(), 8));
      const uint32_t bit = mixed(padded, core.size());
      filter[bit >> 6] |= uint64_t{1} << (bit & 63);
    };
    const auto is_core = [](std::string_view text) {
      return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return kBytes[static_cast<uint8_t>(c)] & kAlnum; });
    };
    const auto& tables = english::Tables::get();
    for (const std::string_view text : tables.exceptions()) {
      if (is_core(text)) add(made.alone, text);
      // With any one byte less before it, and any one less behind it.
      for (size_t from = 0; from < 2 && from < text.size(); ++from)
        for (size_t behind = 0; behind < 2 && from + behind < text.size(); ++behind)
          if (const auto core = text.substr(from, text.size() - from - behind); is_core(core)) add(made.marked, core);
    }
    // Parts side by side may join to an exception.
    for (const std::string_view part : tables.parts()) {
      if (!is_core(part)) continue;
      bool near = false;
      for (int c = 1; c < 128; ++c) {
        const char mark = static_cast<char>(c);
        const uint8_t other = tables.part({&mark, 1}), core = tables.part(part);
        near |= !(kBytes[c] & kAlnum) && other != 0 && (tables.neighbours(other, core) || tables.neighbours(core, other));
      }
      if (near) add(made.marked, part);
    }
    return made;
  }();
  return spacy;
}

constexpr uint8_t kSentenceFlags = kFollows | kEnds;

}  // namespace

void Outline::reserve(size_t words, size_t bytes) {
  const auto grow = [](auto& list, size_t least) {
    if (list.size() < least) list.resize(std::max(least, 2 * list.size()));
  };
  grow(starts_, words + 1);
  grow(flags_, words + 1);
  grow(joined_, bytes + 64);
}

void Outline::count(std::string_view word, uint64_t characters) {
  const auto first = static_cast<uint8_t>(word[0]);
  const bool mark = word.size() == 1 && !(kBytes[first] & kAlnum);
  const uint64_t times = mark ? ++marks_[first] : ++buckets_[mixed(word.data(), word.size()) % kBuckets];
  most_times_ = std::max(most_times_, times);
  most_characters_ = std::max(most_characters_, times * characters);
}

// A chunk that is not simple, or may be an exception.
bool Outline::add(const Scan& scan, Vocabulary& vocabulary, size_t chunk, const Vocabulary::Key& key, uint32_t& at) {
  const std::string_view text = scan.text(), bytes = scan.chunk(chunk);
  const auto [words, count] = bytes.size() > Vocabulary::kShort ? vocabulary.split_long(text, bytes) : vocabulary.split(text, bytes, key);
  if (size_ + count > kMaxWords || vocabulary.overflowed()) return false;
  reserve(size_ + count + 2, 0);
  for (uint32_t i = 0; i < count; ++i) {
    const auto& info = vocabulary.info(words[i]);
    const uint8_t flags = vocabulary.flags(words[i]);
    starts_[size_] = at;
    flags_[size_++] = flags & kSentenceFlags;
    this->count({joined_.data() + at, info.bytes}, info.characters);
    at += info.bytes;
    real_ += (flags & kReal) != 0;
    real_characters_ += flags & kReal ? info.characters : 0;
    alphabetic_ += (flags & kAlphabetic) != 0;
  }
  return true;
}

// In batches, so that the memory that one of them will ask for is on its way while the one before is read.
bool Outline::read(const Scan& scan, Vocabulary& vocabulary) {
  constexpr size_t kBatch = 64;
  scan_ = &scan;
  blanks_ = vocabulary.words() == Words::spacy;
  size_ = 0;
  real_ = real_characters_ = alphabetic_ = 0;
  buckets_.assign(kBuckets, 0);
  marks_.fill(0);
  most_times_ = most_characters_ = 0;
  vocabulary.begin();
  const size_t chunks = scan.chunks();
  const std::string_view text = scan.text();
  if (first_.size() <= chunks) first_.resize(std::max(chunks + 1, 2 * first_.size()));
  reserve(chunks + chunks / 4 + 64, text.size());
  const auto& tables = english::Tables::get();
  const Filters& exceptions = filters(vocabulary.words());
  std::array<uint8_t, 256> mark_flags;
  for (int c = 0; c < 128; ++c) {
    const char byte = static_cast<char>(c);
    mark_flags[c] = kBytes[c] & kAlnum ? 0 : word_flags(vocabulary.words(), {{&byte, 1}, 1, true, false}) & kSentenceFlags;
  }
  Vocabulary::Key keys[2][kBatch];
  const auto is_simple = [&](size_t i) { return scan.simple(i); };
  const auto prepare = [&](size_t batch) {
    for (size_t i = batch; i < chunks && i < batch + kBatch; ++i) {
      if (is_simple(i)) continue;
      const size_t start = scan.start(i), size = scan.end(i) - start;
      if (size > Vocabulary::kShort) continue;
      Vocabulary::Key& key = keys[batch / kBatch % 2][i - batch];
      key = Vocabulary::key(text, start, size);
      vocabulary.prefetch(key);
    }
  };
  prepare(0);
  uint32_t at = 0;
  char* const joined = joined_.data();
  for (size_t batch = 0; batch < chunks; batch += kBatch) {
    prepare(batch + kBatch);
    reserve(size_ + 3 * kBatch, 0);
    for (size_t i = batch; i < chunks && i < batch + kBatch; ++i) {
      first_[i] = static_cast<uint32_t>(size_);
      const size_t start = scan.start(i), size = scan.end(i) - start;
      if (size <= 16 && start + 16 <= text.size()) {
        std::memcpy(joined + at, text.data() + start, 16);
      } else {
        std::memcpy(joined + at, text.data() + start, size);
      }
      if (is_simple(i)) {
        const char* const from = text.data() + start;
        const auto front = static_cast<uint8_t>(from[0]), back = static_cast<uint8_t>(from[size - 1]);
        const uint32_t open = (kBytes[front] & kOpening) != 0, mark = !(kBytes[back] & kAlnum);
        const auto core = static_cast<uint32_t>(size) - open - mark;
        const uint32_t bit = mixed(joined + at + open, core);
        if (!has(open | mark ? exceptions.marked : exceptions.alone, bit) || english::falls_apart(tables, {from, size}, open, mark)) {
          uint32_t* const starts = starts_.data() + size_;
          uint8_t* const flags = flags_.data() + size_;
          starts[0] = at;
          starts[open] = at + open;
          starts[open + 1] = at + open + core;
          flags[0] = mark_flags[front];
          flags[open] = 0;
          flags[open + 1] = mark_flags[back];
          at += static_cast<uint32_t>(size);
          size_ += 1 + open + mark;
          ++real_;
          real_characters_ += core;
          alphabetic_ += (kBytes[static_cast<uint8_t>(from[open])] & kAsciiLetter) != 0;
          const uint64_t times = ++buckets_[bit % kBuckets];
          most_times_ = std::max(most_times_, times);
          most_characters_ = std::max(most_characters_, times * core);
          marks_[front] += open;
          marks_[back] += mark;
          continue;
        }
        if (size <= Vocabulary::kShort) keys[batch / kBatch % 2][i - batch] = Vocabulary::key(text, start, size);
#ifdef FPC
        extern long fpc[2]; ++fpc[(open|mark)];
#endif
      }
      if (!add(scan, vocabulary, i, keys[batch / kBatch % 2][i - batch], at)) return false;
    }
    if (size_ > kMaxWords) return false;
  }
  first_[chunks] = static_cast<uint32_t>(size_);
  starts_[size_] = at;
  std::memset(joined + at, 0, 64);
  for (const uint64_t times : marks_) {
    most_times_ = std::max(most_times_, times);
    most_characters_ = std::max(most_characters_, times);
  }
  return true;
}

uint64_t Outline::stop_words(uint64_t enough) const {
  uint8_t found = 0;
  uint64_t count = 0;
  for (size_t i = 0; i < size_ && count < enough; ++i) {
    const uint8_t flags = stop_flags({joined_.data() + starts_[i], starts_[i + 1] - starts_[i]});
    if (!flags) continue;
    found |= static_cast<uint8_t>(1 << (flags >> kStopShift));
    count = static_cast<uint64_t>(__builtin_popcount(found));
  }
  return count;
}

uint64_t Outline::sentences(size_t from, size_t to, uint64_t enough) const {
  SentenceCount count;
  for (size_t chunk = from; chunk < to && count.count() < enough; ++chunk) {
    if (blanks_ && chunk > from && count.open() && !scan_->plain_gap(chunk - 1)) count.blank();
    for (uint32_t i = first_[chunk]; i < first_[chunk + 1]; ++i) count.add(flags_[i]);
  }
  return std::min(count.count(), enough);
}

// The length of an n-gram times how often it occurs is at most what its words, taken alone, come to.
void Outline::top_bounds(double (&out)[3]) const {
  for (uint64_t n = 2; n <= 4; ++n) out[n - 2] = static_cast<double>(n * most_characters_ + (n - 1) * most_times_);
}

// Three words are a pair and a word, four are two pairs.
void Outline::top_bounds_of_pairs(double (&out)[3]) {
  pairs_.assign(kBuckets, 0);
  uint64_t times = 0, bytes = 0;
  uint32_t before = 0;
  for (size_t i = 0; i < size_; ++i) {
    const uint32_t word = mixed(joined_.data() + starts_[i], starts_[i + 1] - starts_[i]);
    if (i > 0) {
      const uint64_t now = ++pairs_[(before * 5 + word) % kBuckets];
      times = std::max(times, now);
      bytes = std::max(bytes, now * (starts_[i + 1] - starts_[i - 1] + 1));
    }
    before = word;
  }
  out[0] = static_cast<double>(bytes);
  out[1] = static_cast<double>(bytes + times + most_characters_);
  out[2] = static_cast<double>(2 * bytes + times);
}

}  // namespace millrace::text
