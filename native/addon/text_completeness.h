#pragma once
// Binds native/text/completeness.h: whether texts are whole. Part of text.cc.
#include "native/addon/binding.h"
#include "native/text/completeness.h"

namespace millrace::addon {

// measureCompleteness(offsets, bytes, threads) -> { [statistic]: Float64Array }
inline Napi::Value measure_completeness(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const int threads = info[2].ToNumber().Int32Value();
  auto out = std::make_shared<std::vector<std::vector<double>>>();
  return Work::start(
      info, [=] { return text::measure_completeness(column, threads, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        for (int s = 0; s < text::kCompletenessCount; ++s)
          result.Set(text::name(static_cast<text::Completeness>(s)), copied<Napi::Float64Array>(env, (*out)[s]));
        return result;
      });
}

inline void set_completeness(Napi::Env env, Napi::Object exports) {
  exports.Set("measureCompleteness", Napi::Function::New(env, measure_completeness));
}

}  // namespace millrace::addon
