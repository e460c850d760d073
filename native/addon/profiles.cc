// Binds native/text/published.h and segments.h: judging of text columns by other projects' definitions, and UAX #29 words.
#include "native/addon/binding.h"
#include "native/text/published.h"
#include "native/text/segments.h"

namespace millrace::addon {
namespace {

// statistics() -> names, in the order of their numbers
Napi::Value statistics(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (const char* name : text::published_statistics()) names.Set(names.Length(), name);
  return names;
}

// Passes from { edit: number, statistics: Int32Array, drops: Uint8Array, thresholds: Float64Array, stopWords: string[] }[]
text::PublishedProfile profile(const Napi::Array& from) {
  text::PublishedProfile passes;
  for (uint32_t i = 0; i < from.Length(); ++i) {
    const auto object = from.Get(i).As<Napi::Object>();
    text::PublishedPass pass;
    pass.edit = static_cast<text::Edit>(object.Get("edit").As<Napi::Number>().Uint32Value());
    const auto statistic = view<const int32_t>(object.Get("statistics"));
    const auto drops = view<const uint8_t>(object.Get("drops"));
    const auto threshold = view<const double>(object.Get("thresholds"));
    for (size_t s = 0; s < statistic.size() && s < drops.size() && s < threshold.size(); ++s)
      pass.steps.push_back({statistic[s], static_cast<text::Compare>(drops[s]), threshold[s]});
    if (const auto words = object.Get("stopWords"); words.IsArray())
      for (uint32_t w = 0; w < words.As<Napi::Array>().Length(); ++w) pass.stop_words.push_back(words.As<Napi::Array>().Get(w).ToString().Utf8Value());
    passes.push_back(std::move(pass));
  }
  return passes;
}

// judge(offsets, bytes, profileOf: Uint8Array, profiles: pass[][], { maxDocumentBytes, threads, measureAll })
Napi::Value judge(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]);
  const auto profile_of = view<const uint8_t>(info[2]);
  auto profiles = std::make_shared<std::vector<text::PublishedProfile>>();
  if (info[3].IsArray()) {
    const auto list = info[3].As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) profiles->push_back(profile(list.Get(i).As<Napi::Array>()));
  }
  text::PublishedOptions how;
  if (info[4].IsObject()) {
    const auto object = info[4].As<Napi::Object>();
    if (object.Get("maxDocumentBytes").IsNumber()) how.max_document_bytes = static_cast<uint64_t>(object.Get("maxDocumentBytes").As<Napi::Number>().Int64Value());
    if (object.Get("threads").IsNumber()) how.threads = object.Get("threads").As<Napi::Number>().Int32Value();
    how.measure_all = object.Get("measureAll").ToBoolean().Value();
  }
  auto out = std::make_shared<text::PublishedJudgement>();
  return Work::start(
      info, [=] { return text::judge_published(column, profile_of, *profiles, how, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("status", copied<Napi::Uint8Array>(env, out->status));
        result.Set("step", copied<Napi::Int16Array>(env, out->step));
        result.Set("value", copied<Napi::Float64Array>(env, out->value));
        result.Set("threshold", copied<Napi::Float64Array>(env, out->threshold));
        auto statistics = Napi::Array::New(env);
        for (const auto& values : out->statistics) statistics.Set(statistics.Length(), copied<Napi::Float64Array>(env, values));
        result.Set("statistics", statistics);
        result.Set("edited", copied<Napi::Uint32Array>(env, out->edited));
        if (!out->edited.empty()) result.Set("text", copied_texts(env, out->offsets, out->bytes));
        return result;
      });
}

// segments(offsets, bytes) -> { counts: Int32Array, sizes: Int32Array }: how many segments each text has, and the bytes of each
Napi::Value segments(const Napi::CallbackInfo& info) {
  struct Out {
    std::vector<int32_t> counts, sizes;
  };
  const auto column = texts(info[0], info[1]);
  auto out = std::make_shared<Out>();
  return Work::start(
      info,
      [=]() -> Error {
        if (!column.valid()) return {kShape, "segments: expected offsets that rise within the bytes, found others"};
        for (size_t i = 0; i < column.size(); ++i) {
          const size_t before = out->sizes.size();
          if (!text::is_utf8(column[i])) return {kFormat, "segments: expected UTF-8, found other bytes in text " + std::to_string(i)};
          text::for_each_segment(column[i], [&](std::string_view segment) { out->sizes.push_back(static_cast<int32_t>(segment.size())); });
          out->counts.push_back(static_cast<int32_t>(out->sizes.size() - before));
        }
        return Error::none();
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("counts", copied<Napi::Int32Array>(env, out->counts));
        result.Set("sizes", copied<Napi::Int32Array>(env, out->sizes));
        return result;
      });
}

}  // namespace

void init_profiles(Napi::Env env, Napi::Object exports) {
  exports.Set("statistics", Napi::Function::New(env, statistics));
  exports.Set("judge", Napi::Function::New(env, judge));
  exports.Set("segments", Napi::Function::New(env, segments));
}

}  // namespace millrace::addon
