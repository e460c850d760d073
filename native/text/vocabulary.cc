#include "native/text/vocabulary.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <random>

#include "native/text/characters.h"
#include "native/text/english_tables.h"

namespace millrace::text {
namespace {

struct Seeds {
  uint64_t low, high;
};
const Seeds& seeds() {
  static const Seeds chosen = [] {
    std::random_device device;
    const auto draw = [&] { return uint64_t{device()} << 32 | device(); };
    return Seeds{draw(), draw() | 1};
  }();
  return chosen;
}

constexpr std::string_view kStopWords[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

// kFollows and kEnds: in `simple` a token of punctuation is one character.
uint8_t simple_marks(const Word& word) {
  if (!word.punctuation) return 0;
  return class_table()[decode(word.text.data()).code] & kSentenceEnd ? kFollows | kEnds : kFollows;
}

// For spaCy's sentencizer: every character is of a category P, or the word is one of punct_chars.
uint8_t english_marks(std::string_view word) {
  const uint16_t* traits = english::Tables::get().traits;
  const auto [code, bytes] = decode(word.data());
  if (bytes == word.size() && (traits[code] & english::kSpanEnd)) return kFollows | kEnds;
  for (size_t at = 0; at < word.size();) {
    const auto next = decode(word.data() + at);
    if (!(traits[next.code] & english::kMark)) return 0;
    at += next.bytes;
  }
  return kFollows;
}

// A run of ASCII letters or of digits, with at most one opening mark before and one closing mark behind it: what most chunks are, and what
// spaCy splits into just these where neither the whole nor a part is an exception.
struct Simple {
  std::string_view before, core, behind;
  bool letters = false;
};
bool is_simple(std::string_view chunk, Simple& out) {
  static constexpr auto kinds = [] {
    std::array<uint8_t, 256> table{};
    for (int c = 'a'; c <= 'z'; ++c) table[c] = 1;
    for (int c = 'A'; c <= 'Z'; ++c) table[c] = 1;
    for (int c = '0'; c <= '9'; ++c) table[c] = 2;
    return table;
  }();
  const auto kind = [&](size_t at) { return kinds[static_cast<uint8_t>(chunk[at])]; };
  size_t from = 0, to = chunk.size();
  if (std::string_view("(\"'[").find(chunk[0]) != std::string_view::npos) from = 1;
  if (from < to && kind(to - 1) == 0) --to;
  if (from >= to) return false;
  const uint8_t first = kind(from);
  if (first == 0) return false;
  for (size_t at = from + 1; at < to; ++at)
    if (kind(at) != first) return false;
  out = {chunk.substr(0, from), chunk.substr(from, to - from), chunk.substr(to), first == 1};
  if (out.behind.empty()) return true;
  if (out.behind == ".") return first == 2 || (chunk[to - 1] >= 'a' && to - from > 1);
  return std::string_view(",;:?!)]\"'").find(out.behind[0]) != std::string_view::npos;
}

}  // namespace

uint8_t stop_flags(std::string_view word) {
  if (word.size() > 4) return 0;
  for (uint8_t i = 0; i < 8; ++i)
    if (word == kStopWords[i]) return static_cast<uint8_t>(kStop | i << kStopShift);
  return 0;
}

uint8_t word_flags(Words words, const Word& word) {
  uint8_t flags = stop_flags(word.text);
  if (!word.punctuation) flags |= kReal;
  if (word.letter) flags |= kAlphabetic;
  return flags | (words == Words::spacy ? english_marks(word.text) : simple_marks(word));
}

namespace {
constexpr size_t kPage = 2 << 20;
}

void free_large_pages(void* from, size_t bytes) { ::operator delete(from, std::align_val_t(bytes < kPage ? 64 : kPage)); }

void* large_pages(size_t bytes) {
  if (bytes < kPage) return ::operator new(bytes, std::align_val_t(64));
  const size_t whole = (bytes + kPage - 1) / kPage * kPage;
  void* const at = ::operator new(whole, std::align_val_t(kPage));
#if defined(MADV_HUGEPAGE)
  madvise(at, whole, MADV_HUGEPAGE);
#endif
  return at;
}

Vocabulary::Vocabulary(Words words) : words_(words), low_(seeds().low), high_(seeds().high) { forget(); }

// Memory of the usual size stays.
void Vocabulary::forget() {
  const auto empty = [](auto& table, size_t least) {
    using Table = std::remove_reference_t<decltype(table)>;
    if (table.size() > 4 * kKeep || table.size() < least) Table(least).swap(table);
    std::fill(table.begin(), table.end(), typename Table::value_type{});
  };
  const auto clear = [](auto& list) {
    list.clear();
    if (list.capacity() > 2 * kKeepBytes) list.shrink_to_fit();
  };
  empty(slots_, 1 << 12);
  empty(long_slots_, 1 << 8);
  count_ = long_count_ = 0;
  clear(infos_);
  clear(flags_);
  clear(lists_);
  clear(found_);
  clear(arena_);
  document_ = 0;
  overflowed_ = false;
}

void Vocabulary::begin() {
  const bool full = count_ + long_count_ > kKeep || arena_.size() + lists_.size() * sizeof(uint32_t) > kKeepBytes;
  if (full || overflowed_ || document_ == UINT32_MAX) forget();
  ++document_;
}

Vocabulary::LongSlot& Vocabulary::find_long(std::string_view text, uint64_t hash) {
  const size_t mask = long_slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    LongSlot& slot = long_slots_[i];
    if (slot.size == 0 || (slot.hash == hash && std::string_view(arena_).substr(slot.at, slot.size) == text)) return slot;
  }
}

// The slot of a key, which it has from here on. What find() gave before may be gone.
Vocabulary::Slot& Vocabulary::add(const Key& key) {
  Slot& slot = find(key);
  if (slot.key.high != 0) return slot;
  if (2 * ++count_ <= slots_.size()) {
    slot.key = key;
    return slot;
  }
  decltype(slots_) old(2 * slots_.size());
  old.swap(slots_);
  for (const Slot& each : old)
    if (each.key.high != 0) find(each.key) = each;
  Slot& moved = find(key);
  moved.key = key;
  return moved;
}

Vocabulary::LongSlot& Vocabulary::add_long(std::string_view text, uint64_t hash) {
  LongSlot* slot = &find_long(text, hash);
  if (slot->size != 0) return *slot;
  if (2 * ++long_count_ > long_slots_.size()) {
    std::vector<LongSlot> old(2 * long_slots_.size());
    old.swap(long_slots_);
    const size_t mask = long_slots_.size() - 1;
    for (const LongSlot& each : old) {
      if (each.size == 0) continue;
      size_t i = each.hash & mask;
      while (long_slots_[i].size) i = (i + 1) & mask;
      long_slots_[i] = each;
    }
    slot = &find_long(text, hash);
  }
  slot->hash = hash;
  slot->at = static_cast<uint32_t>(arena_.size());
  slot->size = static_cast<uint32_t>(text.size());
  arena_.append(text);
  return *slot;
}

uint32_t Vocabulary::add_word(const Word& word) {
  infos_.push_back({0, 0, word.characters, static_cast<uint32_t>(word.text.size())});
  flags_.push_back(word_flags(words_, word));
  return static_cast<uint32_t>(infos_.size());
}

uint32_t Vocabulary::number(const Word& word) {
  if (word.text.size() <= kShort) {
    Slot& slot = add(key(word.text, 0, word.text.size()));
    if (slot.word == 0) slot.word = add_word(word);
    return slot.word - 1;
  }
  LongSlot& slot = add_long(word.text, hash_bytes(word.text, low_));
  if (slot.word == 0) slot.word = add_word(word);
  return slot.word - 1;
}

// The words of a chunk into found_. False if they depend on its neighbours.
bool Vocabulary::find_words(std::string_view chunk) {
  found_.clear();
  const auto add = [&](const Word& word) { found_.push_back(number(word)); };
  if (words_ == Words::simple) {
    ClassCounts unused;
    for_each_word(chunk, unused, add);
    return true;
  }
  if (find_simple(chunk)) return true;
  overflowed_ |= !english_.for_each_word(chunk, add);
  return !english_.joined();
}

// The same for chunks of the usual form; false for others.
bool Vocabulary::find_simple(std::string_view chunk) {
  Simple parts;
  if (!is_simple(chunk, parts)) return false;
  if (!english::falls_apart(english::Tables::get(), chunk, parts.before.size(), parts.behind.size())) return false;
  const auto mark = [&](std::string_view text) {
    if (!text.empty()) found_.push_back(number({text, 1, true, false}));
  };
  mark(parts.before);
  found_.push_back(number({parts.core, static_cast<uint32_t>(parts.core.size()), false, parts.letters}));
  mark(parts.behind);
  return true;
}

Vocabulary::Split Vocabulary::ask(std::string_view text, std::string_view chunk) {
  found_.clear();
  overflowed_ |= !english_.for_each_word_of(text, chunk, [&](const Word& word) { found_.push_back(number(word)); });
  return {found_.data(), static_cast<uint32_t>(found_.size())};
}

Vocabulary::Split Vocabulary::split_new(std::string_view text, std::string_view chunk, const Key& key) {
  if (add(key).count == kAsk) return ask(text, chunk);
  const bool alone = find_words(chunk);
  Slot& slot = add(key);
  if (!alone) {
    slot.count = kAsk;
    return ask(text, chunk);
  }
  slot.count = static_cast<uint32_t>(found_.size());
  if (slot.count <= kInline) {
    std::copy(found_.begin(), found_.end(), slot.words.begin());
  } else {
    slot.words[0] = static_cast<uint32_t>(lists_.size());
    lists_.insert(lists_.end(), found_.begin(), found_.end());
  }
  return {found_.data(), slot.count};
}

Vocabulary::Split Vocabulary::split_long(std::string_view text, std::string_view chunk) {
  const uint64_t hash = hash_bytes(chunk, low_);
  if (const LongSlot& slot = find_long(chunk, hash); slot.size != 0 && slot.count != 0) {
    if (slot.count == kAsk) return ask(text, chunk);
    return {lists_.data() + slot.list, slot.count};
  }
  const bool alone = find_words(chunk);
  LongSlot& slot = add_long(chunk, hash);
  if (!alone) {
    slot.count = kAsk;
    return ask(text, chunk);
  }
  slot.count = static_cast<uint32_t>(found_.size());
  slot.list = static_cast<uint32_t>(lists_.size());
  lists_.insert(lists_.end(), found_.begin(), found_.end());
  return {found_.data(), slot.count};
}

}  // namespace millrace::text
