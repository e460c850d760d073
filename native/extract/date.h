#pragma once
#include <string>
#include <string_view>

namespace millrace::extract {

// Days as pages write them. Nothing is taken from a clock: "yesterday" is no date, and a year is one from 1970 to 2099.

struct Date {
  int year = 0, month = 0, day = 0;
  explicit operator bool() const { return year != 0; }
  bool operator==(const Date&) const = default;
  bool operator<(const Date& o) const { return year != o.year ? year < o.year : month != o.month ? month < o.month : day < o.day; }
};

// The first full date in the text (its first 64 numbers, words and marks): ISO 8601 and its relatives (2024-03-05, 2024/3/5, 20240305,
// 2024年3月5日), month names of English, German, French, Spanish, Italian, Portuguese and Dutch in either order, and 3/5/2024, 5.3.2024.
// Dots and hyphens mean day first; slashes mean it where `day_first` says so or the other reading is no date. The day is the one written:
// no time zone is applied. A text that is nothing but 10 or 13 digits counts seconds or milliseconds from 1970 in UTC.
Date find_date(std::string_view text, bool day_first);

// A date in an address's path: /2024/03/05/, /2024-03-05-title, /20240305/. Year and month alone are none.
Date find_url_date(std::string_view url);

// "2024-03-05"; empty for none.
std::string iso(const Date& date);

}  // namespace millrace::extract
