// Binds native/text: judging and measuring of text columns, and the user's lists of addresses.
#include "native/addon/binding.h"
#include "native/addon/text_completeness.h"
#include "native/addon/text_english.h"
#include "native/addon/text_pii.h"
#include "native/addon/text_url.h"
#include "native/text/judge.h"

namespace millrace::addon {
namespace {

Napi::Object statistic_columns(Napi::Env env, const std::vector<std::vector<double>>& columns) {
  auto object = Napi::Object::New(env);
  for (int s = 0; s < text::kStatisticCount; ++s)
    object.Set(text::name(static_cast<text::Statistic>(s)), copied<Napi::Float64Array>(env, columns[s]));
  return object;
}

// tables() -> { rules: { name, reason, statistic, drops }[], statistics: string[] }
Napi::Value tables(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto rules = Napi::Array::New(env);
  uint32_t n = 0;
  const auto add = [&](const char* name, const char* reason, const char* statistic, const char* drops) {
    auto rule = Napi::Object::New(env);
    rule.Set("name", name);
    rule.Set("reason", reason);
    rule.Set("statistic", statistic);
    rule.Set("drops", drops);
    rules.Set(n++, rule);
  };
  for (const auto& rule : text::rules())
    add(rule.name, rule.reason, text::name(rule.statistic), rule.drops == text::Drops::below ? "below" : "above");
  for (const char* reason : {"lorem_ipsum", "curly_bracket"}) add(reason, reason, "c4_lines", "above");
  add("too_few_sentences", "too_few_sentences", "c4_sentences", "below");
  auto statistics = Napi::Array::New(env);
  for (int s = 0; s < text::kStatisticCount; ++s) statistics.Set(static_cast<uint32_t>(s), text::name(static_cast<text::Statistic>(s)));
  auto result = Napi::Object::New(env);
  result.Set("rules", rules);
  result.Set("statistics", statistics);
  return result;
}

std::vector<text::Step> steps(const Napi::Value& numbers, const Napi::Value& thresholds) {
  const auto rule = view<const int32_t>(numbers);
  const auto threshold = view<const double>(thresholds);
  std::vector<text::Step> result;
  for (size_t i = 0; i < rule.size() && i < threshold.size(); ++i) result.push_back({rule[i], threshold[i]});
  return result;
}

text::Words words(const Napi::Value& name) {
  return name.IsString() && name.As<Napi::String>().Utf8Value() == "spacy" ? text::Words::spacy : text::Words::simple;
}

text::Profile profile(const Napi::Object& from) {
  text::Profile result;
  result.words = words(from.Get("words"));
  result.before = steps(from.Get("beforeRules"), from.Get("beforeThresholds"));
  result.after = steps(from.Get("afterRules"), from.Get("afterThresholds"));
  if (const auto edit = from.Get("c4"); edit.IsObject()) {
    const auto object = edit.As<Napi::Object>();
    const auto flag = [&](const char* name) { return object.Get(name).ToBoolean().Value(); };
    const auto number = [&](const char* name) { return object.Get(name).IsNumber() ? object.Get(name).As<Napi::Number>().DoubleValue() : -1.0; };
    result.edit = text::C4{flag("citations"),    flag("terminalPunctuation"), number("maxWordLength"), number("minWords"),    flag("loremIpsum"),
                           flag("javascript"),   flag("curlyBracket"),        flag("policy"),          number("minSentences"), flag("markdown")};
  }
  return result;
}

text::JudgeOptions options(const Napi::Value& value) {
  text::JudgeOptions result;
  if (!value.IsObject()) return result;
  const auto object = value.As<Napi::Object>();
  if (object.Get("maxDocumentBytes").IsNumber()) result.max_document_bytes = static_cast<uint64_t>(object.Get("maxDocumentBytes").As<Napi::Number>().Int64Value());
  if (object.Get("threads").IsNumber()) result.threads = object.Get("threads").As<Napi::Number>().Int32Value();
  if (object.Get("extent").IsString()) {
    const auto extent = object.Get("extent").As<Napi::String>().Utf8Value();
    result.extent = extent == "rules" ? text::Extent::rules : extent == "verdict" ? text::Extent::verdict : text::Extent::all;
  }
  return result;
}

// judge(offsets, bytes, profileOf: Uint8Array, profiles: object[], options)
Napi::Value judge(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto profile_of = view<const uint8_t>(info[2]);
  auto profiles = std::make_shared<std::vector<text::Profile>>();
  if (info[3].IsArray()) {
    const auto list = info[3].As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) profiles->push_back(profile(list.Get(i).As<Napi::Object>()));
  }
  const auto how = options(info[4]);
  auto out = std::make_shared<text::Judgement>();
  return Work::start(
      info, [=] { return text::judge(column, profile_of, *profiles, how, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("status", copied<Napi::Uint8Array>(env, out->status));
        result.Set("rule", copied<Napi::Int16Array>(env, out->rule));
        result.Set("value", copied<Napi::Float64Array>(env, out->value));
        result.Set("threshold", copied<Napi::Float64Array>(env, out->threshold));
        result.Set("statistics", statistic_columns(env, out->statistics));
        result.Set("kept", copied<Napi::Uint32Array>(env, out->kept));
        result.Set("edited", copied<Napi::Uint32Array>(env, out->edited));
        if (!out->edited.empty()) result.Set("text", copied_texts(env, out->offsets, out->bytes));
        return result;
      });
}

// measure(offsets, bytes, options) -> { status, statistics }
Napi::Value measure(const Napi::CallbackInfo& info) {
  struct Out {
    std::vector<uint8_t> status;
    std::vector<std::vector<double>> statistics;
  };
  const auto column = texts(info[0], info[1]);
  const auto how = options(info[2]);
  const auto kind = info[2].IsObject() ? words(info[2].As<Napi::Object>().Get("words")) : text::Words::simple;
  auto out = std::make_shared<Out>();
  return Work::start(
      info, [=] { return text::measure(column, how, kind, out->status, out->statistics); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("status", copied<Napi::Uint8Array>(env, out->status));
        result.Set("statistics", statistic_columns(env, out->statistics));
        return result;
      });
}

}  // namespace

void init_text(Napi::Env env, Napi::Object exports) {
  exports.Set("tables", Napi::Function::New(env, tables));
  exports.Set("judge", Napi::Function::New(env, judge));
  exports.Set("measure", Napi::Function::New(env, measure));
  set_completeness(env, exports);
  set_pii(env, exports);
  set_url(env, exports);
  exports.Set("splitEnglish", Napi::Function::New(env, split_english));
}

}  // namespace millrace::addon
