#include "native/text/url.h"

#include <gtest/gtest.h>

namespace millrace::text {
namespace {

struct List {
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> bytes;
  List(std::initializer_list<std::string_view> entries) {
    for (const auto entry : entries) {
      bytes.insert(bytes.end(), entry.begin(), entry.end());
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  TextColumn view() const { return {offsets, bytes}; }
};

const List kNone{};

TEST(Url, ReadsHosts) {
  EXPECT_EQ(host_of("https://user:pw@WWW.Example.com.:8080/a@b?c#d"), "www.example.com");
  EXPECT_EQ(host_of("example.org/path"), "example.org");
  EXPECT_EQ(host_of("//cdn.example.org"), "cdn.example.org");
  EXPECT_EQ(host_of("http://[2001:db8::1]:80/"), "[2001:db8::1]");
  EXPECT_EQ(host_of("http://evil.com\\@good.com/"), "evil.com");
  EXPECT_EQ(host_of(""), "");
}

// Expected verdicts by hand, from the source of datatrove's filter.
TEST(Url, JudgesInOrder) {
  const List domains{"# hosts", "", "Bad.com", "sub.mixed.org"}, urls{"http://ok.com/one"}, banned{"porn", "X-rated"}, soft{"cam", "bet", "sex"}, subwords{"casino"};
  std::unique_ptr<UrlRules> rules;
  const Error error = UrlRules::make({domains.view(), urls.view(), banned.view(), soft.view(), subwords.view(), 2}, rules);
  ASSERT_FALSE(error) << error.message();
  double value = 0;
  const auto verdict = [&](std::string_view url) { return rules->judge(url, value); };
  EXPECT_EQ(verdict("http://bad.com/"), UrlVerdict::domain);
  EXPECT_EQ(verdict("http://a.b.BAD.com/x"), UrlVerdict::domain);
  EXPECT_EQ(verdict("http://notbad.com/"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://mixed.org/"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://sub.mixed.org"), UrlVerdict::domain);
  EXPECT_EQ(verdict("http://ok.com/one"), UrlVerdict::url);
  EXPECT_EQ(verdict("http://ok.com/one/"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://ok.com/a-porn-b"), UrlVerdict::hard_blacklisted);
  EXPECT_EQ(verdict("http://ok.com/Porn"), UrlVerdict::keep);  // words are not lower-cased
  EXPECT_EQ(verdict("http://ok.com/xrated"), UrlVerdict::hard_blacklisted);
  EXPECT_EQ(verdict("http://ok.com/cam/cam"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://ok.com/cam/bet_sex"), UrlVerdict::soft_blacklisted);
  EXPECT_EQ(value, 3);
  EXPECT_EQ(verdict("http://ok.com/CAS-ino"), UrlVerdict::blacklisted_subword);
  EXPECT_EQ(verdict(""), UrlVerdict::keep);
}

TEST(Url, FindsSubwordsLikeASearch) {
  const List subwords{"he", "she", "hers", "his", "ushers"};
  std::unique_ptr<UrlRules> rules;
  ASSERT_FALSE(UrlRules::make({kNone.view(), kNone.view(), kNone.view(), kNone.view(), subwords.view(), 2}, rules));
  double value;
  for (uint32_t n = 0; n < 6 * 6 * 6 * 6 * 6; ++n) {
    std::string text;
    for (uint32_t i = 0, rest = n; i < 5; ++i, rest /= 6) text.push_back("heursi"[rest % 6]);
    const bool expected = text.find("he") != text.npos || text.find("his") != text.npos;
    EXPECT_EQ(rules->judge(text, value) == UrlVerdict::blacklisted_subword, expected) << text;
  }
}

TEST(Url, NamesBrokenLines) {
  std::unique_ptr<UrlRules> rules;
  const List domains{"ok.com", "http://bad.com/"}, words{"--"};
  EXPECT_EQ(UrlRules::make({domains.view(), kNone.view(), kNone.view(), kNone.view(), kNone.view(), 2}, rules).message(),
            "list domains, line 2: expected a host name such as example.com, found \"http://bad.com/\"");
  EXPECT_STREQ(UrlRules::make({kNone.view(), kNone.view(), words.view(), kNone.view(), kNone.view(), 2}, rules).code(), kFormat);
}

}  // namespace
}  // namespace millrace::text
