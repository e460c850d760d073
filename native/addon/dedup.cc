// Near duplicates and evaluation overlap, column by column.
#include "native/addon/binding.h"
#include "native/dedup/keys.h"
#include "native/dedup/minhash.h"
#include "native/dedup/ngrams.h"
#include "native/dedup/simplify.h"
#include "native/dedup/verify.h"

namespace millrace::addon {

using namespace dedup;

static MinhashConfig config_of(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto number = [&](const char* key) { return object.Get(key).ToNumber(); };
  return {number("ngram").Int32Value(), number("bands").Int32Value(), number("rows").Int32Value(), number("seed").Uint32Value(),
          object.Get("hash").ToString().Utf8Value() == "sha1" ? ShingleHash::sha1 : ShingleHash::xxh64};
}

static int threads_of(const Napi::Value& value) { return value.ToNumber().Int32Value(); }

// simplifyTexts(offsets, bytes): Promise of {offsets, bytes}: the words of each text joined by a space
static Napi::Value simplify_texts(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  struct Out {
    std::vector<int32_t> offsets = {0};
    std::vector<uint8_t> bytes;
  };
  auto out = std::make_shared<Out>();
  return Work::start(
      info,
      [=] {
        if (!column.valid()) return Error(kShape, "simplifyTexts: expected text offsets that rise within the bytes");
        Words words;
        for (size_t i = 0; i < column.size(); ++i) {
          simplify(column[i], words);
          const auto text = words.run(0, words.size());
          if (out->bytes.size() + text.size() > INT32_MAX) return Error(kMemory, "simplifyTexts: expected less than 2 GiB of text in a call");
          out->bytes.insert(out->bytes.end(), text.begin(), text.end());
          out->offsets.push_back(static_cast<int32_t>(out->bytes.size()));
        }
        return Error::none();
      },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("offsets", copied<Napi::Int32Array>(env, out->offsets));
        object.Set("bytes", copied<Napi::Uint8Array>(env, out->bytes));
        return object;
      });
}

// signatures(offsets, bytes, config, threads): Promise of {bandKeys, shingles}
static Napi::Value signatures_of(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  const MinhashConfig config = config_of(info[2]);
  const int threads = threads_of(info[3]);
  auto out = std::make_shared<Signatures>();
  return Work::start(
      info, [=] { return signatures(column, config, threads, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("bandKeys", copied<Napi::BigUint64Array>(env, out->band_keys));
        object.Set("shingles", copied<Napi::Uint32Array>(env, out->shingles));
        return object;
      });
}

// shingleSets(offsets, bytes, config, threads): Promise of {offsets, values}
static Napi::Value shingle_sets_of(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  const MinhashConfig config = config_of(info[2]);
  const int threads = threads_of(info[3]);
  auto out = std::make_shared<ShingleSets>();
  return Work::start(
      info, [=] { return shingle_sets(column, config, threads, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("offsets", copied<Napi::Int32Array>(env, out->offsets));
        object.Set("values", copied<Napi::BigUint64Array>(env, out->values));
        return object;
      });
}

// keepGreedily(offsets, values, groups, threshold, maxComparisons, threads): Promise of {partner, similarity, comparisons, cutShort}
static Napi::Value keep(const Napi::CallbackInfo& info) {
  const SetColumn sets{view<const int32_t>(info[0]), view<const uint64_t>(info[1])};
  const auto groups = view<const int32_t>(info[2]);
  const double threshold = info[3].ToNumber().DoubleValue();
  const uint32_t max_comparisons = info[4].ToNumber().Uint32Value();
  const int threads = threads_of(info[5]);
  auto out = std::make_shared<Verdicts>();
  return Work::start(
      info, [=] { return keep_greedily(sets, groups, threshold, max_comparisons, threads, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("partner", copied<Napi::Int32Array>(env, out->partner));
        object.Set("similarity", copied<Napi::Float64Array>(env, out->similarity));
        object.Set("comparisons", Napi::Number::New(env, static_cast<double>(out->comparisons)));
        object.Set("cutShort", Napi::Number::New(env, static_cast<double>(out->cut_short)));
        return object;
      });
}

// arrange(rows, width, partitions): Promise of {order, bounds}
static Napi::Value arrange_rows(const Napi::CallbackInfo& info) {
  const auto rows = view<const uint8_t>(info[0]);
  const uint32_t width = info[1].ToNumber().Uint32Value(), partitions = info[2].ToNumber().Uint32Value();
  auto out = std::make_shared<Arranged>();
  return Work::start(
      info, [=] { return arrange(rows, width, partitions, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("order", copied<Napi::Uint32Array>(env, out->order));
        object.Set("bounds", copied<Napi::Uint32Array>(env, out->bounds));
        return object;
      });
}

// groupPairs(rows, prefix, limit): Promise of {pairs, groups, largest, oversize}
static Napi::Value group(const Napi::CallbackInfo& info) {
  const auto rows = view<const uint8_t>(info[0]);
  const uint32_t prefix = info[1].ToNumber().Uint32Value(), limit = info[2].ToNumber().Uint32Value();
  auto out = std::make_shared<Groups>();
  return Work::start(
      info, [=] { return group_pairs(rows, prefix, limit, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("pairs", copied<Napi::Uint8Array>(env, out->pairs));
        object.Set("groups", Napi::Number::New(env, static_cast<double>(out->groups)));
        object.Set("largest", Napi::Number::New(env, static_cast<double>(out->largest)));
        object.Set("oversize", Napi::Number::New(env, static_cast<double>(out->oversize)));
        return object;
      });
}

// components(edges): Promise of Uint8Array
static Napi::Value components_of(const Napi::CallbackInfo& info) {
  const auto edges = view<const uint8_t>(info[0]);
  auto out = std::make_shared<std::vector<uint8_t>>();
  return Work::start(
      info, [=] { return components(edges, *out); }, [out](Napi::Env env) { return copied<Napi::Uint8Array>(env, *out); });
}

// findIds(table, order, ids): Int32Array
static Napi::Value find(const Napi::CallbackInfo& info) {
  return copied<Napi::Int32Array>(info.Env(), find_ids(view<const uint8_t>(info[0]), view<const uint32_t>(info[1]), view<const uint8_t>(info[2])));
}

// ngramIndex(offsets, bytes, n): Promise of {hashes, texts, positions, sizes}
static Napi::Value index_of(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  const int n = info[2].ToNumber().Int32Value();
  auto out = std::make_shared<NgramIndex>();
  return Work::start(
      info, [=] { return ngram_index(column, n, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("hashes", copied<Napi::BigUint64Array>(env, out->hashes));
        object.Set("texts", copied<Napi::Uint32Array>(env, out->texts));
        object.Set("positions", copied<Napi::Uint32Array>(env, out->positions));
        object.Set("sizes", copied<Napi::Uint32Array>(env, out->sizes));
        return object;
      });
}

// ngramHits(offsets, bytes, n, hashes, threads): Promise of {counts, entries, positions}
static Napi::Value hits_of(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  const int n = info[2].ToNumber().Int32Value(), threads = threads_of(info[4]);
  const auto hashes = view<const uint64_t>(info[3]);
  auto out = std::make_shared<NgramHits>();
  return Work::start(
      info, [=] { return ngram_hits(column, n, hashes, threads, *out); },
      [out](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("counts", copied<Napi::Uint32Array>(env, out->counts));
        object.Set("entries", copied<Napi::Int32Array>(env, out->entries));
        object.Set("positions", copied<Napi::Uint32Array>(env, out->positions));
        return object;
      });
}

void init_dedup(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) { exports.Set(name, Napi::Function::New(env, function)); };
  add("simplifyTexts", simplify_texts);
  add("signatures", signatures_of);
  add("shingleSets", shingle_sets_of);
  add("keepGreedily", keep);
  add("arrange", arrange_rows);
  add("groupPairs", group);
  add("components", components_of);
  add("findIds", find);
  add("ngramIndex", index_of);
  add("ngramHits", hits_of);
}

}  // namespace millrace::addon
