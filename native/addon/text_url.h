#pragma once
// Binds native/text/url.h: the user's lists of addresses. Part of text.cc.
#include "native/addon/binding.h"
#include "native/text/url.h"

namespace millrace::addon {

struct UrlHandle {
  text::UrlRules rules;
  bool finished = false;
};

inline UrlHandle* url_handle(const Napi::Value& value) { return value.IsExternal() ? value.As<Napi::External<UrlHandle>>().Data() : nullptr; }

inline Napi::Value refused(Napi::Env env, const Error& error) {
  to_js(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

// openUrls(definition: 0 millrace | 1 datatrove, softThreshold) -> handle
inline Napi::Value open_urls(const Napi::CallbackInfo& info) {
  const auto definition = static_cast<text::UrlDefinition>(info[0].ToNumber().Uint32Value() & 1);
  auto* handle = new UrlHandle{text::UrlRules(definition, info[1].ToNumber().Int32Value())};
  return Napi::External<UrlHandle>::New(info.Env(), handle, [](Napi::Env, UrlHandle* old) { delete old; });
}

// addUrls(handle, list, bytes, last)
inline Napi::Value add_urls(const Napi::CallbackInfo& info) {
  auto* handle = url_handle(info[0]);
  const uint32_t list = info[1].ToNumber().Uint32Value();
  if (!handle || handle->finished || list >= text::kUrlLists) return refused(info.Env(), {kArgument, "addUrls: expected open lists and one of five, found others"});
  const auto bytes = view<const uint8_t>(info[2]);
  const std::string_view chunk(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const Error error = handle->rules.add(static_cast<text::UrlList>(list), chunk, info[3].ToBoolean().Value())) return refused(info.Env(), error);
  return info.Env().Undefined();
}

// finishUrls(handle)
inline Napi::Value finish_urls(const Napi::CallbackInfo& info) {
  auto* handle = url_handle(info[0]);
  if (!handle || handle->finished) return refused(info.Env(), {kArgument, "finishUrls: expected open lists, found others"});
  handle->rules.finish();
  handle->finished = true;
  return info.Env().Undefined();
}

// judgeUrls(handle, offsets, bytes) -> { verdict: Int8Array, value: Float64Array }
inline Napi::Value judge_urls(const Napi::CallbackInfo& info) {
  const auto* handle = url_handle(info[0]);
  const auto column = texts(info[1], info[2]);
  struct Out {
    std::vector<int8_t> verdict;
    std::vector<double> value;
  };
  auto out = std::make_shared<Out>();
  return Work::start(
      info,
      [=]() -> Error {
        if (!handle || !handle->finished) return {kArgument, "judgeUrls: expected finished lists, found others"};
        if (!column.valid()) return {kShape, "judgeUrls: expected offsets that rise within the bytes, found others"};
        for (size_t i = 0; i < column.size(); ++i) {
          double value = 0;
          out->verdict.push_back(static_cast<int8_t>(handle->rules.judge(column[i], value)));
          out->value.push_back(value);
        }
        return Error::none();
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("verdict", copied<Napi::Int8Array>(env, out->verdict));
        result.Set("value", copied<Napi::Float64Array>(env, out->value));
        return result;
      });
}

inline void set_url(Napi::Env env, Napi::Object exports) {
  exports.Set("openUrls", Napi::Function::New(env, open_urls));
  exports.Set("addUrls", Napi::Function::New(env, add_urls));
  exports.Set("finishUrls", Napi::Function::New(env, finish_urls));
  exports.Set("judgeUrls", Napi::Function::New(env, judge_urls));
}

}  // namespace millrace::addon
