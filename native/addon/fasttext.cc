// Binds native/fasttext: reading a model, asking it about a column of texts, training one.
#include "native/addon/binding.h"
#include "native/fasttext/model.h"
#include "native/fasttext/train.h"

namespace millrace::addon {
namespace {

// openModel(bytes) -> Promise of { handle, labels: string[], dim, words, loss }
Napi::Value open_model(const Napi::CallbackInfo& info) {
  const auto bytes = view<const uint8_t>(info[0]);
  auto made = std::make_shared<std::unique_ptr<fasttext::Model>>();
  return Work::start(
      info, [=] { return fasttext::Model::open(bytes, *made); },
      [=](Napi::Env env) -> Napi::Value {
        const auto& model = **made;
        auto result = Napi::Object::New(env);
        auto labels = Napi::Array::New(env, model.dictionary().labels());
        for (size_t i = 0; i < model.dictionary().labels(); ++i) {
          const auto label = model.dictionary().label(i);
          labels.Set(static_cast<uint32_t>(i), Napi::String::New(env, label.data(), label.size()));
        }
        result.Set("labels", labels);
        result.Set("dim", Napi::Number::New(env, model.header().dim));
        constexpr const char* kLosses[] = {"hs", "ns", "softmax", "ova"};
        result.Set("loss", kLosses[model.header().loss - 1]);
        result.Set("words", Napi::Number::New(env, static_cast<double>(model.dictionary().words())));
        result.Set("handle", Napi::External<fasttext::Model>::New(env, made->release(), [](Napi::Env, fasttext::Model* old) { delete old; }));
        return result;
      });
}

// predict(handle, offsets, bytes, { k, maxBytes, threads }) -> Promise of { k, label: Int32Array, score: Float32Array }
Napi::Value predict(const Napi::CallbackInfo& info) {
  const auto* model = info[0].As<Napi::External<fasttext::Model>>().Data();
  const auto column = texts(info[1], info[2]);
  const auto given = info[3].As<Napi::Object>();
  fasttext::PredictOptions options;
  options.k = given.Get("k").ToNumber().Int32Value();
  options.max_bytes = static_cast<uint64_t>(given.Get("maxBytes").ToNumber().Int64Value());
  options.threads = given.Get("threads").ToNumber().Int32Value();
  auto out = std::make_shared<fasttext::Predictions>();
  return Work::start(
      info, [=] { return model->predict(column, options, *out); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("label", copied<Napi::Int32Array>(env, out->label));
        result.Set("score", copied<Napi::Float32Array>(env, out->score));
        return result;
      });
}

// train(offsets, bytes, labels: Int32Array, nameOffsets, nameBytes, options) -> Promise of Uint8Array
Napi::Value train(const Napi::CallbackInfo& info) {
  const auto column = texts(info[0], info[1]), names = texts(info[3], info[4]);
  const auto labels = view<const int32_t>(info[2]);
  const auto given = info[5].As<Napi::Object>();
  fasttext::TrainOptions options;
  const auto number = [&](const char* name, int32_t& value) {
    if (given.Get(name).IsNumber()) value = given.Get(name).As<Napi::Number>().Int32Value();
  };
  number("dim", options.dim);
  number("epoch", options.epoch);
  number("wordNgrams", options.word_ngrams);
  number("minn", options.minn);
  number("maxn", options.maxn);
  number("bucket", options.bucket);
  number("minCount", options.min_count);
  number("minCountLabel", options.min_count_label);
  number("lrUpdateRate", options.lr_update_rate);
  if (given.Get("lr").IsNumber()) options.lr = given.Get("lr").As<Napi::Number>().DoubleValue();
  if (given.Get("seed").IsNumber()) options.seed = static_cast<uint64_t>(given.Get("seed").As<Napi::Number>().Int64Value());
  if (given.Get("maxBytes").IsNumber()) options.max_bytes = static_cast<uint64_t>(given.Get("maxBytes").As<Napi::Number>().Int64Value());
  auto out = std::make_shared<std::vector<uint8_t>>();
  return Work::start(
      info, [=] { return fasttext::train(column, labels, names, options, *out); }, [=](Napi::Env env) { return copied<Napi::Uint8Array>(env, *out); });
}

}  // namespace

void init_fasttext(Napi::Env env, Napi::Object exports) {
  exports.Set("openModel", Napi::Function::New(env, open_model));
  exports.Set("train", Napi::Function::New(env, train));
  exports.Set("predict", Napi::Function::New(env, predict));
}

}  // namespace millrace::addon
