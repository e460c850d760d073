// Tags, attributes and text. Comments, doctypes and script data are in tokenizer_rest.cc.
#include "native/html/tokenizer.h"

#include <algorithm>
#include <cstring>

#include "native/html/references.h"

namespace millrace::html {
namespace {

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r'; }
inline bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }
inline bool is_upper(char c) { return static_cast<unsigned char>(c - 'A') < 26; }
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

}  // namespace

void Tokenizer::reset(Tree& tree, std::string_view input, const Limits& limits) {
  tree_ = &tree;
  in_ = input.data();
  size_ = input.size();
  at_ = 0;
  limits_ = limits;
  content_ = Content::data;
  end_name_ = {};
  index_.reset(reinterpret_cast<const uint8_t*>(in_), size_);
}

size_t Tokenizer::skip_space(size_t at) const {
  while (at < size_ && is_space(in_[at])) ++at;
  return at;
}

bool Tokenizer::matches(size_t at, std::string_view word) const {
  if (size_ - at < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = in_[at + i];
    if ((is_upper(c) ? c | 0x20 : c) != word[i]) return false;
  }
  return true;
}

Range Tokenizer::copied(size_t from, size_t to, bool lower) {
  auto& buffer = tree_->buffer;
  const uint32_t start = open_range();
  for (size_t i = from; i < to; ++i) {
    const char c = in_[i];
    if (c == 0) {
      buffer += kReplacement;
    } else if (c == '\r') {
      if (i + 1 == size_ || in_[i + 1] != '\n') buffer += '\n';
    } else {
      buffer += lower && is_upper(c) ? static_cast<char>(c | 0x20) : c;
    }
  }
  return close_range(start);
}

size_t Tokenizer::reference(size_t at, bool in_attribute) {
  decoded_.clear();
  // The two that make up most of all, without the search.
  if (size_ - at >= 6 && std::memcmp(in_ + at, "&nbsp;", 6) == 0) return decoded_ = "\xc2\xa0", 6;
  if (size_ - at >= 5 && std::memcmp(in_ + at, "&amp;", 5) == 0) return decoded_ = "&", 5;
  return decode_reference({in_ + at, size_ - at}, in_attribute, decoded_);
}

void Tokenizer::next(Token& token, bool cdata_allowed) {
  token.attribute_count = 0;
  token.self_closing = token.has_nul = false;
  while (at_ < size_) {
    if (content_ == Content::data) {
      if (in_[at_] == '<' && starts_markup(at_)) {
        if (markup(token, cdata_allowed)) return;
        continue;
      }
      return data(token);
    }
    if (content_ == Content::cdata) {
      cdata(token);
      if (token.range.size) return;
      continue;
    }
    if (ends_content(at_)) {
      content_ = Content::data;
      if (markup(token, false)) return;
      continue;
    }
    return raw(token);
  }
  token.type = Token::end;
}

// '<' is text unless a letter, '/', '!' or '?' follows; "</" at the end of the input is text too.
bool Tokenizer::starts_markup(size_t at) const {
  if (at + 1 >= size_) return false;
  const char c = in_[at + 1];
  if (c == '/') return at + 2 < size_;
  return is_letter(c) || c == '!' || c == '?';
}

void Tokenizer::data(Token& token) {
  token.type = Token::text;
  size_t from = at_, at = at_;
  uint32_t start = 0;
  bool rewritten = false;
  const auto rewrite_from_here = [&] {
    if (!rewritten) start = open_range();
    rewritten = true;
    copy(from, at);
  };
  for (;;) {
    at = index_.find<&Block::text>(at);
    if (at >= size_) break;
    const char c = in_[at];
    if (c == '<') {
      if (starts_markup(at)) break;
      ++at;
    } else if (c == 0) {
      token.has_nul = true;
      ++at;
    } else if (c == '\r') {
      rewrite_from_here();
      at += at + 1 < size_ && in_[at + 1] == '\n';
      if (in_[at] == '\r') tree_->buffer += '\n', ++at;
      from = at;
    } else {
      const size_t used = reference(at, false);
      if (!used) {
        ++at;
        continue;
      }
      rewrite_from_here();
      tree_->buffer += decoded_;
      from = at += used;
    }
  }
  if (rewritten) copy(from, at);
  token.range = rewritten ? close_range(start) : range(from, at);
  at_ = at;
}

bool Tokenizer::markup(Token& token, bool cdata_allowed) {
  const size_t at = at_;
  const char c = in_[at + 1];
  if (is_letter(c)) return tag(token, at + 1, false);
  if (c == '/') {
    if (is_letter(in_[at + 2])) return tag(token, at + 2, true);
    if (in_[at + 2] == '>') return at_ = at + 3, false;
    bogus_comment(token, at + 2);
    return true;
  }
  if (c == '!') {
    if (size_ - at >= 4 && std::memcmp(in_ + at, "<!--", 4) == 0) return comment(token, at + 4), true;
    if (matches(at + 2, "doctype")) return doctype(token, at + 9), true;
    if (cdata_allowed && size_ - at >= 9 && std::memcmp(in_ + at, "<![CDATA[", 9) == 0) {
      content_ = Content::cdata;
      at_ = at + 9;
      return false;
    }
    return bogus_comment(token, at + 2), true;
  }
  return bogus_comment(token, at + 1), true;
}

// A tag or attribute name from `at`, which moves behind it. What ends the name: white space, '/', '>', and '=' for attributes.
Range Tokenizer::name_at(size_t& at, bool attribute) {
  const size_t from = at;
  bool rewritten = false;
  if (attribute && in_[at] == '=') ++at;
  for (;;) {
    at = index_.find<&Block::name>(at);
    if (at >= size_) break;
    const char c = in_[at];
    if (c == '>' || c == '/' || is_space(c) || (attribute && c == '=')) break;
    rewritten |= c == 0 || is_upper(c);
    ++at;
  }
  return rewritten ? copied(from, at, true) : range(from, at);
}

// A tag whose name begins at `at`. False if the input ends within it: such a tag is dropped.
bool Tokenizer::tag(Token& token, size_t at, bool closing) {
  token.type = closing ? Token::end_tag : Token::start_tag;
  token.range = name_at(at, false);
  token.tag = find_tag(tree_->buffer.data() + token.range.offset, token.range.size);
  token.attributes = static_cast<uint32_t>(tree_->attributes.size());
  for (;;) {
    at = skip_space(at);
    if (at >= size_) {
      tree_->attributes.resize(token.attributes);
      at_ = size_;
      return false;
    }
    if (in_[at] == '>') break;
    if (in_[at] == '/') {
      token.self_closing = ++at < size_ && in_[at] == '>';
      continue;
    }
    if (!attribute(at, token)) {
      tree_->attributes.resize(token.attributes);
      token.attribute_count = 0;
      at_ = size_;
      return false;
    }
  }
  if (closing) {
    tree_->attributes.resize(token.attributes);
    token.attribute_count = 0;
  }
  at_ = at + 1;
  return true;
}

bool Tokenizer::attribute(size_t& at, Token& token) {
  Attribute found;
  found.name = name_at(at, true);
  at = skip_space(at);
  if (at < size_ && in_[at] == '=') {
    at = skip_space(at + 1);
    if (at >= size_) return false;
    const char c = in_[at];
    if (c == '"' || c == '\'') {
      if (!quoted_value(++at, c, found.value)) return false;
    } else if (c != '>') {
      if (!unquoted_value(at, found.value)) return false;
    }
  }
  const char* name = tree_->buffer.data() + found.name.offset;
  found.id = find_attribute(name, found.name.size);
  if (token.attribute_count >= limits_.max_attributes) {  // before the search for its name, which so stays short
    tree_->cuts |= kCutAttributes;
    return true;
  }
  auto& all = tree_->attributes;
  for (size_t i = token.attributes; i < all.size(); ++i)
    if (all[i].id == found.id && (found.id || tree_->text(all[i].name) == std::string_view(name, found.name.size))) return true;
  ++token.attribute_count;
  all.push_back(found);
  return true;
}

// A value from behind its opening quote; `at` moves behind the closing one. False if the input ends first.
bool Tokenizer::quoted_value(size_t& at, char quote, Range& value) {
  size_t from = at;
  uint32_t start = 0;
  bool rewritten = false;
  for (;;) {
    at = quote == '"' ? index_.find<&Block::dq>(at) : index_.find<&Block::sq>(at);
    if (at >= size_) return false;
    const char c = in_[at];
    if (c == quote) break;
    const size_t used = c == '&' ? reference(at, true) : 1;
    if (!used) {
      ++at;
      continue;
    }
    if (!rewritten) start = open_range();
    rewritten = true;
    copy(from, at);
    if (c == '&') tree_->buffer += decoded_;
    else copied(at, at + 1, false);
    from = at += used;
  }
  if (rewritten) copy(from, at);
  value = rewritten ? close_range(start) : range(from, at);
  ++at;
  return true;
}

bool Tokenizer::unquoted_value(size_t& at, Range& value) {
  size_t from = at;
  uint32_t start = 0;
  bool rewritten = false;
  for (; at < size_ && in_[at] != '>' && !is_space(in_[at]); ++at) {
    const char c = in_[at];
    if (c != '&' && c != 0) continue;
    const size_t used = c == '&' ? reference(at, true) : 1;
    if (!used) continue;
    if (!rewritten) start = open_range();
    rewritten = true;
    copy(from, at);
    tree_->buffer += c == '&' ? std::string_view(decoded_) : kReplacement;
    from = at + used;
    at = from - 1;
  }
  if (at >= size_) return false;
  if (rewritten) copy(from, at);
  value = rewritten ? close_range(start) : range(from, at);
  return true;
}

}  // namespace millrace::html
