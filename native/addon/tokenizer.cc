// Columns in, columns out; the tokenizer itself is an opaque object that calls share.
#include <algorithm>

#include "native/addon/binding.h"
#include "native/tokenizer/counts.h"
#include "native/tokenizer/encode.h"
#include "native/tokenizer/presplit.h"
#include "native/tokenizer/train.h"
#include "native/tokenizer/unicode.h"

namespace millrace::addon {
namespace {

using namespace millrace::tokenizer;
using SharedEncoder = std::shared_ptr<Encoder>;

Napi::Value bigints(Napi::Env env, const std::vector<uint64_t>& data) { return copied<Napi::BigUint64Array>(env, data); }

// { partition, offsets, bytes, counts }; undefined for none.
Napi::Value to_js(Napi::Env env, const Counts& counts) {
  if (counts.counts.empty()) return env.Undefined();
  auto object = copied_texts(env, counts.offsets, counts.bytes);
  object.Set("partition", Napi::Number::New(env, counts.partition));
  object.Set("counts", bigints(env, counts.counts));
  return object;
}

// An object that calls share, as an external value.
template <class T>
Napi::Value external(Napi::Env env, std::shared_ptr<T> object) {
  return Napi::External<std::shared_ptr<T>>::New(env, new std::shared_ptr<T>(std::move(object)), [](Napi::Env, std::shared_ptr<T>* held) { delete held; });
}
template <class T>
std::shared_ptr<T> shared(const Napi::Value& value) { return *value.As<Napi::External<std::shared_ptr<T>>>().Data(); }

Pattern pattern_of(const Napi::Value& value) { return static_cast<Pattern>(std::min<uint32_t>(value.ToNumber().Uint32Value(), kPatterns - 1)); }

// splitText(bytes, pattern): Uint32Array of piece ends.
Napi::Value split_text(const Napi::CallbackInfo& info) {
  const auto bytes = view<const uint8_t>(info[0]);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const size_t bad = first_invalid(text); bad < text.size()) {
    addon::to_js(info.Env(), {kFormat, "expected UTF-8, found an invalid sequence at byte " + std::to_string(bad)}).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  std::vector<uint32_t> ends;
  const Pattern pattern = pattern_of(info[1]);
  uint32_t block[128];
  for (size_t at = 0; at < text.size(); at = ends.back()) {
    const size_t found = split(pattern, text, at, block);
    ends.insert(ends.end(), block, block + found);
  }
  return copied<Napi::Uint32Array>(info.Env(), ends);
}

// openCounter(pattern, maxPiece, partitions, threads, maxMemory, folder)
Napi::Value open_counter(const Napi::CallbackInfo& info) {
  const CounterOptions options{pattern_of(info[0]),
                               static_cast<size_t>(info[1].ToNumber().Int64Value()),
                               info[2].ToNumber().Uint32Value(),
                               info[3].ToNumber().Int32Value(),
                               static_cast<uint64_t>(info[4].ToNumber().Int64Value()),
                               info[5].ToString().Utf8Value()};
  return external(info.Env(), std::make_shared<Counter>(options));
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

// countTexts(counter, offsets, bytes)
Napi::Value count_texts(const Napi::CallbackInfo& info) {
  return Work::start(info, [=, counter = shared<Counter>(info[0]), column = texts(info[1], info[2])] { return counter->add(column); }, nothing);
}

// addCounts(counter, offsets, bytes, counts)
Napi::Value add_counts(const Napi::CallbackInfo& info) {
  return Work::start(
      info, [=, counter = shared<Counter>(info[0]), column = texts(info[1], info[2]), each = view<const uint64_t>(info[3])] { return counter->add(column, each); },
      nothing);
}

// nextCounts(counter, bytes)
Napi::Value next_counts(const Napi::CallbackInfo& info) {
  auto counts = std::make_shared<Counts>();
  return Work::start(
      info, [=, counter = shared<Counter>(info[0]), bytes = info[1].ToNumber().Int64Value()] { return counter->next(static_cast<size_t>(bytes), *counts); },
      [=](Napi::Env env) { return to_js(env, *counts); });
}

// counterState(counter): { pieces, skipped, spills }
Napi::Value counter_state(const Napi::CallbackInfo& info) {
  const auto counter = shared<Counter>(info[0]);
  auto object = Napi::Object::New(info.Env());
  object.Set("pieces", Napi::Number::New(info.Env(), static_cast<double>(counter->pieces())));
  object.Set("skipped", Napi::Number::New(info.Env(), static_cast<double>(counter->skipped())));
  object.Set("spills", Napi::Number::New(info.Env(), static_cast<double>(counter->spills())));
  return object;
}

// openTrainer(vocabulary, minCount, maxMemory, folder)
Napi::Value open_trainer(const Napi::CallbackInfo& info) {
  const TrainOptions options{info[0].ToNumber().Uint32Value(), static_cast<uint64_t>(info[1].ToNumber().Int64Value()),
                             static_cast<uint64_t>(info[2].ToNumber().Int64Value()), info[3].ToString().Utf8Value()};
  std::unique_ptr<Trainer> trainer;
  if (const Error error = Trainer::open(options, trainer)) {
    addon::to_js(info.Env(), error).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return external(info.Env(), std::shared_ptr<Trainer>(std::move(trainer)));
}

// addWords(trainer, offsets, bytes, counts)
Napi::Value add_words(const Napi::CallbackInfo& info) {
  return Work::start(
      info, [=, trainer = shared<Trainer>(info[0]), column = texts(info[1], info[2]), each = view<const uint64_t>(info[3])] { return trainer->add(column, each); },
      nothing);
}

// train(trainer): { offsets, bytes } of ids from 512, merges as triples, and how many arrays did not fit into memory.
Napi::Value train_bpe(const Napi::CallbackInfo& info) {
  auto trained = std::make_shared<Trained>();
  const auto trainer = shared<Trainer>(info[0]);
  return Work::start(
      info, [=] { return trainer->run(*trained); },
      [=](Napi::Env env) -> Napi::Value {
        std::vector<int32_t> offsets = {0};
        std::vector<uint8_t> bytes;
        for (const std::string& token : trained->tokens) {
          bytes.insert(bytes.end(), token.begin(), token.end());
          offsets.push_back(static_cast<int32_t>(bytes.size()));
        }
        std::vector<uint32_t> merges;
        for (const Merge& m : trained->merges) merges.insert(merges.end(), {m.left, m.right, m.id});
        auto object = copied_texts(env, offsets, bytes);
        object.Set("merges", copied<Napi::Uint32Array>(env, merges));
        object.Set("moved", Napi::Number::New(env, trainer->moved()));
        return object;
      });
}

// open(offsets, bytes, merges, cacheBytes, maxPiece, pattern, specials?, whole?): the tokenizer, as an external value; with `specials` of a
// layout that is not ours.
Napi::Value open(const Napi::CallbackInfo& info) {
  auto encoder = std::make_shared<SharedEncoder>();
  const EncoderOptions options{pattern_of(info[5]), static_cast<size_t>(info[3].ToNumber().Int64Value()), static_cast<size_t>(info[4].ToNumber().Int64Value())};
  const bool given = info[6].IsTypedArray();
  return Work::start(
      info,
      [=, tokens = texts(info[0], info[1]), merges = view<const uint32_t>(info[2]),
       specials = given ? view<const uint32_t>(info[6]) : std::span<const uint32_t>(), whole = info[7].ToBoolean().Value()] {
        std::unique_ptr<Bpe> bpe;
        if (given) MILLRACE_TRY(Bpe::make_given(tokens, merges, specials, whole, bpe));
        else MILLRACE_TRY(Bpe::make(tokens, merges, bpe));
        *encoder = std::make_shared<Encoder>(std::move(bpe), options);
        return Error::none();
      },
      [=](Napi::Env env) { return external(env, *encoder); });
}

// mergesOfRanks(offsets, bytes): triples of ranks.
Napi::Value merges_of(const Napi::CallbackInfo& info) {
  auto merges = std::make_shared<std::vector<uint32_t>>();
  return Work::start(
      info, [=, tokens = texts(info[0], info[1])] { return merges_of_ranks(tokens, *merges); },
      [=](Napi::Env env) -> Napi::Value { return copied<Napi::Uint32Array>(env, *merges); });
}

// A typed array over what a vector holds, without a copy: ids of a batch are hundreds of megabytes.
template <class Array, class T>
Array held(Napi::Env env, std::vector<T>&& data) {
  auto* vector = new std::vector<T>(std::move(data));
  if (vector->empty()) {
    delete vector;
    return Array::New(env, 0);
  }
  const auto buffer = Napi::ArrayBuffer::New(
      env, vector->data(), vector->size() * sizeof(T), [](Napi::Env, void*, std::vector<T>* held) { delete held; }, vector);
  return Array::New(env, vector->size(), buffer, 0);
}

// encode(tokenizer, offsets, bytes, threads): { offsets, ids }
Napi::Value encode(const Napi::CallbackInfo& info) {
  auto ids = std::make_shared<Ids>();
  return Work::start(
      info,
      [=, encoder = shared<Encoder>(info[0]), column = texts(info[1], info[2]), threads = info[3].ToNumber().Int32Value()] {
        return encoder->encode(column, threads, *ids);
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("offsets", copied<Napi::Int32Array>(env, ids->offsets));
        object.Set("ids", held<Napi::Uint32Array>(env, std::move(ids->ids)));
        return object;
      });
}

// decode(tokenizer, offsets, ids, skipSpecial): { offsets, bytes }
Napi::Value decode(const Napi::CallbackInfo& info) {
  auto bytes = std::make_shared<Bytes>();
  return Work::start(
      info,
      [=, encoder = shared<Encoder>(info[0]), offsets = view<const int32_t>(info[1]), ids = view<const uint32_t>(info[2]), skip = info[3].ToBoolean().Value()] {
        return encoder->decode(offsets, ids, skip, *bytes);
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("offsets", copied<Napi::Int32Array>(env, bytes->offsets));
        object.Set("bytes", copied<Napi::Uint8Array>(env, bytes->bytes));
        return object;
      });
}

Napi::Value unicode(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), unicode_version()); }

}  // namespace

void init_tokenizer(Napi::Env env, Napi::Object exports) {
  exports.Set("splitText", Napi::Function::New(env, split_text));
  exports.Set("openCounter", Napi::Function::New(env, open_counter));
  exports.Set("countTexts", Napi::Function::New(env, count_texts));
  exports.Set("addCounts", Napi::Function::New(env, add_counts));
  exports.Set("nextCounts", Napi::Function::New(env, next_counts));
  exports.Set("counterState", Napi::Function::New(env, counter_state));
  exports.Set("openTrainer", Napi::Function::New(env, open_trainer));
  exports.Set("addWords", Napi::Function::New(env, add_words));
  exports.Set("train", Napi::Function::New(env, train_bpe));
  exports.Set("open", Napi::Function::New(env, open));
  exports.Set("mergesOfRanks", Napi::Function::New(env, merges_of));
  exports.Set("encode", Napi::Function::New(env, encode));
  exports.Set("decode", Napi::Function::New(env, decode));
  exports.Set("unicodeVersion", Napi::Function::New(env, unicode));
}

}  // namespace millrace::addon
