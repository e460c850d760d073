#include "native/text/english.h"

#include <algorithm>
#include <bit>

#include "native/text/english_tables.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::text {
namespace {

// Tokens that one fill() makes at least, the text allowing; it only has to be large against the cost of a call.
constexpr size_t kFill = 512;

bool is_ascii_letter(char c) { return static_cast<uint8_t>((static_cast<uint8_t>(c) | 0x20) - 'a') < 26; }

const char* letters_end(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i low = _mm_set1_epi8(static_cast<char>('a' + 128)), count = _mm_set1_epi8(26 - 128), fold = _mm_set1_epi8(0x20);
  while (end - at >= 16) {
    const __m128i bytes = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), fold);
    const auto hits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmplt_epi8(_mm_sub_epi8(bytes, low), count)));
    if (hits != 0xFFFF) return at + std::countr_one(hits);
    at += 16;
  }
#endif
  while (at < end && is_ascii_letter(*at)) ++at;
  return at;
}

}  // namespace

void English::begin(std::string_view text) {
  begin_ = at_ = text.data();
  end_ = at_ + text.size();
  gave_up_ = joined_any_ = open_edges_ = false;
  tables_ = &english::Tables::get();
  classes_ = class_table();
}

inline uint16_t English::part(Token& token) const {
  if (token.part == kUnknown) token.part = tables_->part(token.word.text);
  return token.part;
}

inline void English::push(const Token& token) {
  tokens_.push_back(token);
  if (tokens_.size() < 2) return;
  Token &before = tokens_[tokens_.size() - 2], &now = tokens_.back();
  // No exception has two words of letters beside each other.
  if ((before.flags & now.flags & kPlain) || now.part == 0 || before.part == 0) return;
  if (!tables_->neighbours(static_cast<uint8_t>(part(before)), static_cast<uint8_t>(part(now)))) return;
  now.flags |= kLinked;
  any_linked_ = true;
}

// The chunk with as many neighbours as an exception can reach to: they are one space apart, and each has a token at least.
std::string_view English::context(std::string_view text, std::string_view chunk) {
  const uint8_t* classes = class_table();
  const char *from = chunk.data(), *to = from + chunk.size();
  const char *const begin = text.data(), *const end = begin + text.size();
  for (size_t i = 1; i < english::kMostParts && from - begin >= 2 && from[-1] == ' '; ++i) {
    const char* at = from - 1;
    while (at > begin) {
      const auto [code, bytes] = decode_before(at);
      if (classes[code] & kSpace) break;
      at -= bytes;
    }
    if (at == from - 1) break;
    from = at;
  }
  for (size_t i = 1; i < english::kMostParts && end - to >= 2 && *to == ' '; ++i) {
    const char* at = to + 1;
    while (at < end) {
      const auto [code, bytes] = decode(at);
      if (classes[code] & kSpace) break;
      at += bytes;
    }
    if (at == to + 1) break;
    to = at;
  }
  return {from, static_cast<size_t>(to - from)};
}

bool English::fill() {
  tokens_.clear();
  any_linked_ = false;
  const char* at = at_;
  while (at < end_) {
    // Nothing behind a token that is no part can join to what is before it.
    if (tokens_.size() >= kFill && part(tokens_.back()) == 0) break;
    const char* const from = at;
    at = letters_end(at, end_);
    const auto ends = [&](const char* p) { return p == end_ || *p == ' ' || *p == '\n'; };
    if (at > from && ends(at)) {
      add_letters(from, at);
    } else if (at > from && is_mark_behind(from, at) && ends(at + 1) && tables_->exception({from, static_cast<size_t>(at + 1 - from)}) == english::kNone) {
      add_letters(from, at);
      add(at, at + 1);
      ++at;
    } else {
      while (at < end_) {
        const Decoded next = static_cast<uint8_t>(*at) < 0x80 ? Decoded{static_cast<uint8_t>(*at), 1} : decode(at);
        if (classes_[next.code] & kSpace) break;
        at += next.bytes;
      }
      if (at > from) chunk(from, at);
    }
    // One space behind a chunk belongs to no token, all other white space does.
    if (at > from && at < end_ && *at == ' ') ++at;
    const char* const blank = at;
    while (at < end_) {
      const Decoded next = static_cast<uint8_t>(*at) < 0x80 ? Decoded{static_cast<uint8_t>(*at), 1} : decode(at);
      if (!(classes_[next.code] & kSpace)) break;
      at += next.bytes;
    }
    if (at > blank) push({{{blank, static_cast<size_t>(at - blank)}, 0, false, false}, kBlank, 0});
    if (tokens_.size() > kMostPending) {
      gave_up_ = true;
      tokens_.clear();
      return false;
    }
  }
  const bool whole = at_ == begin_ && at == end_;
  at_ = at;
  if (any_linked_) {
    open_edges_ |= !whole || tables_->follows(static_cast<uint8_t>(part(tokens_.front()))) || tables_->precedes(static_cast<uint8_t>(part(tokens_.back())));
    join();
  }
  return !tokens_.empty();
}

// True for a mark that is split from a word of letters before it and is the chunk's last character.
bool English::is_mark_behind(const char* from, const char* at) const {
  if (static_cast<uint8_t>(*at) >= 0x80) return false;
  if (*at == '.') return at[-1] >= 'a' || (at - from >= 2 && at[-2] <= 'Z');
  return (tables_->traits[static_cast<uint8_t>(*at)] & english::kSuffix) != 0;
}

// Letters have no affix and no infix: they are an exception or one token.
void English::add_letters(const char* from, const char* to) {
  const std::string_view word(from, to - from);
  if (const uint16_t place = tables_->exception(word); place != english::kNone) return add_special(place, from);
  push({{word, static_cast<uint32_t>(word.size()), false, true}, kPlain, kUnknown});
}

// Tokenizer._split_affixes, then _attach_tokens.
void English::chunk(const char* from, const char* to) {
  if (const uint16_t place = tables_->exception({from, static_cast<size_t>(to - from)}); place != english::kNone) return add_special(place, from);
  suffixes_.clear();
  const char* const last = to;
  const auto is_exception = [&](const char* a, const char* b) { return a < b && tables_->exception({a, static_cast<size_t>(b - a)}) != english::kNone; };
  while (from < to && !is_exception(from, to) && tokens_.size() + suffixes_.size() <= kMostPending) {
    const size_t before = english::prefix(*tables_, from, to);
    if (before != 0 && is_exception(from + before, to)) {
      add(from, from + before);
      from += before;
      break;
    }
    const size_t behind = english::suffix(*tables_, from + before, to);
    if (before == 0 && behind == 0) break;
    if (behind != 0 && is_exception(from, to - behind)) {
      suffixes_.push_back(to -= behind);
      break;
    }
    if (before != 0) {
      add(from, from + before);
      from += before;
    }
    if (behind != 0) suffixes_.push_back(to -= behind);
  }
  if (from < to) inner(from, to);
  for (size_t i = suffixes_.size(); i-- > 0;) add(suffixes_[i], i == 0 ? last : suffixes_[i - 1]);
}

void English::inner(const char* from, const char* to) {
  const std::string_view text(from, to - from);
  if (const uint16_t place = tables_->exception(text); place != english::kNone) return add_special(place, from);
  if (english::is_url(*tables_, text)) return add(from, to);
  const char* start = from;
  for (auto infix = english::next_infix(*tables_, from, from, to); infix.from < infix.to; infix = english::next_infix(*tables_, from, infix.to, to)) {
    if (infix.from == from) continue;  // what is first is no infix, and stays with what follows
    if (infix.from > start) add(start, infix.from);
    add(infix.from, infix.to);
    start = infix.to;
    if (tokens_.size() > kMostPending) return;
  }
  if (start < to) add(start, to);
}

void English::add(const char* from, const char* to) {
  if (to - from == 1) {
    const auto code = static_cast<uint8_t>(*from);
    const uint8_t classes = classes_[code];
    const uint16_t traits = tables_->traits[code];
    const auto flags = static_cast<uint16_t>((traits & english::kMark ? kMark : 0) | (traits & english::kSpanEnd ? kEnd : 0));
    const std::string_view text(from, 1);
    return push({{text, 1, (classes & kPunctuation) != 0, (classes & kLetter) != 0}, flags, tables_->part(text)});
  }
  uint32_t characters = 0;
  uint8_t any = 0, all = 0xff;
  uint16_t every = english::kMark, first = 0;
  for (const char* at = from; at < to; ++characters) {
    const auto [code, bytes] = decode(at);
    any |= classes_[code];
    all &= classes_[code];
    every &= first = tables_->traits[code];
    at += bytes;
  }
  const auto flags = static_cast<uint16_t>((every & english::kMark ? kMark : 0) | (characters == 1 && (first & english::kSpanEnd) ? kEnd : 0));
  const std::string_view text(from, to - from);
  push({{text, characters, (all & kPunctuation) != 0, (any & kLetter) != 0}, flags, tables_->part(text)});
}

void English::add_special(uint16_t place, const char* from) {
  for (const uint8_t bytes : tables_->exception(place).pieces) {
    if (bytes == 0) break;
    add(from, from + bytes);
    from += bytes;
  }
}

// Tokenizer._apply_special_cases: exceptions whose parts stand side by side, the longest first, then the first. The package compares tokens
// without regard to the space between them, so that parts with a space can take others away; they become the exception only without one.
void English::join() {
  joined_.swap(tokens_);
  tokens_.clear();
  const size_t count = joined_.size();
  for (size_t start = 0, end; start < count; start = end) {
    for (end = start + 1; end < count && (joined_[end].flags & kLinked);) ++end;
    if (end - start == 1) {
      tokens_.push_back(joined_[start]);
      continue;
    }
    matches_.clear();
    for (size_t i = start; i < end; ++i) {
      uint16_t node = 0;
      for (size_t j = i; j < end; ++j) {
        node = tables_->step(node, static_cast<uint8_t>(part(joined_[j])));
        if (node == 0) break;
        if (tables_->ends(node) != english::kNone)
          matches_.push_back({static_cast<uint32_t>(i), static_cast<uint16_t>(j + 1 - i), tables_->ends(node)});
      }
    }
    std::sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) { return a.count != b.count ? a.count > b.count : a.start < b.start; });
    size_t taken = 0;
    for (const Match& match : matches_) {
      Token* const tokens = &joined_[match.start];
      const bool free = !(tokens[0].flags & kTaken) && !(tokens[match.count - 1].flags & kTaken);
      for (size_t k = 0; k < match.count; ++k) tokens[k].flags |= kTaken;
      if (free) matches_[taken++] = match;
    }
    matches_.resize(taken);
    std::sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) { return a.start < b.start; });
    size_t i = start;
    for (const Match& match : matches_) {
      const std::string_view first = joined_[match.start].word.text, last = joined_[match.start + match.count - 1].word.text;
      const auto bytes = static_cast<size_t>(last.data() + last.size() - first.data());
      if (bytes != tables_->exception(match.exception).text.size()) continue;
      while (i < match.start) tokens_.push_back(joined_[i++]);
      add_special(match.exception, first.data());
      i += match.count;
      joined_any_ = true;
    }
    while (i < end) tokens_.push_back(joined_[i++]);
  }
}

}  // namespace millrace::text
