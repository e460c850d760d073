// Binds native/text/code.h and native/text/maths.h: statistics of source files and of formulas, and the prose view of a text.
#include "native/addon/binding.h"
#include "native/text/code.h"

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

}  // namespace

void init_code(Napi::Env, Napi::Object exports) {
  const auto env = exports.Env();
  exports.Set("measureCode", Napi::Function::New(env, measure_code));
}

}  // namespace millrace::addon
