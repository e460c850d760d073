// What a page says of its encoding, and the order in which that is believed (html/charset.h).
#include <algorithm>
#include <cstring>

#include "native/html/charset.h"

namespace millrace::html {
namespace {

// A page that declares nothing within 1,024 bytes may do so later: a browser that meets such a <meta> starts again with it.
constexpr size_t kLateBytes = 65536;
constexpr size_t kSurelyUtf8 = 3;  // well-formed sequences before a cut end that are no accident

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

bool begins(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

// "Get an attribute" of the prescan: name and value in lower case. False at the tag's end.
bool attribute(std::string_view in, size_t& at, std::string& name, std::string& value) {
  name.clear();
  value.clear();
  while (at < in.size() && (is_space(in[at]) || in[at] == '/')) ++at;
  if (at >= in.size() || in[at] == '>') return false;
  while (at < in.size() && !(in[at] == '=' && !name.empty()) && !is_space(in[at]) && in[at] != '/' && in[at] != '>') name += lower(in[at++]);
  while (at < in.size() && is_space(in[at])) ++at;
  if (at >= in.size() || in[at] != '=') return true;
  ++at;
  while (at < in.size() && is_space(in[at])) ++at;
  if (at >= in.size()) return true;
  if (in[at] == '"' || in[at] == '\'') {
    const char quote = in[at++];
    while (at < in.size() && in[at] != quote) value += lower(in[at++]);
    if (at >= in.size()) return name.clear(), value.clear(), true;  // cut within the value: it counts for nothing
    ++at;
    return true;
  }
  while (at < in.size() && !is_space(in[at]) && in[at] != '>') value += lower(in[at++]);
  return true;
}

// "Extract a character encoding from a meta element", of a value in lower case.
Encoding from_content(std::string_view content) {
  for (size_t at = 0; (at = content.find("charset", at)) != content.npos;) {
    at += 7;
    size_t p = at;
    while (p < content.size() && is_space(content[p])) ++p;
    if (p >= content.size() || content[p] != '=') continue;
    for (++p; p < content.size() && is_space(content[p]);) ++p;
    if (p >= content.size()) return Encoding::none;
    if (content[p] == '"' || content[p] == '\'') {
      const size_t end = content.find(content[p], p + 1);
      return end == content.npos ? Encoding::none : from_label(content.substr(p + 1, end - p - 1));
    }
    size_t end = p;
    while (end < content.size() && !is_space(content[end]) && content[end] != ';') ++end;
    return from_label(content.substr(p, end - p));
  }
  return Encoding::none;
}

Encoding as_read(Encoding found) {
  if (found == Encoding::utf_16be || found == Encoding::utf_16le) return Encoding::utf_8;
  return found == Encoding::x_user_defined ? Encoding::windows_1252 : found;
}

// A <meta> whose attributes begin at `at`, which moves behind them.
Encoding meta(std::string_view in, size_t& at) {
  std::string name, value;
  bool pragma = false, seen_charset = false, seen_content = false, seen_equiv = false, needs_pragma = false;
  Encoding found = Encoding::none;
  while (attribute(in, at, name, value)) {
    if (name == "http-equiv" && !seen_equiv) {
      seen_equiv = true;
      pragma = value == "content-type";
    } else if (name == "content" && !seen_content) {
      seen_content = true;
      const Encoding e = from_content(value);
      if (e != Encoding::none && !seen_charset) found = e, needs_pragma = true;
    } else if (name == "charset" && !seen_charset) {
      seen_charset = true;
      found = from_label(value);
      needs_pragma = false;
    }
  }
  const bool cut = at >= in.size();  // the tag does not end within what may be read
  return cut || (needs_pragma && !pragma) ? Encoding::none : as_read(found);
}

// `<?xml version="1.0" encoding="…"?>` at the very start.
Encoding xml_declaration(std::string_view in) {
  if (!begins(in, "<?xml")) return Encoding::none;
  const auto declaration = in.substr(0, in.find('>'));
  size_t at = declaration.find("encoding");
  if (at == declaration.npos) return Encoding::none;
  for (at += 8; at < declaration.size() && is_space(declaration[at]);) ++at;
  if (at >= declaration.size() || declaration[at] != '=') return Encoding::none;
  for (++at; at < declaration.size() && is_space(declaration[at]);) ++at;
  if (at >= declaration.size() || (declaration[at] != '"' && declaration[at] != '\'')) return Encoding::none;
  const size_t end = declaration.find(declaration[at], at + 1);
  return end == declaration.npos ? Encoding::none : as_read(from_label(declaration.substr(at + 1, end - at - 1)));
}

}  // namespace

Encoding byte_order_mark(std::string_view bytes, size_t& skip) {
  const auto starts = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
  skip = starts("\xef\xbb\xbf") ? 3 : starts("\xfe\xff") || starts("\xff\xfe") ? 2 : 0;
  return skip == 3 ? Encoding::utf_8 : skip == 0 ? Encoding::none : bytes[0] == '\xfe' ? Encoding::utf_16be : Encoding::utf_16le;
}

Encoding prescan(std::string_view bytes, size_t limit) {
  const auto in = bytes.substr(0, limit);
  std::string name, value;
  for (size_t at = 0; (at = in.find('<', at)) != in.npos;) {
    const auto rest = in.substr(at);
    if (rest.substr(0, 4) == "<!--") {
      const size_t end = in.find("-->", at + 2);
      if (end == in.npos) break;
      at = end + 3;
    } else if (begins(rest, "<meta") && rest.size() > 5 && (is_space(rest[5]) || rest[5] == '/')) {
      at += 5;
      const Encoding found = meta(in, at);
      if (found != Encoding::none) return found;
    } else if (rest.size() > 1 && (is_letter(rest[1]) || (rest[1] == '/' && rest.size() > 2 && is_letter(rest[2])))) {
      while (at < in.size() && !is_space(in[at]) && in[at] != '>') ++at;
      while (attribute(in, at, name, value)) {
      }
    } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '/' || rest[1] == '?')) {
      const size_t end = in.find('>', at);
      if (end == in.npos) break;
      at = end + 1;
    } else {
      ++at;
    }
  }
  return xml_declaration(in);
}

Charset decode_page(std::string_view bytes, std::string_view transfer_label, std::string& out) {
  Charset result;
  size_t skip = 0;
  const auto take = [&](Encoding encoding, CharsetSource source) {
    result = {encoding, source, decode(encoding, bytes.substr(skip), out)};
    return result;
  };
  if (const Encoding mark = byte_order_mark(bytes, skip); mark != Encoding::none) return take(mark, CharsetSource::mark);
  const Encoding transfer = from_label(transfer_label);
  Encoding page = prescan(bytes);
  if (page == Encoding::none) page = prescan(bytes, kLateBytes);
  const Encoding declared = transfer != Encoding::none ? transfer : page;
  const bool wide = declared == Encoding::utf_16be || declared == Encoding::utf_16le;
  // Bytes of ISO-2022-JP are ASCII, so that they are valid UTF-8 says nothing against it.
  const auto holds = [&](const char* escape) { return bytes.find(escape) != bytes.npos; };
  const bool escapes = declared == Encoding::iso_2022_jp ? holds("\x1b$") || holds("\x1b(")
                                                         : declared == Encoding::none && holds("\x1b$") && detect(bytes) == Encoding::iso_2022_jp;
  if (!escapes && !wide && is_utf8(bytes)) {
    out.append(bytes);
    result.encoding = Encoding::utf_8;
    result.source = CharsetSource::utf8;
    return result;
  }
  const Utf8Count utf8 = count_utf8(bytes);
  if (!escapes && !wide && utf8.cut && utf8.malformed == 0 && utf8.well >= kSurelyUtf8) return take(Encoding::utf_8, CharsetSource::utf8);
  const size_t high = static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), [](char c) { return c < 0; }));
  const size_t start = out.size();
  for (const auto& [encoding, source] : {std::pair{transfer, CharsetSource::transfer}, std::pair{page, CharsetSource::page}}) {
    if (encoding == Encoding::none || encoding == Encoding::replacement) continue;
    if (take(encoding, source).malformed <= high / 50 + (high > 20)) return result;  // one character may be cut off at the end
    out.resize(start);
  }
  return take(detect(bytes), CharsetSource::detected);
}

}  // namespace millrace::html
