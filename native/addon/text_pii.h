#pragma once
// Binds native/text/pii.h: finding and replacing personal data. Part of text.cc.
#include "native/addon/binding.h"
#include "native/text/pii.h"

namespace millrace::addon {

// { definition, actions: number[5], most: number | undefined, replacements: string[][5] }
inline text::PiiRules pii_rules(const Napi::Object& from) {
  text::PiiRules rules;
  rules.definition = static_cast<text::PiiDefinition>(std::min(from.Get("definition").ToNumber().Uint32Value(), 2u));
  const auto actions = from.Get("actions").As<Napi::Array>();
  const auto replacements = from.Get("replacements").As<Napi::Array>();
  for (uint32_t k = 0; k < text::kPiiKinds; ++k) {
    rules.actions[k] = static_cast<text::PiiAction>(std::min(actions.Get(k).ToNumber().Uint32Value(), 3u));
    const auto list = replacements.Get(k).As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) rules.replacements[k].push_back(list.Get(i).ToString().Utf8Value());
  }
  if (from.Get("most").IsNumber()) rules.most = from.Get("most").As<Napi::Number>().Uint32Value();
  return rules;
}

// redact(offsets, bytes, rulesOf: Uint8Array, starts: BigUint64Array, rules: object[], threads)
// -> { counts: Uint32Array[5], verdict: Int8Array, edited: Uint32Array, text?: { offsets, bytes } }
inline Napi::Value redact(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto rules_of = view<const uint8_t>(info[2]);
  const auto starts = view<const uint64_t>(info[3]);
  auto rules = std::make_shared<std::vector<text::PiiRules>>();
  const auto list = info[4].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) rules->push_back(pii_rules(list.Get(i).As<Napi::Object>()));
  const int threads = info[5].ToNumber().Int32Value();
  auto out = std::make_shared<text::Redaction>();
  return Work::start(
      info, [=] { return text::redact(column, rules_of, starts, *rules, threads, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        auto counts = Napi::Array::New(env);
        for (uint32_t k = 0; k < text::kPiiKinds; ++k) counts.Set(k, copied<Napi::Uint32Array>(env, out->counts[k]));
        result.Set("counts", counts);
        result.Set("verdict", copied<Napi::Int8Array>(env, out->verdict));
        result.Set("edited", copied<Napi::Uint32Array>(env, out->edited));
        if (!out->edited.empty()) result.Set("text", copied_texts(env, out->offsets, out->bytes));
        return result;
      });
}

inline void set_pii(Napi::Env env, Napi::Object exports) { exports.Set("redact", Napi::Function::New(env, redact)); }

}  // namespace millrace::addon
