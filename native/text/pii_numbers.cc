// Telephone and card numbers. Both are guesses from form alone, so both ask for forms that other numbers hardly have.
//
// Phone: + and 8 to 15 digits (E.164) in groups by one space, dot, hyphen or brackets; or the North American form (ddd) ddd-dddd,
// ddd-ddd-dddd, ddd.ddd.dddd, ddd ddd-dddd, with a 1 before it or not, where area and exchange begin with 2 to 9.
// Card: 13 to 19 digits, together or grouped as they are embossed, with the prefix and length of a network and a right check digit (Luhn).
#include "native/text/pii_spans.h"

namespace millrace::text::pii {
namespace {

bool is_separator(char c) { return c == ' ' || c == '.' || c == '-'; }

class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  // The number that begins with the digit at `at`, of which the byte before is none; 0 or its end.
  size_t card(size_t at) const {
    if (at > 0 && (word_before(text_, at) || ((text_[at - 1] == '.' || text_[at - 1] == '-') && at > 1 && is_alphanumeric(text_[at - 2])))) return 0;
    char digits[20];
    int groups[20]{}, count = 0, group = 0;
    char separator = 0;
    size_t i = at;
    for (;; ++i) {
      if (i < text_.size() && is_digit(text_[i])) {
        if (count == 19) return 0;
        digits[count++] = text_[i];
        ++groups[group];
        continue;
      }
      const bool more = i + 1 < text_.size() && is_digit(text_[i + 1]) && (text_[i] == ' ' || text_[i] == '-');
      if (!more || (separator && text_[i] != separator)) break;
      separator = text_[i];
      ++group;
    }
    if (ends_badly(i) || !is_network(digits, count) || !has_check_digit(digits, count)) return 0;
    if (group == 0) return i;
    const bool fours = groups[0] == 4 && groups[1] == 4 && groups[2] == 4 && (group == 3 || (group == 4 && groups[3] == 4));
    const bool three = group == 2 && groups[0] == 4 && groups[1] == 6 && (groups[2] == 5 || groups[2] == 4);
    return fours || three ? i : 0;
  }

  // `start` is where the match begins: at '+', '(' or the digit.
  size_t phone(size_t at, size_t& start) const {
    start = at;
    if (at > 0 && text_[at - 1] == '+') {
      start = at - 1;
      return opens_badly(start) ? 0 : international(at);
    }
    size_t i = at;
    if (at > 0 && text_[at - 1] == '(') start = at - 1;
    if (start == at && text_[i] == '1' && i + 1 < text_.size() && (is_separator(text_[i + 1]) || text_[i + 1] == '(')) {
      if (opens_badly(at)) return 0;
      i += is_separator(text_[i + 1]) ? 2 : 1;
    } else if (opens_badly(start)) {
      return 0;
    }
    const bool bracket = start < at || (i < text_.size() && text_[i] == '(');
    if (start == at && bracket) ++i;
    if (!three(i)) return 0;
    i += 3;
    char separator = ' ';
    if (bracket) {
      if (i >= text_.size() || text_[i] != ')') return 0;
      ++i;
      if (i < text_.size() && (text_[i] == ' ' || text_[i] == '-')) ++i;
    } else {
      if (i >= text_.size() || !is_separator(text_[i])) return 0;
      separator = text_[i++];
    }
    if (!three(i)) return 0;
    i += 3;
    if (i >= text_.size() || !is_separator(text_[i])) return 0;
    const bool even = bracket || text_[i] == separator || text_[i] == '-';
    if (!even || (!bracket && separator == ' ' && text_[i] != '-')) return 0;
    ++i;
    for (int k = 0; k < 4; ++k, ++i)
      if (i >= text_.size() || !is_digit(text_[i])) return 0;
    return ends_badly(i) ? 0 : i;
  }

 private:
  bool opens_badly(size_t start) const {
    if (start == 0) return false;
    const char before = text_[start - 1];
    return word_before(text_, start) || before == '-' || before == '/' || (before == '.' && start > 1 && is_digit(text_[start - 2]));
  }
  bool ends_badly(size_t end) const {
    if (end >= text_.size()) return false;
    if (word_at(text_, end)) return true;
    return (text_[end] == '-' || text_[end] == '.' || text_[end] == '/') && end + 1 < text_.size() && is_alphanumeric(text_[end + 1]);
  }
  bool three(size_t at) const {
    return at + 3 <= text_.size() && text_[at] >= '2' && text_[at] <= '9' && is_digit(text_[at + 1]) && is_digit(text_[at + 2]);
  }

  size_t international(size_t at) const {
    if (text_[at] == '0') return 0;
    int digits = 0, open = 0;
    size_t i = at, end = at;
    while (i < text_.size()) {
      if (is_digit(text_[i])) {
        if (++digits > 15) return 0;
        end = ++i;
        continue;
      }
      size_t next = i;
      if (text_[next] == ')' && open) {
        ++next;
        open = 0;
      }
      if (next < text_.size() && is_separator(text_[next])) ++next;
      if (next < text_.size() && text_[next] == '(' && !open) {
        ++next;
        open = 1;
      }
      if (next == i || next >= text_.size() || !is_digit(text_[next])) break;
      i = next;
    }
    return digits < 8 || ends_badly(end) ? 0 : end;
  }

  static bool is_network(const char* digits, int count) {
    if (count < 13) return false;
    const auto prefix = [&](int length) {
      int value = 0;
      for (int i = 0; i < length; ++i) value = value * 10 + (digits[i] - '0');
      return value;
    };
    const int two = prefix(2), three = prefix(3), four = prefix(4);
    if (digits[0] == '4') return count == 13 || count == 16 || count == 19;
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return count == 16;
    if (two == 34 || two == 37) return count == 15;
    if ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39) return count >= 14;
    return count >= 16 && (four == 6011 || two == 65 || (three >= 644 && three <= 649) || (four >= 3528 && four <= 3589) || two == 62);
  }

  static bool has_check_digit(const char* digits, int count) {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
      int value = digits[count - 1 - i] - '0';
      if (i % 2 == 1) value = value < 5 ? value * 2 : value * 2 - 9;
      sum += value;
    }
    return sum % 10 == 0;
  }

  std::string_view text_;
};

}  // namespace

void find_numbers(std::string_view text, bool phones, bool cards, std::vector<PiiSpan>& out) {
  const Numbers numbers(text);
  for (size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    size_t start = i;
    size_t end = cards ? numbers.card(i) : 0;
    PiiKind kind = PiiKind::card;
    if (end == 0 && phones) {
      kind = PiiKind::phone;
      end = numbers.phone(i, start);
    }
    if (end > 0) out.push_back({static_cast<uint32_t>(start), static_cast<uint32_t>(end), kind});
    else
      for (end = i + 1; end < text.size() && is_digit(text[end]);) ++end;
    i = end;
  }
}

}  // namespace millrace::text::pii
