// Binds native/ngram: models, scores of text columns, training.
#include "native/addon/binding.h"
#include "native/ngram/model.h"
#include "native/ngram/score.h"
#include "native/ngram/train.h"

namespace millrace::addon {
namespace {

const char* name(ngram::Words words) { return words == ngram::Words::simple ? "simple" : "spaces"; }

template <class T, class Made>
Napi::Value handle(Napi::Env env, Made made) {
  return Napi::External<std::shared_ptr<T>>::New(env, new std::shared_ptr<T>(std::move(made)), [](Napi::Env, std::shared_ptr<T>* old) { delete old; });
}
template <class T>
std::shared_ptr<T> held(const Napi::Value& value) {
  return value.IsExternal() ? *value.As<Napi::External<std::shared_ptr<T>>>().Data() : nullptr;
}

// load(path) -> handle
Napi::Value load(const Napi::CallbackInfo& info) {
  const std::string path = info[0].ToString();
  auto out = std::make_shared<std::unique_ptr<ngram::Model>>();
  return Work::start(info, [=] { return ngram::Model::load(path, *out); },
                     [=](Napi::Env env) { return handle<const ngram::Model>(env, std::shared_ptr<const ngram::Model>(std::move(*out))); });
}

// describe(handle) -> { order, words, vocabulary, counts: number[] }
Napi::Value describe(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto model = held<const ngram::Model>(info[0]);
  auto result = Napi::Object::New(env);
  auto counts = Napi::Array::New(env);
  for (int k = 1; k <= model->order(); ++k) counts.Set(static_cast<uint32_t>(k - 1), Napi::Number::New(env, static_cast<double>(model->count(k))));
  result.Set("order", model->order());
  result.Set("words", name(model->words()));
  result.Set("vocabulary", Napi::Number::New(env, static_cast<double>(model->vocabulary())));
  result.Set("counts", counts);
  return result;
}

// save(handle, path)
Napi::Value save(const Napi::CallbackInfo& info) {
  const auto model = held<const ngram::Model>(info[0]);
  const std::string path = info[1].ToString();
  return Work::start(info, [=] { return model->save(path); }, [](Napi::Env env) { return env.Undefined(); });
}

// score(handle, offsets, bytes, { begin, end, lines, threads }) -> { log10, words, unknown, sentences }
Napi::Value score(const Napi::CallbackInfo& info) {
  const auto model = held<const ngram::Model>(info[0]);
  const auto column = texts(info[1], info[2]);
  const auto how = info[3].ToObject();
  ngram::ScoreOptions options;
  options.begin = how.Get("begin").ToBoolean();
  options.end = how.Get("end").ToBoolean();
  options.lines = how.Get("lines").ToBoolean();
  options.threads = how.Get("threads").ToNumber().Int32Value();
  auto out = std::make_shared<ngram::Scores>();
  return Work::start(
      info, [=] { return ngram::score(*model, column, options, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("log10", copied<Napi::Float64Array>(env, out->log10));
        result.Set("words", copied<Napi::Uint32Array>(env, out->words));
        result.Set("unknown", copied<Napi::Uint32Array>(env, out->unknown));
        result.Set("sentences", copied<Napi::Uint32Array>(env, out->sentences));
        return result;
      });
}

// trainer({ order, words, maxMemory, scratch, prune: number[], fallback, arpa, binary }) -> handle
Napi::Value trainer(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto given = info[0].ToObject();
  ngram::TrainOptions options;
  options.order = given.Get("order").ToNumber().Int32Value();
  options.words = given.Get("words").ToString().Utf8Value() == "spaces" ? ngram::Words::spaces : ngram::Words::simple;
  options.max_memory = static_cast<uint64_t>(given.Get("maxMemory").ToNumber().Int64Value());
  options.scratch = given.Get("scratch").ToString();
  options.fallback = given.Get("fallback").ToBoolean();
  options.arpa = given.Get("arpa").ToString();
  options.binary = given.Get("binary").ToString();
  const auto prune = given.Get("prune").As<Napi::Array>();
  for (uint32_t k = 0; k < prune.Length() && k < ngram::kMaxOrder; ++k) options.prune[k] = static_cast<uint64_t>(prune.Get(k).ToNumber().Int64Value());
  // A list that is shorter than the order: its last number holds for the rest, as in lmplz.
  for (uint32_t k = std::max(1u, prune.Length()); k < ngram::kMaxOrder; ++k) options.prune[k] = options.prune[k - 1];
  std::unique_ptr<ngram::Trainer> made;
  if (const Error error = ngram::Trainer::make(options, made)) {
    to_js(env, error).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  return handle<ngram::Trainer>(env, std::shared_ptr<ngram::Trainer>(std::move(made)));
}

// train(handle, offsets, bytes)
Napi::Value train(const Napi::CallbackInfo& info) {
  const auto trainer = held<ngram::Trainer>(info[0]);
  const auto column = texts(info[1], info[2]);
  return Work::start(info, [=] { return trainer->add(column); }, [](Napi::Env env) { return env.Undefined(); });
}

// finish(handle) -> { words, sentences, vocabulary, orders: { count, pruned, discounts, fellBack }[] }
Napi::Value finish(const Napi::CallbackInfo& info) {
  const auto trainer = held<ngram::Trainer>(info[0]);
  auto report = std::make_shared<ngram::TrainReport>();
  return Work::start(
      info, [=] { return trainer->finish(*report); },
      [=](Napi::Env env) -> Napi::Value {
        const auto number = [&](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
        auto result = Napi::Object::New(env);
        result.Set("words", number(report->words));
        result.Set("sentences", number(report->sentences));
        result.Set("vocabulary", number(report->vocabulary));
        auto orders = Napi::Array::New(env);
        for (uint32_t k = 0; k < ngram::kMaxOrder && report->counts[k] + report->pruned[k] > 0; ++k) {
          auto order = Napi::Object::New(env);
          order.Set("count", number(report->counts[k]));
          order.Set("pruned", number(report->pruned[k]));
          auto discounts = Napi::Array::New(env);
          for (uint32_t j = 0; j < 3; ++j) discounts.Set(j, report->discounts[k][j]);
          order.Set("discounts", discounts);
          order.Set("fellBack", report->fell_back[k]);
          orders.Set(k, order);
        }
        result.Set("orders", orders);
        return result;
      });
}

}  // namespace

void init_ngram(Napi::Env env, Napi::Object exports) {
  exports.Set("load", Napi::Function::New(env, load));
  exports.Set("describe", Napi::Function::New(env, describe));
  exports.Set("save", Napi::Function::New(env, save));
  exports.Set("score", Napi::Function::New(env, score));
  exports.Set("trainer", Napi::Function::New(env, trainer));
  exports.Set("train", Napi::Function::New(env, train));
  exports.Set("finish", Napi::Function::New(env, finish));
}

}  // namespace millrace::addon
