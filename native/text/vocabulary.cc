#include "native/text/vocabulary.h"

#include <algorithm>
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

uint8_t stop_flags(std::string_view word) {
  if (word.size() > 4) return 0;
  for (uint8_t i = 0; i < 8; ++i)
    if (word == kStopWords[i]) return static_cast<uint8_t>(kStop | i << kStopShift);
  return 0;
}

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

}  // namespace

Vocabulary::Vocabulary(Words words) : words_(words), low_(seeds().low), high_(seeds().high) { forget(); }

// Memory of the usual size stays.
void Vocabulary::forget() {
  const auto empty = [](auto& table, size_t usual) {
    if (table.size() > 4 * kKeep || table.size() < usual) std::remove_reference_t<decltype(table)>(usual).swap(table);
    std::fill(table.begin(), table.end(), typename std::remove_reference_t<decltype(table)>::value_type{});
  };
  for (auto* table : {&chunks_, &short_words_}) empty(*table, 1 << 12);
  for (auto* table : {&long_chunks_, &long_words_}) empty(*table, 1 << 8);
  chunk_count_ = long_chunk_count_ = short_word_count_ = long_word_count_ = 0;
  const auto clear = [](auto& list, size_t usual) {
    list.clear();
    if (list.capacity() > usual) list.shrink_to_fit();
  };
  clear(lists_, 4 * kKeep);
  clear(found_, 4 * kKeep);
  clear(infos_, 4 * kKeep);
  clear(seen_, 4 * kKeep);
  clear(arena_, 2 * kKeepBytes);
  document_ = 0;
  overflowed_ = false;
}

void Vocabulary::begin() {
  const size_t kept_bytes = arena_.size() + lists_.size() * sizeof(uint32_t);
  if (infos_.size() > kKeep || chunk_count_ + long_chunk_count_ > kKeep || kept_bytes > kKeepBytes || overflowed_ || document_ == UINT32_MAX) forget();
  ++document_;
}

Vocabulary::LongSlot& Vocabulary::find_long(std::vector<LongSlot>& table, std::string_view text, uint64_t hash) const {
  const size_t mask = table.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    LongSlot& slot = table[i];
    if (slot.size == 0 || (slot.hash == hash && std::string_view(arena_).substr(slot.at, slot.size) == text)) return slot;
  }
}

void Vocabulary::grow_short(std::vector<ShortSlot>& table) {
  std::vector<ShortSlot> old(2 * table.size());
  old.swap(table);
  for (const ShortSlot& slot : old)
    if (slot.count) find_short(table, slot.key) = slot;
}

void Vocabulary::grow_long(std::vector<LongSlot>& table) {
  std::vector<LongSlot> old(2 * table.size());
  old.swap(table);
  const size_t mask = table.size() - 1;
  for (const LongSlot& slot : old) {
    if (slot.size == 0) continue;
    size_t i = slot.hash & mask;
    while (table[i].size) i = (i + 1) & mask;
    table[i] = slot;
  }
}

void Vocabulary::store_long(LongSlot& slot, std::string_view text, uint64_t hash) {
  slot.hash = hash;
  slot.at = static_cast<uint32_t>(arena_.size());
  slot.size = static_cast<uint32_t>(text.size());
  arena_.append(text);
}

uint32_t Vocabulary::add_info(const Word& word) {
  uint8_t flags = stop_flags(word.text);
  if (!word.punctuation) flags |= kReal;
  if (word.letter) flags |= kAlphabetic;
  flags |= words_ == Words::spacy ? english_marks(word.text) : simple_marks(word);
  infos_.push_back({word.characters, static_cast<uint32_t>(word.text.size()), flags});
  seen_.push_back({0, 0});
  return static_cast<uint32_t>(infos_.size() - 1);
}

uint32_t Vocabulary::number(const Word& word) {
  if (word.text.size() <= kShort) {
    if (2 * short_word_count_ >= short_words_.size()) grow_short(short_words_);
    const Key key = short_key(word.text, word.text.size());
    ShortSlot& slot = find_short(short_words_, key);
    if (slot.count == 0) {
      slot = {key, 1, {add_info(word), 0, 0}};
      ++short_word_count_;
    }
    return slot.words[0];
  }
  if (2 * long_word_count_ >= long_words_.size()) grow_long(long_words_);
  const uint64_t hash = hash_bytes(word.text, low_);
  LongSlot& slot = find_long(long_words_, word.text, hash);
  if (slot.size == 0) {
    store_long(slot, word.text, hash);
    slot.first = add_info(word);
    ++long_word_count_;
  }
  return slot.first;
}

void Vocabulary::find(std::string_view chunk) {
  found_.clear();
  const auto add = [&](const Word& word) { found_.push_back(number(word)); };
  if (words_ == Words::spacy) {
    overflowed_ |= !english_.for_each_word(chunk, add);
  } else {
    ClassCounts unused;
    for_each_word(chunk, unused, add);
  }
}

Vocabulary::Split Vocabulary::split_new(std::string_view chunk, const Key& key) {
  find(chunk);
  if (2 * chunk_count_ >= chunks_.size()) grow_short(chunks_);
  ShortSlot& slot = find_short(chunks_, key);
  slot.key = key;
  slot.count = static_cast<uint32_t>(found_.size());
  ++chunk_count_;
  if (slot.count <= kInline) {
    std::copy(found_.begin(), found_.end(), slot.words.begin());
    return {slot.words.data(), slot.count};
  }
  slot.words[0] = static_cast<uint32_t>(lists_.size());
  lists_.insert(lists_.end(), found_.begin(), found_.end());
  return {lists_.data() + slot.words[0], slot.count};
}

Vocabulary::Split Vocabulary::split_long(std::string_view chunk) {
  if (2 * long_chunk_count_ >= long_chunks_.size()) grow_long(long_chunks_);
  const uint64_t hash = hash_bytes(chunk, low_);
  LongSlot& slot = find_long(long_chunks_, chunk, hash);
  if (slot.size == 0) {
    find(chunk);
    store_long(slot, chunk, hash);
    ++long_chunk_count_;
    slot.first = static_cast<uint32_t>(lists_.size());
    slot.second = static_cast<uint32_t>(found_.size());
    lists_.insert(lists_.end(), found_.begin(), found_.end());
  }
  return {lists_.data() + slot.first, slot.second};
}

}  // namespace millrace::text
