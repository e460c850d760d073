#include "native/text/url.h"

#include <gtest/gtest.h>

#include "native/text/suffixes.h"
#include "native/text/url_lists.h"

namespace millrace::text {
namespace {

struct Lists {
  std::string domains, urls, banned, soft, subwords;
  int soft_threshold = 2;
  UrlDefinition definition = UrlDefinition::millrace;
};

Error read(const Lists& lists, std::unique_ptr<UrlRules>& out, size_t chunk = std::string::npos) {
  out = std::make_unique<UrlRules>(lists.definition, lists.soft_threshold);
  const std::pair<UrlList, const std::string*> all[] = {{UrlList::domains, &lists.domains}, {UrlList::urls, &lists.urls}, {UrlList::banned_words, &lists.banned},
                                                        {UrlList::soft_words, &lists.soft}, {UrlList::banned_subwords, &lists.subwords}};
  for (const auto& [list, lines] : all) {
    std::string_view left = *lines;
    do {
      const std::string_view now = left.substr(0, chunk);
      left.remove_prefix(now.size());
      MILLRACE_TRY(out->add(list, now, left.empty()));
    } while (!left.empty());
  }
  out->finish();
  return Error::none();
}

TEST(Url, ReadsHosts) {
  EXPECT_EQ(host_of("https://user:pw@WWW.Example.com.:8080/a@b?c#d"), "www.example.com");
  EXPECT_EQ(host_of("example.org/path"), "example.org");
  EXPECT_EQ(host_of("example.org/?to=http://other.org/"), "example.org");
  EXPECT_EQ(host_of("//cdn.example.org"), "cdn.example.org");
  EXPECT_EQ(host_of("http://[2001:db8::1]:80/"), "[2001:db8::1]");
  EXPECT_EQ(host_of("http://evil.com\\@good.com/"), "evil.com");
  EXPECT_EQ(host_of(""), "");
}

// Expected verdicts by hand, from the source of datatrove's filter.
TEST(Url, JudgesInOrder) {
  for (const size_t chunk : {std::string::npos, size_t{1}, size_t{7}}) {
    std::unique_ptr<UrlRules> rules;
    const Error error = read({"# hosts\n\nBad.com\r\nsub.mixed.org", "http://ok.com/one", "porn\nX-rated\n", "cam\nbet\nsex", "casino"}, rules, chunk);
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
}

// Of datatrove's look-up: registered domain or whole host, letter by letter.
TEST(Url, LooksHostsUpAsDatatroveDoes) {
  std::unique_ptr<UrlRules> rules;
  ASSERT_FALSE(read({"bad.co.uk\nwww.deep.org\n10.0.0.1\nUPPER.com", "", "", "", "", 2, UrlDefinition::datatrove}, rules));
  double value;
  const auto verdict = [&](std::string_view url) { return rules->judge(url, value); };
  EXPECT_EQ(verdict("http://a.b.bad.co.uk/"), UrlVerdict::domain);
  EXPECT_EQ(verdict("http://BAD.co.uk/"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://UPPER.com/"), UrlVerdict::domain);
  EXPECT_EQ(verdict("http://www.deep.org:80/"), UrlVerdict::subdomain);
  EXPECT_EQ(verdict("http://x.www.deep.org/"), UrlVerdict::keep);
  EXPECT_EQ(verdict("http://10.0.0.1/"), UrlVerdict::keep);
}

// As tldextract 5.4.0 prints them; its documentation's examples and the list's own edges.
TEST(Url, SplitsHostsAtPublicSuffixes) {
  const auto check = [](std::string_view url, std::string_view registered, std::string_view whole) {
    const RegisteredHost host = registered_host(url);
    EXPECT_EQ(host.registered, registered) << url;
    EXPECT_EQ(host.whole, whole) << url;
  };
  check("http://forums.bbc.co.uk/path/to/file", "bbc.co.uk", "forums.bbc.co.uk");
  check("http://www.worldbank.org.kg/", "worldbank.org.kg", "www.worldbank.org.kg");
  check("http://waiterrant.blogspot.com", "blogspot.com", "waiterrant.blogspot.com");
  check("http://localhost:8080", "", "");
  check("google.notavalidsuffix", "", "");
  check("http://127.0.0.1:8080/deployed/", "", "");
  check("http://[::1]/", "", "");
  check("http://co.uk/", "", "");
  check("http://www.ck/", "www.ck", "www.ck");
  check("http://a.b.ck/", "a.b.ck", "a.b.ck");
  check("http://b.ck/", "", "");
  check("https://user:pa@ss@WWW.Example.COM.:80/x", "Example.COM", "WWW.Example.COM");
  check("http://xn--fsqu00a.xn--55qx5d.cn/", "xn--fsqu00a.xn--55qx5d.cn", "xn--fsqu00a.xn--55qx5d.cn");
  check("http://\u041c\u043e\u0441\u043a\u0432\u0430.\u0420\u0424/", "\u041c\u043e\u0441\u043a\u0432\u0430.\u0420\u0424", "\u041c\u043e\u0441\u043a\u0432\u0430.\u0420\u0424");
  check("http://a\u3002b\uff0ecom\uff61/", "b.com", "a.b.com");
  check("", "", "");
}

TEST(Url, FindsSubwordsLikeASearch) {
  std::unique_ptr<UrlRules> rules;
  ASSERT_FALSE(read({"", "", "", "", "he\nshe\nhers\nhis\nushers"}, rules));
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
  EXPECT_EQ(read({"ok.com\nhttp://bad.com/", "", "", "", ""}, rules).message(), "line 2: expected a host name such as example.com, found \"http://bad.com/\"");
  EXPECT_STREQ(read({"", "", "--", "", ""}, rules).code(), kFormat);
  EXPECT_EQ(read({"", "a\n" + std::string(9000, 'x') + "\nb", "", "", ""}, rules, 100).message().substr(0, 39), "line 2: expected at most 8192 bytes, fo");
  EXPECT_STREQ(read({"a..b", "", "", "", ""}, rules).code(), kFormat);
}

TEST(StringSet, HoldsWhatWasAddedAndNothingElse) {
  StringSet set;
  const auto entry = [](int i) { return "host" + std::to_string(i * 7919) + std::string(static_cast<size_t>(i) % 90, 'x') + ".example"; };
  for (int i = 0; i < 100'000; ++i) ASSERT_FALSE(set.add(entry(i)));
  ASSERT_FALSE(set.add(entry(5)));
  ASSERT_FALSE(set.add(""));
  set.finish();
  EXPECT_EQ(set.size(), 100'001u);
  EXPECT_TRUE(set.contains(""));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(set.contains(entry(i)));
    ASSERT_FALSE(set.contains(entry(i) + "x"));
    ASSERT_FALSE(set.contains(entry(i).substr(0, entry(i).size() - 1)));
  }
}

}  // namespace
}  // namespace millrace::text
