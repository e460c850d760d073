// Strings against RFC 8259's own examples and UTF-16's definition, looseness against damage that pages show, work against hostile texts.
#include <gtest/gtest.h>

#include <chrono>

#include "native/extract/json.h"

namespace millrace::extract {
namespace {

using std::string_view_literals::operator""sv;

std::string text(const Json& json, Json::Id id) {
  std::string out;
  json.append(id, out);
  return out;
}

// The values as one line, so that a test shows all of them: {a:"x",b:[1,true]}.
std::string shown(std::string_view source, bool& complete, const JsonLimits& limits = {}) {
  Json json;
  complete = json.read(source, limits);
  std::string out;
  struct Step {
    Json::Id id;
    const char* close;
  };
  std::vector<Step> steps;
  if (!json.empty()) steps.push_back({0, nullptr});
  while (!steps.empty()) {
    const auto [id, close] = steps.back();
    steps.pop_back();
    if (close) {
      out += close;
      continue;
    }
    const auto& value = json[id];
    if (value.next != Json::kNone) steps.push_back({value.next, nullptr});
    if (!out.empty() && out.back() != '{' && out.back() != '[') out += ',';
    if (value.parent != Json::kNone && json.is(value.parent, Json::Type::object)) out += std::string(json.key(id)) + ":";
    if (value.type == Json::Type::object || value.type == Json::Type::array) {
      const bool object = value.type == Json::Type::object;
      out += object ? "{" : "[";
      steps.push_back({id, object ? "}" : "]"});
      if (value.child != Json::kNone) steps.push_back({value.child, nullptr});
    } else if (value.type == Json::Type::string) {
      out += '"' + text(json, id) + '"';
    } else {
      out += json.raw(id);
    }
  }
  return out;
}

std::string shown(std::string_view source) {
  bool complete = false;
  std::string out = shown(source, complete);
  EXPECT_TRUE(complete) << source;
  return out;
}

// RFC 8259, section 13.
TEST(Json, ReadsTheExamplesOfItsRfc) {
  EXPECT_EQ(shown(R"({"Image": {"Width": 800, "Title": "View from 15th Floor", "Animated" : false, "IDs": [116, 943, 234, 38793]}})"),
            R"({Image:{Width:800,Title:"View from 15th Floor",Animated:false,IDs:[116,943,234,38793]}})");
  EXPECT_EQ(shown(R"([{"precision": "zip", "Latitude": 37.7668, "Longitude": -122.3959}, {}])"),
            "[{precision:\"zip\",Latitude:37.7668,Longitude:-122.3959},{}]");
  EXPECT_EQ(shown(R"("Hello world!")"), R"("Hello world!")");
  EXPECT_EQ(shown("42"), "42");
  EXPECT_EQ(shown("true"), "true");
}

TEST(Json, ResolvesEscapes) {
  EXPECT_EQ(shown(R"("\"\\\/\n\t")"), "\"\"\\/\n\t\"");
  EXPECT_EQ(shown(R"("\uD834\uDD1E")"), "\"\U0001D11E\"");  // G clef, RFC 8259 section 7
  EXPECT_EQ(shown(R"("\uD834x\uDD1E")"), "\"\uFFFDx\uFFFD\"");
  EXPECT_EQ(shown(R"("\u00e9\u4E2d")"), "\"é中\"");
}

TEST(Json, ReadsWhatPagesBreak) {
  EXPECT_EQ(shown("<!-- \n{\"a\":1}\n-->"), "{a:1}");
  EXPECT_EQ(shown("//<![CDATA[\n{\"a\":1}//]]>"), "{a:1}");
  EXPECT_EQ(shown("/* c */ {\"a\":[1,2,],}"), "{a:[1,2]}");
  EXPECT_EQ(shown("{\"a\":\"one\ntwo\t\x01\"}"), "{a:\"one\ntwo\t\x01\"}");
  EXPECT_EQ(shown("{\"a\":1 \"b\":2}"), "{a:1,b:2}");
  EXPECT_EQ(shown("\xEF\xBB\xBF{\"a\":1};"), "{a:1}");
  EXPECT_EQ(shown(R"({"a":"He said "no" twice","b":2})"), R"({a:"He said "no" twice",b:2})");
}

TEST(Json, KeepsWhatStoodBeforeTheDamage) {
  bool complete = true;
  EXPECT_EQ(shown(R"({"a":"x","b":[1,2)", complete), R"({a:"x",b:[1,2]})");
  EXPECT_FALSE(complete);
  EXPECT_EQ(shown(R"({"a":"x",b:1})", complete), R"({a:"x"})");
  EXPECT_FALSE(complete);
  EXPECT_EQ(shown(R"({"a":"x\")", complete), R"({a:"x""})") << "the end of the text ends a string";
  EXPECT_FALSE(complete);
  EXPECT_EQ(shown("", complete), "");
  EXPECT_FALSE(complete);
}

TEST(Json, FindsMembers) {
  Json json;
  ASSERT_TRUE(json.read(R"({"a":{"b":[10,"z"]},"a2":3})"));
  const Json::Id b = json.member(json.member(0, "a"), "b");
  ASSERT_TRUE(json.is(b, Json::Type::array));
  EXPECT_EQ(text(json, json[json[b].child].next), "z");
  EXPECT_EQ(json.raw(json.member(0, "a2")), "3");
  EXPECT_EQ(json.member(0, "c"), Json::kNone);
  EXPECT_EQ(json.member(Json::kNone, "c"), Json::kNone);
  EXPECT_EQ(json.member(b, "c"), Json::kNone);
}

TEST(Json, HoldsItsLimits) {
  const std::string deep = std::string(1000000, '[') + std::string(1000000, ']');
  Json json;
  EXPECT_FALSE(json.read(deep));
  EXPECT_EQ(json.size(), JsonLimits().max_depth);
  std::string wide = "[0";
  for (int i = 0; i < 200000; ++i) wide += ",0";
  EXPECT_FALSE(json.read(wide + "]"));
  EXPECT_EQ(json.size(), JsonLimits().max_values);
  EXPECT_FALSE(json.read("[1,2,3]", {.max_bytes = 4}));
  EXPECT_EQ(json.size(), 3u);
}

// Each of these would take hours if any step looked back or ahead over more than a few bytes.
TEST(Json, WorkIsLinear) {
  const size_t n = 1u << 20;
  std::string quotes(4 * n, '"'), slashes(4 * n, '\\'), strings = "[";
  for (size_t i = 0; i < n; ++i) strings += "\"\\\"\"  ";
  Json json;
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& hostile : {quotes, "\"" + slashes, "[\"" + slashes + "\"]", strings, "[" + quotes}) json.read(hostile);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace millrace::extract
