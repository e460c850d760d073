#include "native/extract/json.h"

#include <cstring>

#include "native/html/references.h"

namespace millrace::extract {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == '\0'; }

// White space, comments, a byte order mark and the marks that scripts are hidden by (<!-- -->, CDATA).
size_t skip_blank(std::string_view text, size_t at) {
  const auto starts = [&](std::string_view what) { return text.substr(at, what.size()) == what; };
  for (;;) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at >= text.size()) return text.size();
    const char c = text[at];
    if (c == '/' && starts("/*")) {
      const size_t end = text.find("*/", at + 2);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else if (c == '/' && starts("//")) {
      const size_t end = text.find('\n', at);
      at = end == std::string_view::npos ? text.size() : end + 1;
    } else if (c == '<' && starts("<!--")) {
      at += 4;
    } else if (c == '-' && starts("-->")) {
      at += 3;
    } else if (c == '<' && starts("<![CDATA[")) {
      at += 9;
    } else if (c == ']' && starts("]]>")) {
      at += 3;
    } else if (starts("\xEF\xBB\xBF") || starts("\xC2\xA0") ) {
      at += c == '\xEF' ? 3 : 2;
    } else {
      return at;
    }
  }
}

int hex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

}  // namespace

size_t end_of_string(std::string_view text, size_t at, char quote) {
  const size_t begin = at;
  while (at < text.size()) {
    const void* found = std::memchr(text.data() + at, quote, text.size() - at);
    if (!found) return text.size();
    at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    size_t slashes = 0;
    while (at - slashes > begin && text[at - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return at;
    ++at;
  }
  return text.size();
}

void append_unescaped(std::string_view written, std::string& out) {
  size_t at = 0;
  while (at < written.size()) {
    const void* found = std::memchr(written.data() + at, '\\', written.size() - at);
    const size_t slash = found ? static_cast<size_t>(static_cast<const char*>(found) - written.data()) : written.size();
    out.append(written, at, slash - at);
    if (slash + 1 >= written.size()) return;
    const char c = written[slash + 1];
    at = slash + 2;
    switch (c) {
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'b': case 'f': case 'v': out += ' '; break;
      case '\n': break;
      case 'x':
        if (const int code = at + 2 <= written.size() ? hex4(std::string("00").append(written, at, 2), 0) : -1; code >= 0) {
          html::append_utf8(static_cast<uint32_t>(code), out);
          at += 2;
        } else {
          out += c;
        }
        break;
      case 'u': {
        const int first = hex4(written, at);
        if (first < 0) {
          out += c;
          break;
        }
        at += 4;
        uint32_t code = static_cast<uint32_t>(first);
        if (first >= 0xD800 && first < 0xE000) {
          const int second = at + 2 <= written.size() && written[at] == '\\' && written[at + 1] == 'u' ? hex4(written, at + 2) : -1;
          if (first < 0xDC00 && second >= 0xDC00 && second < 0xE000) {
            code = 0x10000u + ((code - 0xD800u) << 10) + (static_cast<uint32_t>(second) - 0xDC00u);
            at += 6;
          } else {
            code = 0xFFFD;
          }
        }
        if (code) html::append_utf8(code, out);
        break;
      }
      default: out += c;
    }
  }
}

bool Json::read(std::string_view text, const JsonLimits& limits) {
  text_ = text.substr(0, limits.max_bytes);
  if (attempt(limits, false)) return true;
  if (values_.size() >= limits.max_values || open_.size() >= limits.max_depth) return false;
  const size_t before = values_.size();
  if (attempt(limits, true)) return true;
  if (values_.size() < before) attempt(limits, false);
  return false;
}

bool Json::attempt(const JsonLimits& limits, bool bare_quotes) {
  values_.clear();
  open_.clear();
  const std::string_view text = text_;
  size_t at = skip_blank(text, 0);
  bool complete = false;

  // With bare quotes a string ends at the first quote that a comma, colon, bracket or the end follows.
  const auto string_end = [&](size_t from) {
    size_t end = end_of_string(text, from, '"');
    while (bare_quotes && end < text.size()) {
      size_t behind = end + 1;
      while (behind < text.size() && behind < end + 64 && is_blank(text[behind])) ++behind;
      if (behind >= text.size() || std::strchr(",:]}", text[behind])) break;
      end = end_of_string(text, end + 1, '"');
    }
    return end;
  };
  const auto close = [&] {
    Value& container = values_[open_.back().first];
    container.size = static_cast<uint32_t>(at) - container.offset;
    open_.pop_back();
  };

  for (;;) {
    at = skip_blank(text, at);
    if (at >= text.size()) break;
    Value value;
    char c = text[at];
    if (!open_.empty()) {
      const bool object = values_[open_.back().first].type == Type::object;
      if (c == ',' ) {
        ++at;
        continue;
      }
      if (c == '}' || c == ']') {
        if ((c == '}') != object) break;
        ++at;
        close();
        if (open_.empty()) {
          complete = true;
          break;
        }
        continue;
      }
      if (object) {
        if (c != '"') break;
        const size_t end = string_end(at + 1);
        if (end >= text.size()) break;
        value.key = static_cast<uint32_t>(at + 1);
        value.key_size = static_cast<uint32_t>(end - at - 1);
        at = skip_blank(text, end + 1);
        if (at >= text.size() || text[at] != ':') break;
        at = skip_blank(text, at + 1);
        if (at >= text.size()) break;
        c = text[at];
      }
    }
    if (values_.size() >= limits.max_values) break;
    const Id id = static_cast<Id>(values_.size());
    bool opens = false;
    if (c == '{' || c == '[') {
      if (open_.size() >= limits.max_depth) break;
      opens = true;
      value.type = c == '{' ? Type::object : Type::array;
      value.offset = static_cast<uint32_t>(at);
      value.size = static_cast<uint32_t>(text.size() - at);
      ++at;
    } else if (c == '"') {
      const size_t end = string_end(at + 1);
      value.type = Type::string;
      value.offset = static_cast<uint32_t>(at + 1);
      value.size = static_cast<uint32_t>(end - at - 1);
      at = end + 1;
    } else {
      size_t end = at;
      while (end < text.size() && !is_blank(text[end]) && !std::strchr(",]}\"[{:", text[end])) ++end;
      if (end == at) break;
      value.type = c == '-' || (c >= '0' && c <= '9') ? Type::number : Type::literal;
      value.offset = static_cast<uint32_t>(at);
      value.size = static_cast<uint32_t>(end - at);
      at = end;
    }
    if (!open_.empty()) {
      auto& [container, last] = open_.back();
      value.parent = container;
      (last == kNone ? values_[container].child : values_[last].next) = id;
      last = id;
    }
    values_.push_back(value);
    if (opens) {
      open_.emplace_back(id, kNone);
    } else if (open_.empty()) {
      complete = at <= text.size();
      break;
    }
  }
  return complete;
}

Json::Id Json::member(Id object, std::string_view name) const {
  if (!is(object, Type::object)) return kNone;
  for (Id id = values_[object].child; id != kNone; id = values_[id].next)
    if (key(id) == name) return id;
  return kNone;
}

std::string_view Json::raw(Id id) const {
  if (id == kNone || values_[id].type == Type::array || values_[id].type == Type::object) return {};
  return text_.substr(values_[id].offset, values_[id].size);
}

void Json::append(Id id, std::string& out, size_t cap) const {
  if (!is(id, Type::string) && !is(id, Type::number)) return;
  append_unescaped(raw(id).substr(0, cap), out);
}

}  // namespace millrace::extract
