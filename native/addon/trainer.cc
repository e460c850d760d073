// Binds the trainer to Node (types and documentation: native/addon/trainer.ts). A trainer is an External; every heavy call runs on a thread
// of the pool. Calls on one trainer are kept in order by the TypeScript side; the mutex here is for whoever calls without it.
#include <algorithm>
#include <charconv>
#include <mutex>

#include "native/addon/binding.h"
#include "native/trainer/gemm/dot32.h"
#include "native/trainer/gemm/gemm.h"
#include "native/trainer/checkpoint/metadata.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::addon {
namespace {

using namespace trainer;

struct Held {
  std::unique_ptr<Trainer> trainer;
  std::mutex mutex;
};
using Handle = Napi::External<std::shared_ptr<Held>>;

Napi::Value wrap(Napi::Env env, std::unique_ptr<Trainer> trainer) {
  auto* held = new std::shared_ptr<Held>(std::make_shared<Held>());
  (*held)->trainer = std::move(trainer);
  return Handle::New(env, held, [](Napi::Env, std::shared_ptr<Held>* p) { delete p; });
}

std::shared_ptr<Held> held(const Napi::CallbackInfo& info) { return *info[0].As<Handle>().Data(); }

// Reads the fields of an object; the first that is missing or of another type is the error.
class Fields {
 public:
  Fields(const Napi::Value& value, std::string where) : where_(std::move(where)) {
    if (value.IsObject()) object_ = value.As<Napi::Object>();
    else error_ = {kArgument, where_ + ": expected an object"};
  }

  bool has(const char* name) const { return !error_ && !object_.Get(name).IsUndefined(); }
  Napi::Value value(const char* name) const { return error_ ? Napi::Value() : object_.Get(name); }

  double number(const char* name) {
    if (!error_ && object_.Get(name).IsNumber()) return object_.Get(name).As<Napi::Number>().DoubleValue();
    fail(name, "a number");
    return 0;
  }
  size_t size(const char* name) {
    const double value = number(name);
    if (value >= 0 && value <= 9007199254740992.0 && value == static_cast<double>(static_cast<uint64_t>(value))) return static_cast<size_t>(value);
    fail(name, "a whole number, 0 or more");
    return 0;
  }
  bool flag(const char* name) {
    if (!error_ && object_.Get(name).IsBoolean()) return object_.Get(name).As<Napi::Boolean>();
    fail(name, "true or false");
    return false;
  }
  std::string text(const char* name) {
    if (!error_ && object_.Get(name).IsString()) return object_.Get(name).As<Napi::String>();
    fail(name, "a string");
    return {};
  }
  template <class T>
  std::span<const T> array(const char* name, napi_typedarray_type type, const char* expected) {
    if (!error_ && object_.Get(name).IsTypedArray() && object_.Get(name).As<Napi::TypedArray>().TypedArrayType() == type)
      return view<const T>(object_.Get(name));
    fail(name, expected);
    return {};
  }

  void also(const Fields& other) {
    if (!error_) error_ = other.error_;
  }
  const Error& error() const { return error_; }

 private:
  void fail(const char* name, const char* expected) {
    if (!error_) error_ = {kArgument, where_ + "." + name + ": expected " + expected};
  }

  std::string where_;
  Napi::Object object_;
  Error error_;
};

Error read_model(const Napi::Value& value, ModelConfig& m) {
  Fields f(value, "model");
  m.vocabulary = f.size("vocabulary"), m.hidden = f.size("hidden"), m.layers = f.size("layers"), m.heads = f.size("heads");
  m.query_rank = f.size("qRank"), m.kv_rank = f.size("kvRank"), m.nope = f.size("nopeDim"), m.rope = f.size("ropeDim"), m.value = f.size("valueDim");
  m.dense_width = f.size("denseWidth"), m.expert_width = f.size("expertWidth"), m.experts = f.size("experts");
  m.zero_experts = f.size("zeroExperts"), m.top_k = f.size("topK");
  if (f.has("mtp")) m.mtp = f.size("mtp");
  m.expected_experts = f.number("expectedExperts"), m.routed_scale = f.number("routedScale"), m.norm_eps = f.number("normEps");
  if (f.has("initStd")) {
    Fields i(f.value("initStd"), "model.initStd");
    m.init = {i.number("embedding"), i.number("hidden"), i.number("residual"), i.number("router"), i.number("output")};
    f.also(i);
  }
  return f.error();
}

Error read_optimizer(const Napi::Value& value, OptimizerConfig& o) {
  Fields f(value, "optimizer");
  o.beta1 = f.number("beta1"), o.beta2 = f.number("beta2"), o.eps = f.number("eps"), o.weight_decay = f.number("weightDecay"), o.clip = f.number("clip");
  o.hidden_z_loss = f.number("hiddenZLoss"), o.balance_alpha = f.number("balanceAlpha"), o.balance_groups = f.size("balanceGroups");
  for (auto [key, factors] : {std::pair{"rates", &o.rates}, {"decays", &o.decays}}) {
    if (!f.has(key)) continue;
    Fields c(f.value(key), std::string("optimizer.") + key);
    const char* const classes[] = {"embedding", "norm", "hidden", "residual", "router", "output"};
    for (size_t i = 0; i < factors->size(); ++i)
      if (c.has(classes[i])) (*factors)[i] = c.number(classes[i]);
    f.also(c);
  }
  return f.error();
}

Error read_resources(Fields& f, Resources& r) {
  r = {static_cast<int>(std::min<size_t>(f.size("threads"), 65536)), f.has("rowsPerSlab") ? f.size("rowsPerSlab") : 1, f.size("maxRowLength"), f.size("maxMemory")};
  if (f.has("recompute")) r.recompute = static_cast<int>(std::min<size_t>(f.size("recompute"), 3));
  if (f.has("inference")) r.inference = f.flag("inference");
  if (f.has("precision")) {
    const std::string precision = f.text("precision");
    if (!f.error() && precision != "fp32" && precision != "bf16") return {kArgument, "precision: expected fp32 or bf16, found " + precision};
    r.precision = precision == "bf16" ? Precision::bf16 : Precision::fp32;
  }
  return f.error();
}

Error read_batch(Fields& f, Batch& b) {
  b.tokens = f.array<uint32_t>("tokens", napi_uint32_array, "a Uint32Array");
  b.targets = f.array<int32_t>("targets", napi_int32_array, "an Int32Array");
  b.run_rows = f.array<int32_t>("runRows", napi_int32_array, "an Int32Array");
  b.run_starts = f.array<int32_t>("runStarts", napi_int32_array, "an Int32Array");
  b.run_lengths = f.array<int32_t>("runLengths", napi_int32_array, "an Int32Array");
  b.rows = f.size("rows"), b.row_length = f.size("rowLength");
  return f.error();
}

// { name: 16 hex digits }
Error read_hashes(const Napi::Value& value, Hashes& out) {
  if (!value.IsObject()) return {kArgument, "hashes: expected an object of names and hashes"};
  const auto object = value.As<Napi::Object>();
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString(), text = object.Get(name).ToString();
    uint64_t hash = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
    if (failed != std::errc() || end != text.data() + text.size() || text.size() != 16)
      return {kArgument, "hashes." + name + ": expected 16 hex digits, found \"" + text.substr(0, 40) + "\""};
    out[name] = hash;
  }
  return Error::none();
}

Napi::Value report_of(Napi::Env env, const SaveReport& report) {
  auto out = Napi::Object::New(env);
  out.Set("bytes", static_cast<double>(report.bytes)), out.Set("copiedBytes", static_cast<double>(report.copied_bytes));
  out.Set("seconds", report.seconds), out.Set("stallSeconds", report.stall_seconds);
  for (const auto& [key, hashes] : {std::pair{"weights", &report.weights}, {"moments", &report.moments}}) {
    auto list = Napi::Object::New(env);
    for (const TensorHash& t : *hashes) list.Set(t.name, spelled(t.hash));
    out.Set(key, list);
  }
  return out;
}

Napi::Value fail(Napi::Env env, const Error& error) {
  to_js(env, error).ThrowAsJavaScriptException();
  return env.Undefined();
}

// A call on the trainer of info[0], off the JavaScript thread. `ready` is what reading the arguments gave.
Napi::Value start(const Napi::CallbackInfo& info, Error ready, std::function<Error(Trainer&)> compute, Work::Finish finish) {
  return Work::start(
      info,
      [held = held(info), ready = std::move(ready), compute = std::move(compute)]() -> Error {
        if (ready) return ready;
        std::lock_guard lock(held->mutex);
        return compute(*held->trainer);
      },
      std::move(finish));
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

Napi::Value create(const Napi::CallbackInfo& info) {
  Fields f(info[0], "request");
  ModelConfig model;
  OptimizerConfig optimizer;
  Resources resources;
  const uint64_t seed = f.size("seed");
  Error error = read_resources(f, resources);
  if (!error) error = read_model(f.value("model"), model);
  if (!error) error = read_optimizer(f.value("optimizer"), optimizer);
  std::unique_ptr<Trainer> made;
  if (!error) error = Trainer::create(model, optimizer, resources, seed, made);
  return error ? fail(info.Env(), error) : wrap(info.Env(), std::move(made));
}

Napi::Value load(const Napi::CallbackInfo& info) {
  Fields f(info[0], "request");
  OptimizerConfig optimizer;
  Resources resources;
  const std::string weights = f.text("weights"), moments = f.has("optimizerState") ? f.text("optimizerState") : "";
  Error error = read_resources(f, resources);
  if (!error) error = read_optimizer(f.value("optimizer"), optimizer);
  auto hashes = std::make_shared<Hashes>();
  if (!error && f.has("hashes")) error = read_hashes(f.value("hashes"), *hashes);
  const auto given = f.has("model") ? std::make_shared<ModelConfig>() : nullptr;
  if (!error && given) error = read_model(f.value("model"), *given);
  auto made = std::make_shared<std::unique_ptr<Trainer>>();
  return Work::start(
      info, [=]() -> Error { return error ? error : Trainer::load(weights, moments, optimizer, resources, *made, given.get(), *hashes); },
      [made](Napi::Env env) { return wrap(env, std::move(*made)); });
}

Napi::Value plan(const Napi::CallbackInfo& info) {
  Fields f(info[0], "request");
  ModelConfig model;
  OptimizerConfig optimizer;
  Resources resources;
  Error error = read_resources(f, resources);
  if (!error) error = read_model(f.value("model"), model);
  if (!error) error = read_optimizer(f.value("optimizer"), optimizer);
  if (!error) error = validate(model, optimizer, resources);
  if (error) return fail(info.Env(), error);
  const MemoryPlan memory = memory_plan(model, resources);
  auto out = Napi::Object::New(info.Env());
  out.Set("bytes", static_cast<double>(memory.total()));
  out.Set("parameters", static_cast<double>(layout_of(model).size));
  out.Set("table", memory.table());
  for (auto [name, bytes] : {std::pair{"weights", memory.weights}, {"gradients", memory.gradients}, {"moments", memory.moments},
                             {"activations", memory.activations}, {"scratch", memory.scratch}, {"cache", memory.cache}})
    out.Set(name, static_cast<double>(bytes));
  return out;
}

Napi::Value save(const Napi::CallbackInfo& info) {
  const std::string weights = info[1].ToString(), moments = info[2].ToString();
  auto report = std::make_shared<SaveReport>();
  return start(info, {}, [=](Trainer& t) { return t.save(weights, moments, report.get()); }, [report](Napi::Env env) { return report_of(env, *report); });
}

using Saving = Napi::External<std::shared_ptr<CheckpointWriter>>;

Napi::Value begin_save(const Napi::CallbackInfo& info) {
  const std::string weights = info[1].ToString(), moments = info[2].ToString();
  auto writer = std::make_shared<std::shared_ptr<CheckpointWriter>>();
  return start(info, {}, [=](Trainer& t) { return t.begin_save(weights, moments, *writer); }, [writer](Napi::Env env) -> Napi::Value {
    return Saving::New(env, new std::shared_ptr<CheckpointWriter>(*writer), [](Napi::Env, std::shared_ptr<CheckpointWriter>* p) { delete p; });
  });
}

// Beside the calls of a trainer: waits on a thread of its own, holding the trainer so that what is being read stays.
Napi::Value finish_save(const Napi::CallbackInfo& info) {
  const auto keep = held(info);
  const auto writer = *info[1].As<Saving>().Data();
  auto report = std::make_shared<SaveReport>();
  return Work::start(info, [=]() -> Error { return (void)keep, writer->finish(*report); }, [report](Napi::Env env) { return report_of(env, *report); });
}

Napi::Value export_gradients(const Napi::CallbackInfo& info) {
  const std::string path = info[1].ToString();
  return start(info, {}, [=](Trainer& t) { return t.export_gradients(path); }, nothing);
}

Napi::Value export_weights(const Napi::CallbackInfo& info) {
  const std::string path = info[1].ToString(), dialect = info[2].ToString();
  const Error ready = dialect == "hub" || dialect == "transformers5" ? Error() : Error(kArgument, "dialect: expected hub or transformers5, found " + dialect);
  return start(info, ready, [=](Trainer& t) {
    return t.export_weights(path, dialect == "hub" ? Trainer::Dialect::hub : Trainer::Dialect::transformers5);
  }, nothing);
}

Napi::Value grow(const Napi::CallbackInfo& info) {
  const double factor = info[1].ToNumber();
  return start(info, {}, [=](Trainer& t) { return t.grow(factor >= 1 && factor <= 64 ? static_cast<size_t>(factor) : 0); }, nothing);
}

Napi::Value step(const Napi::CallbackInfo& info) {
  Fields f(info[1], "request");
  Batch batch;
  StepOptions o;
  o.learning_rate = f.number("learningRate"), o.rope_base = f.number("ropeBase"), o.bias_rate = f.number("biasRate");
  if (f.has("maxLoss")) o.max_loss = f.number("maxLoss");
  if (f.has("maxGradientNorm")) o.max_gradient_norm = f.number("maxGradientNorm");
  if (f.has("mtpWeight")) o.mtp_weight = f.number("mtpWeight");
  const Error ready = read_batch(f, batch);
  auto m = std::make_shared<StepMetrics>();
  return start(info, ready, [=](Trainer& t) { return t.step(batch, o, *m); }, [m](Napi::Env env) -> Napi::Value {
    auto out = Napi::Object::New(env);
    out.Set("applied", m->applied);
    out.Set("loss", m->loss), out.Set("zLoss", m->z_loss), out.Set("balanceLoss", m->balance_loss), out.Set("gradientNorm", m->gradient_norm);
    out.Set("targets", static_cast<double>(m->targets)), out.Set("tokens", static_cast<double>(m->tokens));
    out.Set("expertCounts", copied<Napi::Uint32Array>(env, std::vector<uint32_t>(m->expert_counts.begin(), m->expert_counts.end())));
    out.Set("meanExperts", m->mean_experts), out.Set("maxBias", m->max_bias), out.Set("maxHidden", m->max_hidden);
    out.Set("mtpLoss", m->mtp_loss);
    return out;
  });
}

Napi::Value evaluate(const Napi::CallbackInfo& info) {
  Fields f(info[1], "request");
  Batch batch;
  const double rope_base = f.number("ropeBase");
  const Error ready = read_batch(f, batch);
  auto e = std::make_shared<Evaluation>();
  return start(info, ready, [=](Trainer& t) { return t.evaluate(batch, rope_base, *e); }, [e](Napi::Env env) -> Napi::Value {
    auto out = Napi::Object::New(env);
    out.Set("lossSum", copied<Napi::Float64Array>(env, e->loss_sums));
    out.Set("targets", copied<Napi::Uint32Array>(env, e->targets));
    out.Set("expertMean", e->expert_mean), out.Set("expertStd", e->expert_std);
    return out;
  });
}

Napi::Value logits(const Napi::CallbackInfo& info) {
  const bool good = info[1].IsTypedArray() && info[1].As<Napi::TypedArray>().TypedArrayType() == napi_uint32_array && info[2].IsNumber();
  const Error ready = good ? Error() : Error(kArgument, "logits: expected a Uint32Array of tokens and a number for ropeBase");
  const auto tokens = good ? view<const uint32_t>(info[1]) : std::span<const uint32_t>();
  const double rope_base = good ? info[2].As<Napi::Number>().DoubleValue() : 0;
  auto out = std::make_shared<std::vector<float>>();
  return start(
      info, ready,
      [=](Trainer& t) {
        out->resize(t.config().vocabulary);
        return t.logits(tokens, rope_base, *out);
      },
      [out](Napi::Env env) { return copied<Napi::Float32Array>(env, *out); });
}

// For bench/gemm.ts, on the calling thread so that a clock around it sees nothing else: one product, or a burst of multiply-adds.
Napi::Value multiply(const Napi::CallbackInfo& info) {
  Fields f(info[0], "request");
  const auto M = static_cast<int64_t>(f.size("m")), N = static_cast<int64_t>(f.size("n")), K = static_cast<int64_t>(f.size("k"));
  const bool a_turned = f.flag("transA"), b_turned = f.flag("transB"), accumulate = f.flag("accumulate"), dot32 = f.flag("dot32");
  const auto A = f.array<float>("a", napi_float32_array, "a Float32Array"), B = f.array<float>("b", napi_float32_array, "a Float32Array"),
             C = f.array<float>("c", napi_float32_array, "a Float32Array");
  const int threads = static_cast<int>(std::min<size_t>(f.size("threads"), 1024));
  constexpr int64_t most = 1 << 24;
  if (f.error()) return fail(info.Env(), f.error());
  if (M > most || N > most || K > most || static_cast<int64_t>(A.size()) != M * K || static_cast<int64_t>(B.size()) != K * N ||
      static_cast<int64_t>(C.size()) != M * N)
    return fail(info.Env(), {kShape, "multiply: expected a, b, c of m x k, k x n, m x n values"});
  float* out = const_cast<float*>(C.data());
  const int64_t lda = a_turned ? M : K, ldb = b_turned ? K : N;
  if (dot32) gemm_dot32(a_turned, b_turned, M, N, K, A.data(), lda, B.data(), ldb, out, N, accumulate, threads);
  else gemm(a_turned, b_turned, M, N, K, A.data(), lda, B.data(), ldb, out, N, accumulate, threads);
  return info.Env().Undefined();
}

Napi::Value burst(const Napi::CallbackInfo& info) {
  const double turns = info[0].ToNumber(), threads = info[1].ToNumber();
  return Napi::Number::New(info.Env(), turns >= 1 && turns <= 1e12 && threads >= 1 && threads <= 1024
                                           ? fma_burst(static_cast<int64_t>(turns), static_cast<int>(threads)) : 0);
}

Napi::Value hash(const Napi::CallbackInfo& info) {
  const bool gradients = info[1].ToString().Utf8Value() == "gradients";
  auto out = std::make_shared<std::string>();
  return start(
      info, {},
      [=](Trainer& t) {
        *out = gradients ? t.gradient_hash() : t.weight_hash();
        return Error::none();
      },
      [out](Napi::Env env) -> Napi::Value { return Napi::String::New(env, *out); });
}

Napi::Value state(const Napi::CallbackInfo& info) {
  const auto keep = held(info);
  const Trainer::State s = keep->trainer->state();
  auto out = Napi::Object::New(info.Env());
  out.Set("step", static_cast<double>(s.counters.step)), out.Set("tokens", static_cast<double>(s.counters.tokens));
  out.Set("updates", static_cast<double>(s.counters.updates)), out.Set("mtpUpdates", static_cast<double>(s.counters.mtp_updates));
  out.Set("parameters", static_cast<double>(s.parameters)), out.Set("bytes", static_cast<double>(s.bytes));
  out.Set("numerics", static_cast<double>(kNumericsRevision));
  return out;
}

Napi::Value model(const Napi::CallbackInfo& info) {
  const auto keep = held(info);
  const ModelConfig m = keep->trainer->state().model;
  auto out = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, auto value) { out.Set(name, static_cast<double>(value)); };
  set("vocabulary", m.vocabulary), set("hidden", m.hidden), set("layers", m.layers), set("heads", m.heads), set("qRank", m.query_rank);
  set("kvRank", m.kv_rank), set("nopeDim", m.nope), set("ropeDim", m.rope), set("valueDim", m.value), set("denseWidth", m.dense_width);
  set("expertWidth", m.expert_width), set("experts", m.experts), set("zeroExperts", m.zero_experts), set("topK", m.top_k);
  if (m.mtp) set("mtp", m.mtp);
  set("expectedExperts", m.expected_experts), set("routedScale", m.routed_scale), set("normEps", m.norm_eps);
  auto init = Napi::Object::New(info.Env());
  init.Set("embedding", m.init.embedding), init.Set("hidden", m.init.hidden), init.Set("residual", m.init.residual);
  init.Set("router", m.init.router), init.Set("output", m.init.output);
  out.Set("initStd", init);
  return out;
}

}  // namespace

void init_trainer(Napi::Env env, Napi::Object exports) {
  exports.Set("create", Napi::Function::New(env, create));
  exports.Set("load", Napi::Function::New(env, load));
  exports.Set("plan", Napi::Function::New(env, plan));
  exports.Set("save", Napi::Function::New(env, save));
  exports.Set("beginSave", Napi::Function::New(env, begin_save));
  exports.Set("finishSave", Napi::Function::New(env, finish_save));
  exports.Set("exportGradients", Napi::Function::New(env, export_gradients));
  exports.Set("exportWeights", Napi::Function::New(env, export_weights));
  exports.Set("grow", Napi::Function::New(env, grow));
  exports.Set("step", Napi::Function::New(env, step));
  exports.Set("evaluate", Napi::Function::New(env, evaluate));
  exports.Set("logits", Napi::Function::New(env, logits));
  exports.Set("hash", Napi::Function::New(env, hash));
  exports.Set("multiply", Napi::Function::New(env, multiply));
  exports.Set("burst", Napi::Function::New(env, burst));
  exports.Set("state", Napi::Function::New(env, state));
  exports.Set("model", Napi::Function::New(env, model));
}

}  // namespace millrace::addon
