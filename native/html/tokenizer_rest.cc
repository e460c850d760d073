// The tokenizer's rarer half: comments, doctypes, CDATA, and text that ends only at its own end tag.
#include <algorithm>
#include <cstring>

#include "native/html/tokenizer.h"

namespace millrace::html {
namespace {

inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r'; }
inline bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }

}  // namespace

// From behind "<!--". It ends at "-->" or "--!>", at once at ">" or "->", and at the end of the input, without the dashes there.
void Tokenizer::comment(Token& token, size_t from) {
  token.type = Token::comment;
  const auto ends = [&](size_t at, std::string_view mark) {
    return at >= from + mark.size() && std::memcmp(in_ + at - mark.size(), mark.data(), mark.size()) == 0;
  };
  bool rewritten = false;
  size_t at = from, end;
  for (;; ++at) {
    at = index_.find<&Block::gt>(at);
    if (at >= size_) {
      end = size_ - (ends(size_, "--!") ? 3 : ends(size_, "--") ? 2 : ends(size_, "-") ? 1 : 0);
      break;
    }
    if (in_[at] != '>') {
      rewritten = true;
      continue;
    }
    if (at == from || (at == from + 1 && in_[from] == '-')) end = from;
    else if (ends(at, "--")) end = at - 2;
    else if (ends(at, "--!")) end = at - 3;
    else continue;
    break;
  }
  token.range = rewritten ? copied(from, end, false) : range(from, end);
  at_ = std::min(at + 1, size_);
}

void Tokenizer::bogus_comment(Token& token, size_t from) {
  token.type = Token::comment;
  bool rewritten = false;
  size_t at = from;
  for (; (at = index_.find<&Block::gt>(at)) < size_ && in_[at] != '>'; ++at) rewritten = true;
  token.range = rewritten ? copied(from, at, false) : range(from, at);
  at_ = std::min(at + 1, size_);
}

// From behind "<!doctype" (13.2.5.53 to 13.2.5.68).
void Tokenizer::doctype(Token& token, size_t at) {
  token.type = Token::doctype;
  token.range = token.public_id = token.system_id = {};
  token.has_public = token.has_system = false;
  token.force_quirks = true;  // until its '>' was found in a proper place
  const auto ended = [&] { return at >= size_ || in_[at] == '>'; };
  const auto identifier = [&](bool& has, Range& value) {
    const char quote = in_[at];
    const size_t from = ++at;
    while (!ended() && in_[at] != quote) ++at;
    value = copied(from, at, false);
    has = true;
    if (ended()) return false;
    ++at;
    return true;
  };
  const auto quoted = [&] { return !ended() && (in_[at] == '"' || in_[at] == '\''); };
  const auto rest = [&]() -> bool {  // what follows the name; true if quirks are not forced
    at = skip_space(at);
    if (at >= size_) return false;
    if (in_[at] == '>') return true;
    const bool is_public = matches(at, "public");
    if (!is_public && !matches(at, "system")) return false;
    at = skip_space(at + 6);
    if (!quoted()) return false;
    if (is_public) {
      if (!identifier(token.has_public, token.public_id)) return false;
      at = skip_space(at);
      if (at >= size_) return false;
      if (in_[at] == '>') return true;
      if (!quoted()) return false;
    }
    if (!identifier(token.has_system, token.system_id)) return false;
    at = skip_space(at);
    return at < size_;  // other characters here are an error that does not force quirks
  };
  at = skip_space(at);
  if (!ended()) {
    const size_t from = at;
    while (!ended() && !is_space(in_[at])) ++at;
    token.range = copied(from, at, true);
    token.force_quirks = !rest();
  }
  while (!ended()) ++at;
  at_ = std::min(at + 1, size_);
}

void Tokenizer::cdata(Token& token) {
  token.type = Token::text;
  const std::string_view left(in_ + at_, size_ - at_);
  const size_t end = std::min(left.find("]]>"), left.size());
  const auto text = left.substr(0, end);
  token.has_nul = text.find('\0') != text.npos;
  if (text.find('\r') == text.npos) {
    token.range = range(at_, at_ + end);
  } else {  // NULs stay: the tree builder replaces them
    const uint32_t start = open_range();
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] != '\r') tree_->buffer += text[i];
      else if (at_ + i + 1 == size_ || in_[at_ + i + 1] != '\n') tree_->buffer += '\n';
    token.range = close_range(start);
  }
  at_ = std::min(at_ + end + 3, size_);
  content_ = Content::data;
}

// "</" + the name of the open element + white space, '/' or '>'. Not so in plaintext.
bool Tokenizer::ends_content(size_t at) const {
  if (content_ == Content::plaintext || in_[at] != '<' || end_name_.empty()) return false;
  const size_t end = at + 2 + end_name_.size();
  return end < size_ && in_[at + 1] == '/' && matches(at + 2, end_name_) && (is_space(in_[end]) || in_[end] == '/' || in_[end] == '>');
}

// Where script data ends: its end tag, but within "<!-- <script" ... "</script>" only that of the inner script (13.2.5.15 to 13.2.5.31).
size_t Tokenizer::script_end(size_t at) {
  enum { plain, escaped, twice } state = plain;
  const auto word_ends = [&](size_t end) { return end < size_ && (is_space(in_[end]) || in_[end] == '/' || in_[end] == '>'); };
  size_t dashes = 0;  // no "-->" begins before here
  while (at < size_) {
    if (state == plain) {
      at = index_.find<&Block::text>(at);
      if (at >= size_) break;
      if (in_[at] == '<') {
        if (ends_content(at)) return at;
        if (size_ - at >= 4 && std::memcmp(in_ + at, "<!--", 4) == 0) {
          state = escaped;
          dashes = at + 2;
          at += 3;
        }
      }
    } else if (in_[at] == '>') {
      if (at >= dashes + 2 && in_[at - 1] == '-' && in_[at - 2] == '-') state = plain;
    } else if (in_[at] == '<') {
      if (state == escaped && ends_content(at)) return at;
      const bool closing = at + 1 < size_ && in_[at + 1] == '/';
      if (closing == (state == twice) && matches(at + 1 + closing, "script") && word_ends(at + 7 + closing)) {
        state = state == twice ? escaped : twice;
        at += 7 + closing;
      }
    }
    ++at;
  }
  return size_;
}

void Tokenizer::raw(Token& token) {
  token.type = Token::text;
  const size_t from = at_;
  size_t at = from;
  if (content_ == Content::script) {
    at = script_end(at);
  } else if (content_ == Content::plaintext) {
    at = size_;
  } else {
    while ((at = index_.find<&Block::text>(at)) < size_ && !ends_content(at)) ++at;
  }
  at_ = at;
  // Rewrite only where there is something to rewrite.
  const bool references = content_ == Content::rcdata;
  for (size_t i = from; (i = index_.find<&Block::text>(i)) < at; ++i) {
    if (in_[i] == '<' || (in_[i] == '&' && !references)) continue;
    const uint32_t start = open_range();
    for (size_t done = from;;) {
      if (i >= at) i = at;
      copy(done, i);
      if (i == at) break;
      size_t used = 1;
      if (in_[i] == '&' && references) {
        used = reference(i, false);
        if (used) tree_->buffer += decoded_;
        else tree_->buffer += '&', used = 1;
      } else if (in_[i] == '<' || in_[i] == '&') {
        tree_->buffer += in_[i];
      } else {
        copied(i, i + 1, false);
      }
      done = i + used;
      i = index_.find<&Block::text>(done);
    }
    token.range = close_range(start);
    return;
  }
  token.range = range(from, at);
}

}  // namespace millrace::html
