#include "native/trainer/safetensors/json.h"

#include <cstdio>

namespace millrace::trainer {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

}  // namespace

void JsonCursor::skip() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
}

Error JsonCursor::fail(const std::string& expected) const {
  std::string found = "the end of the header";
  if (at_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, c > 0x20 && c < 0x7f ? "'%c'" : "byte 0x%02x", c);
    found = buffer;
  }
  return {kFormat, "safetensors: expected " + expected + " at byte " + std::to_string(base_ + at_) + ", found " + found};
}

bool JsonCursor::take(char c) {
  skip();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

Error JsonCursor::expect(char c) { return take(c) ? Error::none() : fail(std::string("'") + c + "'"); }

Error JsonCursor::end() {
  skip();
  return at_ == text_.size() ? Error::none() : fail("nothing but white space");
}

Error JsonCursor::hex(uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return fail("a hexadecimal digit");
    out = out * 16 + static_cast<uint32_t>(digit);
  }
  return Error::none();
}

Error JsonCursor::escape(std::string& out) {
  static constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (const size_t which = from.find(c); c != '\0' && which != std::string_view::npos) {
    out += to[which];
    ++at_;
    return Error::none();
  }
  if (c != 'u') return fail("an escape");
  ++at_;
  uint32_t code, low;
  MILLRACE_TRY(hex(code));
  if (code >= 0xd800 && code < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") return fail("the second half of a surrogate pair");
    at_ += 2;
    MILLRACE_TRY(hex(low));
    if (low < 0xdc00 || low > 0xdfff) return fail("a surrogate pair before");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code < 0xe000) {
    return fail("the first half of a surrogate pair before");
  }
  append_utf8(out, code);
  return Error::none();
}

Error JsonCursor::string(std::string& out) {
  out.clear();
  MILLRACE_TRY(expect('"'));
  for (;;) {
    if (at_ >= text_.size()) return fail("the end of a string");
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c < 0x20) return fail("no control character in a string");
    ++at_;
    if (c == '"') break;
    if (c == '\\') MILLRACE_TRY(escape(out));
    else out += static_cast<char>(c);
  }
  return is_utf8(out) ? Error::none() : fail("UTF-8 in the string before");
}

Error JsonCursor::number(int64_t& out) {
  skip();
  const size_t start = at_;
  uint64_t value = 0;
  for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
    value = value * 10 + static_cast<uint64_t>(text_[at_] - '0');
    if (at_ - start >= 18) return fail("a number of at most 18 digits");
  }
  if (at_ == start) return fail("a whole number");
  if (text_[start] == '0' && at_ - start > 1) return fail("no leading zero");
  out = static_cast<int64_t>(value);
  return Error::none();
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > text.size()) return false;
    uint32_t code = length == 1 ? lead : lead & (0xff >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    if ((length == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) || (length == 4 && (code < 0x10000 || code > 0x10ffff))) return false;
    i += length;
  }
  return true;
}

}  // namespace millrace::trainer
