#include "native/text/pii.h"

#include <gtest/gtest.h>

#include <chrono>

namespace millrace::text {
namespace {

PiiRules rules_of(PiiDefinition definition, std::initializer_list<PiiKind> kinds) {
  PiiRules rules;
  rules.definition = definition;
  for (const PiiKind kind : kinds) rules.actions[static_cast<size_t>(kind)] = PiiAction::replace;
  rules.replacements = {{{"<E>"}, {"<I>"}, {"<P>"}, {"<C>"}, {"<S>"}}};
  return rules;
}

struct Column {
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> bytes;
  explicit Column(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      bytes.insert(bytes.end(), text.begin(), text.end());
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  TextColumn view() const { return {offsets, bytes}; }
};

std::string redacted(const std::string& text, const PiiRules& rules, uint64_t start = 0, int8_t* verdict = nullptr) {
  const Column column({text});
  const uint8_t number = 0;
  Redaction out;
  const Error error = redact(column.view(), {&number, 1}, {&start, 1}, {&rules, 1}, 1, out);
  EXPECT_FALSE(error) << error.message();
  if (verdict) *verdict = out.verdict[0];
  return out.edited.empty() ? text : std::string(out.bytes.begin(), out.bytes.end());
}

// Expected texts by datatrove 0.10.1's PIIFormatter with these replacements, Python 3.11.
TEST(Pii, ReplacesAsDatatroveDoes) {
  const PiiRules rules = rules_of(PiiDefinition::datatrove, {PiiKind::email, PiiKind::ip});
  const std::pair<const char*, const char*> cases[] = {
      {"mail a.b+c@x.co.uk, now", "mail <E>, now"},
      {"a..b@x.com .c@y.org", "a..<E> .<E>"},
      {"!x@y.z", "!<E>"},
      {"z!x@y.z", "<E>"},
      {"a@b", "a@b"},
      {"a@b.c-.d", "<E>-.d"},
      {"a@b.", "a@b."},
      {"a@b.c.", "<E>."},
      {"a@[1.2.3.4] a@[1.2.3.x:] a@[1.2.3.256]", "<E> <E> a@[<I>6]"},
      {"react@18.2.0", "<E>"},
      {"\xc3\xa9x@y.z", "\xc3\xa9x@y.z"},
      {"8.8.8.8 10.0.0.1 127.0.0.1 1.2.3.4", "<I> 10.0.0.1 127.0.0.1 <I>"},
      {"1256.1.1.1", "12<I>"},
      {"1.2.3.400.1.1.1", "<I>0.1.1.1"},
      {"108.0.0.01 8.8.8.259 8.8.8.299", "108.0.0.01 <I>9 <I>9"},
      {"a@b.c8.8.8.8", "<E>"},
      {"a@b.com/8.8.8.8", "<E>/<I>"},
      {"\xe4\xb8\xad" "1.2.3.40/q@b.com", "\xe4\xb8\xad" "1.<E>"},  // an email that begins within an address
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(redacted(text, rules), expected) << text;
}

TEST(Pii, TakesTurnsFromTheStart) {
  PiiRules rules = rules_of(PiiDefinition::datatrove, {PiiKind::email, PiiKind::ip});
  rules.replacements[0] = {"<0>", "<1>"};
  rules.replacements[1] = {"<a>", "<b>", "<c>"};
  EXPECT_EQ(redacted("a@b.cd a@b.cd a@b.cd 8.8.8.8 9.9.9.9", rules, 5), "<1> <0> <1> <c> <a>");
}

// Expected by Python's re with the patterns of dolma 1.2.1, and its mixer's rule for what overlaps.
TEST(Pii, ReplacesAsDolmaDoes) {
  const PiiRules rules = rules_of(PiiDefinition::dolma, {PiiKind::email, PiiKind::phone, PiiKind::ip});
  const std::pair<const char*, const char*> cases[] = {
      {"mail a@b.com, now", "mail<E>now"},
      {"mail a@b.com", "mail a@b.com"},  // nothing stands behind it
      {"(a@b.com)\n", "<E>"},
      {"(@b.com \n", "(@b.com \n"},
      {"x@localhost \n", "x@localhost \n"},
      {"(@. a@b.com \n", "<E>"},
      {"call (212) 555-1234 now", "call<P> now"},
      {"call 212.555.1234", "call<P>"},
      {"call2125551234", "call2125551234"},
      {"10.0.0.1", "<I>"},
      {"a 1234567890.1.1.1 b", "a<P>.1.1.1 b"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(redacted(text, rules), expected) << text;
}

TEST(Pii, LeavesWhatOnlyLooksPersonal) {
  const PiiRules rules = rules_of(PiiDefinition::millrace, {PiiKind::email, PiiKind::ip});
  for (const char* text :
       {"npm i react@18.2.0 pkg@1.0.0-beta", "git clone git@github.com:a/b.git", "y = A@B.T + W@x.view(3)", "user@example.com me@my.example.org",
        "see 1.2.3.4 and ES6$24.2.4.21, version 100.4.30.1, Version=\"40.30.19.1\", group 224.0.0.114", "v100.20.30.40 100.20.30.40.50 a-100.20.30.40", "192.168.1.10 and 224.0.0.x",
        "resolver 8.8.8.8 or 208.67.222.222"})
    EXPECT_EQ(redacted(text, rules), text);
  EXPECT_EQ(redacted("mail=jo.doe@uni.edu.", rules), "mail=<E>.");
  EXPECT_EQ(redacted("<a href='mailto:jo@x.com?subject=hi'>jo@x.com-based</a>", rules), "<a href='mailto:<E>?subject=hi'><E>-based</a>");
  EXPECT_EQ(redacted("host 93.184.216.34:80 (93.184.216.34).", rules), "host <I>:80 (<I>).");
}

TEST(Pii, FindsNumbersByForm) {
  const PiiRules rules = rules_of(PiiDefinition::millrace, {PiiKind::phone, PiiKind::card});
  EXPECT_EQ(redacted("call (212) 555-0123 or 212-555-0123, 1-212.555.0123", rules), "call <P> or <P>, <P>");
  EXPECT_EQ(redacted("+44 20 7946 0958, +1 (212) 555-0123; +12125550123", rules), "<P>, <P>; <P>");
  EXPECT_EQ(redacted("4111 1111 1111 1111 and 378282246310005", rules), "<C> and <C>");
  for (const char* text : {"112-555-0123 212-155-0123 212 555 0123", "id 2125550123", "4111 1111 1111 1112", "4111-1111 1111 1111", "x4111111111111111",
                           "1234567890123456", "0.4111111111111111", "250C-979 279-1003", "978-3-16-148410-0", "2020-01-02 10:11:12"})
    EXPECT_EQ(redacted(text, rules), text);
}

TEST(Pii, FindsSecretsByForm) {
  const PiiRules rules = rules_of(PiiDefinition::millrace, {PiiKind::secret});
  // Put together here, so that no scanner of secrets takes this file for a leak.
  const std::string body = "q7Xk2mZp9Lw4Rt8Vb3Nc6Hy1Jf5Gd0Sa7Uo2";
  EXPECT_EQ(redacted("t = 'ghp" "_" + body + "'", rules), "t = '<S>'");
  EXPECT_EQ(redacted(std::string("AKIA") + "Q3EXMPLQ7ZLW4RT8 npm" + "_" + body, rules), "<S> <S>");
  EXPECT_EQ(redacted("ghp_" + std::string(36, 'x'), rules), "ghp_" + std::string(36, 'x'));
  EXPECT_EQ(redacted("AKIAIOSFODNN7EXAMPLE", rules), "AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(redacted("xAKIAQ3EXMPLQ7ZLW4RT8 AKIAQ3EXMPLQ7ZLW4RT8x", rules), "xAKIAQ3EXMPLQ7ZLW4RT8 AKIAQ3EXMPLQ7ZLW4RT8x");
  const std::string begin = "-----BEGIN RSA PRIVATE " "KEY-----", end = "-----END RSA PRIVATE " "KEY-----";
  EXPECT_EQ(redacted("k\n" + begin + "\n" + body + body + "\n" + end + "\nz", rules), "k\n<S>\nz");
  EXPECT_EQ(redacted("if (line == \"" + begin + "\") return;", rules), "if (line == \"" + begin + "\") return;");
  for (size_t pad = 0; pad < 40; ++pad) {  // at every place of the scan
    const std::string before(pad, ' ');
    EXPECT_EQ(redacted(before + "ghs" "_" + body, rules), before + "<S>");
    EXPECT_EQ(redacted(before + "github_pat" "_" + body + body + "abcdefgh" + "ab", rules), before + "<S>");
    EXPECT_EQ(redacted(before + "AIza" + body.substr(0, 35), rules), before + "<S>");
  }
}

TEST(Pii, DropsAndCounts) {
  PiiRules rules = rules_of(PiiDefinition::millrace, {PiiKind::email, PiiKind::ip});
  rules.actions[1] = PiiAction::drop;
  int8_t verdict = 0;
  EXPECT_EQ(redacted("a@b.com and 93.184.216.34", rules, 0, &verdict), "a@b.com and 93.184.216.34");
  EXPECT_EQ(verdict, static_cast<int8_t>(PiiKind::ip));
  rules.actions[1] = PiiAction::count;
  rules.most = 1;
  redacted("a@b.com and 93.184.216.34", rules, 0, &verdict);
  EXPECT_EQ(verdict, kPiiTooMany);
  rules.most = 2;
  EXPECT_EQ(redacted("a@b.com and 93.184.216.34", rules, 0, &verdict), "<E> and 93.184.216.34");
  EXPECT_EQ(verdict, kPiiKept);
}

TEST(Pii, RefusesWhatDisagrees) {
  const Column column({"a", "b"});
  const std::vector<uint8_t> numbers{0, 1};
  const std::vector<uint64_t> starts{0, 0};
  const PiiRules rules = rules_of(PiiDefinition::millrace, {PiiKind::email});
  Redaction out;
  EXPECT_STREQ(redact(column.view(), numbers, starts, {&rules, 1}, 1, out).code(), kArgument);
  EXPECT_STREQ(redact(column.view(), {numbers.data(), 1}, starts, {&rules, 1}, 1, out).code(), kShape);
  PiiRules silent = rules;
  silent.replacements[0].clear();
  EXPECT_STREQ(redact(column.view(), std::vector<uint8_t>{0, 0}, starts, {&silent, 1}, 1, out).code(), kArgument);
}

// Borders of every network that Python 3.11.7's ipaddress counts as not global.
TEST(Pii, KnowsPublicAddresses) {
  const auto address = [](uint32_t a, uint32_t b, uint32_t c, uint32_t d) { return a << 24 | b << 16 | c << 8 | d; };
  const std::pair<uint32_t, uint32_t> networks[] = {
      {address(0, 0, 0, 0), address(0, 255, 255, 255)},       {address(10, 0, 0, 0), address(10, 255, 255, 255)},     {address(100, 64, 0, 0), address(100, 127, 255, 255)},
      {address(127, 0, 0, 0), address(127, 255, 255, 255)},   {address(169, 254, 0, 0), address(169, 254, 255, 255)}, {address(172, 16, 0, 0), address(172, 31, 255, 255)},
      {address(192, 0, 0, 0), address(192, 0, 0, 7)},         {address(192, 0, 0, 170), address(192, 0, 0, 171)},     {address(192, 0, 2, 0), address(192, 0, 2, 255)},
      {address(192, 168, 0, 0), address(192, 168, 255, 255)}, {address(198, 18, 0, 0), address(198, 19, 255, 255)},   {address(198, 51, 100, 0), address(198, 51, 100, 255)},
      {address(203, 0, 113, 0), address(203, 0, 113, 255)},   {address(240, 0, 0, 0), address(255, 255, 255, 255)},
  };
  for (const auto& [first, last] : networks) {
    EXPECT_FALSE(is_global(first));
    EXPECT_FALSE(is_global(last));
    EXPECT_TRUE(first == 0 || is_global(first - 1)) << first;
    EXPECT_TRUE(last == 0xffffffff || is_global(last + 1)) << last;
  }
}

// Twice the text takes about twice the time: 1 MB of what drives expression engines into squares.
TEST(Pii, TakesLinearTime) {
  const auto repeated = [](std::string_view piece) {
    std::string out;
    while (out.size() < 1u << 20) out += piece;
    return out;
  };
  for (const char* piece : {"a", "@", "a@", "a.", "a@a", "a@a.", "-", "a-", "1.", "1.1.1.", "1.1.1.1", ":@. ", "(@", "@.", " (", "   ", " 123 - ", "+1", "(2", "4111 ", "----",
                            "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA", "ghp_", "AKIA", "?", "a@[1.1.1.", ".@ .", "\xe2\x80\x83", "\xc3\xa9@"}) {
    const std::string text = repeated(piece);
    for (const PiiDefinition definition : {PiiDefinition::millrace, PiiDefinition::datatrove, PiiDefinition::dolma}) {
      const PiiRules rules = rules_of(definition, {PiiKind::email, PiiKind::ip, PiiKind::phone, PiiKind::card, PiiKind::secret});
      const auto start = std::chrono::steady_clock::now();
      find_pii(text, rules);
      EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 2.5) << piece;
    }
  }
}

TEST(Pii, ReadsWhatIsNotUtf8) {
  const std::string_view bytes = "a@.1 \n(-_AKghp\x80\xc3\xa9\xff\xe2\xf0";
  std::string text;
  uint32_t state = 1;
  for (int i = 0; i < 200'000; ++i) {
    state = state * 1664525 + 1013904223;
    text.push_back(bytes[(state >> 16) % bytes.size()]);
  }
  for (const PiiDefinition definition : {PiiDefinition::millrace, PiiDefinition::datatrove, PiiDefinition::dolma})
    find_pii(text, rules_of(definition, {PiiKind::email, PiiKind::ip, PiiKind::phone, PiiKind::card, PiiKind::secret}));
}

}  // namespace
}  // namespace millrace::text
