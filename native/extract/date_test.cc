// Seconds against the C library's calendar, written forms against the day that they name in the languages' own usage.
#include <gtest/gtest.h>

#include <ctime>

#include "native/extract/date.h"

namespace millrace::extract {
namespace {

std::string found(std::string_view text, bool day_first = false) { return iso(find_date(text, day_first)); }

TEST(Dates, CountsSecondsLikeTheCLibrary) {
  for (int64_t day = 11575; day < 47482; day += 7) {  // ten digits: 2001-09-09 to 2099-12-31
    const std::time_t seconds = day * 86400 + 4711;
    std::tm tm{};
    gmtime_r(&seconds, &tm);
    char expected[16];
    std::strftime(expected, sizeof expected, "%Y-%m-%d", &tm);
    ASSERT_EQ(found(std::to_string(seconds)), expected);
    ASSERT_EQ(found(std::to_string(seconds * 1000 + 999)), expected);
  }
}

TEST(Dates, ReadsMachineForms) {
  for (const char* text : {"2024-03-05", "2024-03-05T23:59:59-11:00", "2024-03-05 08:00", "20240305", "2024/3/5", "2024.03.05", "2024-3-5",
                           "Published: 2024-03-05.", "20240305T101112Z"})
    EXPECT_EQ(found(text), "2024-03-05") << text;
}

TEST(Dates, ReadsMonthNames) {
  for (const char* text :
       {"March 5, 2024", "Mar 5, 2024", "Mar. 5th, 2024", "5 March 2024", "5th of March, 2024", "Tuesday, 5 March 2024 10:30", "MARCH 5 2024",
        "05-Mar-2024", "05-Mar-24", "Tue Mar 05, 2024 1:47 am", "Posted on March 5, 2024 by Ann", "5. März 2024", "le 5 mars 2024",
        "5 de marzo de 2024", "5 marzo 2024", "5 de março de 2024", "5 maart 2024", "March\xC2\xA0" "5, 2024", "2024年3月5日", "2024년 3월 5일",
        "2024. 3. 5."})
    EXPECT_EQ(found(text), "2024-03-05") << text;
}

TEST(Dates, TakesTheOrderThatTheMarkMeans) {
  EXPECT_EQ(found("3/5/2024"), "2024-03-05");
  EXPECT_EQ(found("3/5/2024", true), "2024-05-03");
  EXPECT_EQ(found("25/3/2024"), "2024-03-25");
  EXPECT_EQ(found("3/25/2024", true), "2024-03-25");
  EXPECT_EQ(found("5.3.2024"), "2024-03-05");
  EXPECT_EQ(found("05-03-2024"), "2024-03-05");
  EXPECT_EQ(found("3/5/24"), "2024-03-05");
}

TEST(Dates, KnowsWhatIsNone) {
  for (const char* text : {"", "2024", "March 2024", "2024-03", "2024-02-30", "2023-02-29", "31 April 2024", "version 1.2.3", "10:30", "yesterday",
                           "12345678901234567890", "1850-01-01", "99/99/2024", "May I help 5 people", "555-1234-2024"})
    EXPECT_EQ(found(text), "") << text;
  EXPECT_EQ(found("2024-02-29"), "2024-02-29");
  EXPECT_EQ(found("2100-01-01"), "");
}

TEST(Dates, TakesTheFirstFullOne) { EXPECT_EQ(found("In 2019, on May 3, 2020 and June 4, 2021"), "2020-05-03"); }

TEST(Dates, ReadsAddresses) {
  const auto url = [](std::string_view text) { return iso(find_url_date(text)); };
  EXPECT_EQ(url("https://a.example/2024/03/05/title/"), "2024-03-05");
  EXPECT_EQ(url("https://a.example/blog/2024-03-05-title"), "2024-03-05");
  EXPECT_EQ(url("https://a.example/20240305/x"), "2024-03-05");
  EXPECT_EQ(url("https://a.example/2024/3/5"), "2024-03-05");
  EXPECT_EQ(url("https://a.example/2024/03/title"), "");
  EXPECT_EQ(url("https://a.example/item/1202403051"), "");
  EXPECT_EQ(url("https://a.example/x?d=2024-03-05"), "");
  EXPECT_EQ(url("https://a.example/2024/13/05/"), "");
}

}  // namespace
}  // namespace millrace::extract
