#include "native/extract/date.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace millrace::extract {
namespace {

struct Token {
  enum Kind : uint8_t { number, month, word, mark } kind = mark;
  uint8_t digits = 0;
  char mark_char = 0;   // 'Y' stands for 年 and 月
  bool spaced = false;  // white space stands in front
  int64_t value = 0;    // of a number; of a month 1 to 12
};

// Lower case. A name matches where the word is it or, from three letters on, an abbreviation listed here.
struct MonthName {
  std::string_view name;
  int month;
};
constexpr MonthName kMonths[] = {
    {"january", 1}, {"jan", 1}, {"januar", 1}, {"jänner", 1}, {"janvier", 1}, {"janv", 1}, {"enero", 1}, {"ene", 1}, {"gennaio", 1},
    {"gen", 1}, {"janeiro", 1}, {"januari", 1},
    {"february", 2}, {"feb", 2}, {"februar", 2}, {"février", 2}, {"févr", 2}, {"febrero", 2}, {"febbraio", 2}, {"fevereiro", 2},
    {"fev", 2}, {"februari", 2},
    {"march", 3}, {"mar", 3}, {"märz", 3}, {"mars", 3}, {"marzo", 3}, {"março", 3}, {"maart", 3}, {"mrt", 3},
    {"april", 4}, {"apr", 4}, {"avril", 4}, {"avr", 4}, {"abril", 4}, {"abr", 4}, {"aprile", 4},
    {"may", 5}, {"mai", 5}, {"mayo", 5}, {"maggio", 5}, {"mag", 5}, {"maio", 5}, {"mei", 5},
    {"june", 6}, {"jun", 6}, {"juni", 6}, {"juin", 6}, {"junio", 6}, {"giugno", 6}, {"giu", 6}, {"junho", 6},
    {"july", 7}, {"jul", 7}, {"juli", 7}, {"juillet", 7}, {"juil", 7}, {"julio", 7}, {"luglio", 7}, {"lug", 7}, {"julho", 7},
    {"august", 8}, {"aug", 8}, {"août", 8}, {"aout", 8}, {"agosto", 8}, {"ago", 8}, {"augustus", 8},
    {"september", 9}, {"sep", 9}, {"sept", 9}, {"septembre", 9}, {"septiembre", 9}, {"setiembre", 9}, {"settembre", 9}, {"set", 9},
    {"setembro", 9},
    {"october", 10}, {"oct", 10}, {"oktober", 10}, {"okt", 10}, {"octobre", 10}, {"octubre", 10}, {"ottobre", 10}, {"ott", 10},
    {"outubro", 10}, {"out", 10},
    {"november", 11}, {"nov", 11}, {"novembre", 11}, {"noviembre", 11}, {"novembro", 11},
    {"december", 12}, {"dec", 12}, {"dezember", 12}, {"dez", 12}, {"décembre", 12}, {"déc", 12}, {"diciembre", 12}, {"dic", 12},
    {"dicembre", 12}, {"dezembro", 12},
};

int month_of(std::string_view word) {
  if (word.size() < 3 || word.size() > 12) return 0;
  char lower[12];
  for (size_t i = 0; i < word.size(); ++i) lower[i] = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] | 32) : word[i];
  const std::string_view folded(lower, word.size());
  for (const auto& m : kMonths)
    if (m.name == folded) return m.month;
  return 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return ((c | 32) >= 'a' && (c | 32) <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month != 2) return kDays[month - 1];
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
}

Date checked(int64_t year, int64_t month, int64_t day) {
  if (year < 1970 || year > 2099 || month < 1 || month > 12 || day < 1) return {};
  if (day > days_in(static_cast<int>(year), static_cast<int>(month))) return {};
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

int64_t full_year(const Token& t) { return t.digits == 2 ? (t.value < 70 ? 2000 : 1900) + t.value : t.value; }

// Civil date of a day count from 1970-01-01 (H. Hinnant, chrono-compatible low-level date algorithms: civil_from_days).
Date from_days(int64_t days) {
  days += 719468;
  const int64_t era = days / 146097, doe = days % 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return checked(yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1);
}

constexpr size_t kMaxTokens = 64;

size_t tokenize(std::string_view text, std::array<Token, kMaxTokens>& tokens) {
  size_t count = 0, at = 0;
  bool spaced = false;
  const auto marks = [&](std::string_view what) { return text.substr(at, what.size()) == what; };
  while (at < text.size() && count < kMaxTokens) {
    const char c = text[at];
    Token t;
    t.spaced = spaced;
    spaced = false;
    if (is_digit(c)) {
      t.kind = Token::number;
      size_t digits = 0;
      for (; at < text.size() && is_digit(text[at]); ++at, ++digits)
        if (digits < 15) t.value = t.value * 10 + (text[at] - '0');
      t.digits = static_cast<uint8_t>(digits < 99 ? digits : 99);
    } else if (marks("年") || marks("月") || marks("년") || marks("월")) {
      t.mark_char = 'Y';
      at += 3;
    } else if (marks("日") || marks("일")) {
      t.mark_char = ' ';
      at += 3;
    } else if (marks("\xC2\xA0") || marks("\xE2\x80\xAF")) {
      at += c == '\xC2' ? 2 : 3;
      spaced = true;
      continue;
    } else if (marks("–") || marks("—") || marks("’") || marks("•") || marks("·")) {
      t.mark_char = '|';
      at += static_cast<unsigned char>(c) == 0xC2 ? 2 : 3;
    } else if (is_letter(c)) {
      const size_t begin = at;
      while (at < text.size() && is_letter(text[at]) && !(text[at] == '\xC2' && at + 1 < text.size() && text[at + 1] == '\xA0')) ++at;
      t.value = month_of(text.substr(begin, at - begin));
      t.kind = t.value ? Token::month : Token::word;
      t.digits = static_cast<uint8_t>(at - begin < 99 ? at - begin : 99);
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
      ++at;
      spaced = true;
      continue;
    } else {
      t.mark_char = c;
      ++at;
    }
    tokens[count++] = t;
  }
  return count;
}

}  // namespace

Date find_date(std::string_view text, bool day_first) {
  std::array<Token, kMaxTokens> tokens;
  const size_t count = tokenize(text, tokens);
  if (count == 1 && tokens[0].kind == Token::number && (tokens[0].digits == 10 || tokens[0].digits == 13))
    return from_days(tokens[0].value / (tokens[0].digits == 10 ? 86400 : 86400000));
  const auto number = [&](size_t i, int least, int most) {
    return i < count && tokens[i].kind == Token::number && tokens[i].digits >= least && tokens[i].digits <= most;
  };
  const auto mark = [&](size_t i, char c) { return i < count && tokens[i].kind == Token::mark && tokens[i].mark_char == c; };
  const auto suffix = [&](size_t i) {  // of an ordinal: 5th, 1er
    return i < count && tokens[i].kind == Token::word && !tokens[i].spaced && tokens[i].digits <= 3;
  };
  for (size_t i = 0; i < count; ++i) {
    const Token& t = tokens[i];
    Date found;
    if (t.kind == Token::number) {
      if (t.digits == 8 && !mark(i + 1, '-')) found = checked(t.value / 10000, t.value / 100 % 100, t.value % 100);
      if (!found && i + 4 < count && tokens[i + 1].kind == Token::mark && tokens[i + 3].kind == Token::mark &&
          tokens[i + 1].mark_char == tokens[i + 3].mark_char && number(i + 2, 1, 2)) {
        const char c = tokens[i + 1].mark_char;
        if (c == '-' || c == '/' || c == '.' || (c == 'Y' && t.digits == 4)) {
          const int64_t a = t.value, b = tokens[i + 2].value;
          const bool tight = c == '.' || c == 'Y' || !tokens[i + 4].spaced;
          if (t.digits == 4 && number(i + 4, 1, 2) && tight) {
            found = checked(a, b, tokens[i + 4].value);
          } else if (t.digits <= 2 && (number(i + 4, 4, 4) || (c != '-' && number(i + 4, 2, 2))) && tight) {
            const int64_t year = full_year(tokens[i + 4]);
            const bool dmy = c != '/' || day_first;
            found = dmy ? checked(year, b, a) : checked(year, a, b);
            if (!found && number(i + 4, 4, 4)) found = dmy ? checked(year, a, b) : checked(year, b, a);
          }
        }
      }
      if (!found && t.digits <= 2) {  // 5 March 2024, 5th of March, 2024, 5. März 2024, 05-Mar-24, 5 de marzo de 2024
        size_t k = i + 1;
        if (suffix(k) && tokens[k].kind != Token::month) ++k;
        if (mark(k, '.') || mark(k, '-') || mark(k, ',')) ++k;
        if (k < count && tokens[k].kind == Token::word && tokens[k].digits == 2) ++k;
        if (k < count && tokens[k].kind == Token::month) {
          const int64_t month = tokens[k++].value;
          const bool dashed = mark(k, '-');
          if (mark(k, '.')) ++k;
          if (mark(k, ',') || mark(k, '-') || mark(k, '/')) ++k;
          if (k < count && tokens[k].kind == Token::word && tokens[k].digits <= 3 && tokens[k].digits >= 2) ++k;
          if (number(k, 4, 4) || (dashed && number(k, 2, 2))) found = checked(full_year(tokens[k]), month, t.value);
        }
      }
    } else if (t.kind == Token::month) {  // March 5, 2024; Mar. 5th 2024; Mar-05-2024
      size_t k = i + 1;
      if (mark(k, '.')) ++k;
      if (mark(k, '-') || mark(k, '/')) ++k;
      if (number(k, 1, 2)) {
        const int64_t day = tokens[k++].value;
        if (suffix(k)) ++k;
        if (mark(k, ',') || mark(k, '.') || mark(k, '-') || mark(k, '/')) ++k;
        if (number(k, 4, 4)) found = checked(tokens[k].value, t.value, day);
      }
    }
    if (found) return found;
  }
  return {};
}

Date find_url_date(std::string_view url) {
  if (const size_t query = url.find_first_of("?#"); query != std::string_view::npos) url = url.substr(0, query);
  const auto digits = [&](size_t at, size_t n, int64_t& value) {
    if (at + n > url.size()) return false;
    value = 0;
    for (size_t i = at; i < at + n; ++i) {
      if (!is_digit(url[i])) return false;
      value = value * 10 + (url[i] - '0');
    }
    return true;
  };
  for (size_t at = 0; at + 8 <= url.size() && at < 2048; ++at) {
    if (!is_digit(url[at]) || (at && (is_digit(url[at - 1]) || is_letter(url[at - 1])))) continue;
    int64_t year, month, day;
    if (!digits(at, 4, year)) continue;
    const char mark = url[at + 4];
    size_t end;
    if (mark == '/' || mark == '-' || mark == '_') {
      size_t k = at + 5;
      const size_t width = digits(k, 2, month) ? 2 : digits(k, 1, month) ? 1 : 0;
      if (!width || k + width >= url.size() || url[k + width] != mark) continue;
      k += width + 1;
      const size_t last = digits(k, 2, day) ? 2 : digits(k, 1, day) ? 1 : 0;
      if (!last) continue;
      end = k + last;
    } else {
      if (!digits(at + 4, 2, month) || !digits(at + 6, 2, day)) continue;
      end = at + 8;
    }
    if (end < url.size() && is_digit(url[end])) continue;
    if (const Date found = checked(year, month, day)) return found;
  }
  return {};
}

std::string iso(const Date& date) {
  if (!date) return {};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
  return text;
}

}  // namespace millrace::extract
