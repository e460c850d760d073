// WARC and ARC files to columns of documents, a batch a call, off the JavaScript thread.
#include <atomic>

#include "native/addon/binding.h"
#include "native/warc/documents.h"
#include "native/warc/index.h"

namespace millrace::addon {
namespace {

using warc::Compression;

struct Open {
  warc::FileSource source;
  std::unique_ptr<warc::DocumentReader> documents;
  std::unique_ptr<warc::Indexer> index;
  std::atomic<bool> busy = false;
};
using Handle = std::shared_ptr<Open>;

// A typed array over native memory, which it keeps: nothing is copied.
template <class Array, class Container>
Napi::Value owned(Napi::Env env, Container&& from) {
  using T = typename Container::value_type;
  auto* kept = new Container(std::move(from));
  auto buffer = Napi::ArrayBuffer::New(env, kept->data(), kept->size() * sizeof(T), [](Napi::Env, void*, Container* held) { delete held; }, kept);
  return Array::New(env, kept->size(), buffer, 0);
}

warc::Reader::Options options_of(const Napi::CallbackInfo& info, size_t first) {
  const auto number = [&](size_t i) { return static_cast<uint64_t>(std::max(0.0, std::min(info[first + i].ToNumber().DoubleValue(), 9007199254740991.0))); };
  warc::Reader::Options options;
  const uint64_t compression = number(0);
  options.compression = compression == 1 ? Compression::gzip : compression == 2 ? Compression::zstd : Compression::none;
  options.max_expansion = number(1);
  options.from = number(2);
  options.inner = number(3);
  options.to = number(4);
  return options;
}

// openDocuments(path, compression 0 none 1 gzip 2 zstd, maxExpansion, from, inner, to, maxDocumentBytes) -> handle
Napi::Value open_documents(const Napi::CallbackInfo& info) {
  auto open = std::make_shared<Open>();
  if (Error error = open->source.open(info[0].ToString().Utf8Value())) {
    to_js(info.Env(), error).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const auto most = std::min(info[6].ToNumber().DoubleValue(), 268435456.0);
  open->documents = std::make_unique<warc::DocumentReader>(open->source, options_of(info, 1), static_cast<size_t>(std::max(1.0, most)));
  return Napi::External<Handle>::New(info.Env(), new Handle(open), [](Napi::Env, Handle* handle) { delete handle; });
}

Napi::Value refuse_busy(Napi::Env env) {
  to_js(env, Error(kArgument, "expected one batch at a time of a file, found a second call")).ThrowAsJavaScriptException();
  return env.Undefined();
}

// nextDocuments(handle, rows, bytes) -> Promise<columns>
Napi::Value next_documents(const Napi::CallbackInfo& info) {
  Handle open = *info[0].As<Napi::External<Handle>>().Data();
  if (open->busy.exchange(true)) return refuse_busy(info.Env());
  const size_t rows = info[1].ToNumber().Uint32Value(), bytes = info[2].ToNumber().Uint32Value();
  auto batch = std::make_shared<warc::Batch>();
  auto done = std::make_shared<bool>(false);
  return Work::start(
      info,
      [=] {
        Error error = open->documents->fill(rows, bytes, *batch, *done);
        open->busy = false;
        return error;
      },
      [=](Napi::Env env) {
        auto result = Napi::Object::New(env);
        result.Set("done", Napi::Boolean::New(env, *done));
        result.Set("kinds", copied<Napi::Uint8Array>(env, batch->kinds));
        result.Set("offsets", copied<Napi::Float64Array>(env, batch->offsets));
        result.Set("members", copied<Napi::Float64Array>(env, batch->members));
        result.Set("stringEnds", copied<Napi::Int32Array>(env, batch->string_ends));
        result.Set("bodyEnds", copied<Napi::Int32Array>(env, batch->body_ends));
        result.Set("text", owned<Napi::Uint8Array>(env, std::move(batch->text)));
        result.Set("bodies", owned<Napi::Uint8Array>(env, std::move(batch->bodies)));
        return Napi::Value(result);
      });
}

// openIndex(path, compression, maxExpansion, from, inner, to) -> handle
Napi::Value open_index(const Napi::CallbackInfo& info) {
  auto open = std::make_shared<Open>();
  if (Error error = open->source.open(info[0].ToString().Utf8Value())) {
    to_js(info.Env(), error).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  open->index = std::make_unique<warc::Indexer>(open->source, options_of(info, 1));
  return Napi::External<Handle>::New(info.Env(), new Handle(open), [](Napi::Env, Handle* handle) { delete handle; });
}

// nextIndex(handle, rows, digests) -> Promise<columns>
Napi::Value next_index(const Napi::CallbackInfo& info) {
  Handle open = *info[0].As<Napi::External<Handle>>().Data();
  if (open->busy.exchange(true)) return refuse_busy(info.Env());
  const size_t rows = info[1].ToNumber().Uint32Value();
  const bool digests = info[2].ToBoolean();
  auto batch = std::make_shared<warc::IndexBatch>();
  auto done = std::make_shared<bool>(false);
  return Work::start(
      info,
      [=] {
        Error error = open->index->fill(rows, digests, *batch, *done);
        open->busy = false;
        return error;
      },
      [=](Napi::Env env) {
        auto result = Napi::Object::New(env);
        result.Set("done", Napi::Boolean::New(env, *done));
        result.Set("offsets", copied<Napi::Float64Array>(env, batch->offsets));
        result.Set("members", copied<Napi::Float64Array>(env, batch->members));
        result.Set("lengths", copied<Napi::Float64Array>(env, batch->lengths));
        result.Set("statuses", copied<Napi::Int32Array>(env, batch->statuses));
        result.Set("stringEnds", copied<Napi::Int32Array>(env, batch->string_ends));
        result.Set("text", owned<Napi::Uint8Array>(env, std::move(batch->text)));
        return Napi::Value(result);
      });
}

// count(path, compression, maxExpansion, from, inner, to) -> Promise<{records, messages, failures, payload}>
Napi::Value count(const Napi::CallbackInfo& info) {
  struct Counts { uint64_t records, messages, failures, payload; };
  auto counts = std::make_shared<Counts>();
  const std::string path = info[0].ToString().Utf8Value();
  const warc::Reader::Options options = options_of(info, 1);
  return Work::start(
      info,
      [=] {
        warc::FileSource source;
        MILLRACE_TRY(source.open(path));
        return warc::Indexer(source, options).count(counts->records, counts->messages, counts->failures, counts->payload);
      },
      [=](Napi::Env env) {
        auto result = Napi::Object::New(env);
        const auto set = [&](const char* name, uint64_t value) { result.Set(name, Napi::Number::New(env, static_cast<double>(value))); };
        set("records", counts->records);
        set("messages", counts->messages);
        set("failures", counts->failures);
        set("payload", counts->payload);
        return Napi::Value(result);
      });
}

}  // namespace

void init_warc(Napi::Env env, Napi::Object exports) {
  exports.Set("openDocuments", Napi::Function::New(env, open_documents));
  exports.Set("nextDocuments", Napi::Function::New(env, next_documents));
  exports.Set("openIndex", Napi::Function::New(env, open_index));
  exports.Set("nextIndex", Napi::Function::New(env, next_index));
  exports.Set("count", Napi::Function::New(env, count));
}

}  // namespace millrace::addon
