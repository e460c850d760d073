// The small pieces of markup: formulas, code spans, addresses, powers.
#include <algorithm>

#include "native/extract/write_inline.h"

namespace millrace::extract {
namespace {

constexpr size_t kMaxAddress = 2048;
constexpr std::string_view kUnits[] = {"km", "hm", "dm", "cm", "mm", "nm", "ft", "yd", "mi", "in"};

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

void append_formula(std::string& out, std::string_view latex, bool display, const WriteOptions& options) {
  // A space after a last backslash was trimmed; alone it would take the delimiter with it.
  size_t slashes = 0;
  while (slashes < latex.size() && latex[latex.size() - 1 - slashes] == '\\') ++slashes;
  if (slashes % 2) latex.remove_suffix(1);
  const bool html = options.format == Format::html;
  if (html && !options.dollars) {
    out.append(display ? "<span class=\"math display\">\\[" : "<span class=\"math inline\">\\(");
    append_html(out, latex);
    out.append(display ? "\\]</span>" : "\\)</span>");
    return;
  }
  out.append(display ? "$$" : "$");
  if (html) {
    append_html(out, latex);
  } else {
    for (char c : latex) out += c == '\n' ? ' ' : c;
  }
  out.append(display ? "$$" : "$");
}

size_t longest_run(std::string_view text) {
  size_t longest = 0, run = 0;
  for (char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

void append_code_span(std::string& out, std::string_view code) {
  const auto ticks = longest_run(code) + 1;
  // A space inside either end is taken off by readers where both have one: so it separates backticks, and keeps the code's own.
  const bool pad = code.front() == '`' || code.back() == '`' || (is_space(code.front()) && is_space(code.back()));
  out.append(ticks, '`');
  if (pad) out += ' ';
  for (char c : code) out += c == '\n' ? ' ' : c;
  if (pad) out += ' ';
  out.append(ticks, '`');
}

bool append_address(std::string& out, std::string_view address, Format format) {
  address = trimmed(address);
  if (address.empty() || address.size() > kMaxAddress || address.front() == '#') return false;
  const auto colon = address.find_first_of(":/?#");
  if (colon != address.npos && address[colon] == ':') {
    std::string scheme(address.substr(0, colon));
    for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
    if (scheme != "http" && scheme != "https" && scheme != "mailto" && scheme != "ftp" && scheme != "tel" && scheme != "doi") return false;
  }
  constexpr char kHex[] = "0123456789ABCDEF";
  for (char c : address) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '\t' || c == '\n' || c == '\r') continue;  // a URL parser leaves them out
    if (byte <= 32 || byte == 127 || c == '"' || c == '<' || c == '>' || c == '(' || c == ')' || c == '\\' || c == '`' || c == '|') {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (c == '&' && format == Format::html) {
      out.append("&amp;");
    } else {
      out += c;
    }
  }
  return true;
}

void append_html(std::string& out, std::string_view text) {
  for (char c : text) {
    switch (c) {
      case '&': out.append("&amp;"); break;
      case '<': out.append("&lt;"); break;
      case '>': out.append("&gt;"); break;
      case '"': out.append("&quot;"); break;
      default: out += c; break;
    }
  }
}

bool is_power(std::string_view before, std::string_view exponent) {
  size_t size = 0;
  while (size < before.size() && size < 4 && is_alphanumeric(before[before.size() - 1 - size])) ++size;
  const auto base = before.substr(before.size() - size);
  const bool ten = base == "10", unit = std::find(std::begin(kUnits), std::end(kUnits), base) != std::end(kUnits);
  if (!ten && !unit && size != 1) return false;
  // A longer word in letters outside ASCII, or the end of a decimal number.
  if (size < before.size() && (static_cast<uint8_t>(before[before.size() - 1 - size]) >= 128 || before[before.size() - 1 - size] == '.')) return false;
  constexpr std::string_view kMinus = "\xe2\x88\x92";
  bool sign = false;
  if (exponent.starts_with(kMinus)) {
    exponent.remove_prefix(kMinus.size());
    sign = true;
  } else if (!exponent.empty() && (exponent[0] == '-' || exponent[0] == '+')) {
    exponent.remove_prefix(1);
    sign = true;
  }
  const size_t most = ten ? 3 : 2;
  if (exponent.empty() || exponent.size() > most) return false;
  if (size == 1 && exponent.size() == 1 && exponent[0] == 'n') return true;
  if (!std::all_of(exponent.begin(), exponent.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  return !unit || sign || exponent == "2" || exponent == "3";
}

}  // namespace millrace::extract
