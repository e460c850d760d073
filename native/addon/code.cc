// Binds native/text/code.h and native/text/maths.h: statistics of source files and of formulas, and the prose view of a text.
#include "native/addon/binding.h"
#include "native/text/code.h"
#include "native/text/maths.h"

namespace millrace::addon {
namespace {

// measureCode(offsets, bytes, syntax: Uint8Array, threads) -> { [statistic]: Float64Array }
Napi::Value measure_code(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto syntax = view<const uint8_t>(info[2]);
  const int threads = info[3].ToNumber().Int32Value();
  auto out = std::make_shared<std::vector<std::vector<double>>>();
  return Work::start(
      info, [=] { return text::measure_code(column, syntax, threads, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        for (int s = 0; s < text::kCodeStatisticCount; ++s)
          result.Set(text::name(static_cast<text::CodeStatistic>(s)), copied<Napi::Float64Array>(env, (*out)[s]));
        return result;
      });
}

// measureMaths(offsets, bytes, wanted: Uint8Array, threads) -> { [statistic]: Float64Array }
Napi::Value measure_maths(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto wanted = view<const uint8_t>(info[2]);
  const int threads = info[3].ToNumber().Int32Value();
  auto out = std::make_shared<std::vector<std::vector<double>>>();
  return Work::start(
      info, [=] { return text::measure_maths(column, wanted, threads, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        for (int s = 0; s < text::kMathsStatisticCount; ++s)
          result.Set(text::name(static_cast<text::MathsStatistic>(s)), copied<Napi::Float64Array>(env, (*out)[s]));
        return result;
      });
}

// proseViews(offsets, bytes, wanted: Uint8Array, threads) -> { offsets, bytes }
Napi::Value prose_views(const Napi::CallbackInfo& info) {
  struct Out {
    std::vector<int32_t> offsets;
    std::vector<uint8_t> bytes;
  };
  const auto column = texts(info[0], info[1]);
  const auto wanted = view<const uint8_t>(info[2]);
  const int threads = info[3].ToNumber().Int32Value();
  auto out = std::make_shared<Out>();
  return Work::start(
      info, [=] { return text::prose_views(column, wanted, threads, out->offsets, out->bytes); },
      [=](Napi::Env env) -> Napi::Value {
        return copied_texts(env, out->offsets, out->bytes);
      });
}

}  // namespace

void init_code(Napi::Env, Napi::Object exports) {
  const auto env = exports.Env();
  exports.Set("measureCode", Napi::Function::New(env, measure_code));
  exports.Set("measureMaths", Napi::Function::New(env, measure_maths));
  exports.Set("proseViews", Napi::Function::New(env, prose_views));
}

}  // namespace millrace::addon
