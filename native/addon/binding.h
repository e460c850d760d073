#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::addon {

// A view of a typed array. The caller keeps the JavaScript value alive while native code reads it (see Work).
template <class T>
std::span<T> view(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  auto array = value.As<Napi::TypedArray>();
  auto* base = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {reinterpret_cast<T*>(base), array.ByteLength() / sizeof(T)};
}

// A text column from (offsets: Int32Array, bytes: Uint8Array).
inline TextColumn texts(const Napi::Value& offsets, const Napi::Value& bytes) {
  return {view<const int32_t>(offsets), view<const uint8_t>(bytes)};
}

// A typed array that owns a copy of native data.
template <class Array, class T>
Napi::Value copied(Napi::Env env, const std::vector<T>& data) {
  auto array = Array::New(env, data.size());
  if (!data.empty()) std::memcpy(array.Data(), data.data(), data.size() * sizeof(T));
  return array;
}

// A text column as { offsets: Int32Array, bytes: Uint8Array }, copied.
inline Napi::Object copied_texts(Napi::Env env, const std::vector<int32_t>& offsets, const std::vector<uint8_t>& bytes) {
  auto column = Napi::Object::New(env);
  column.Set("offsets", copied<Napi::Int32Array>(env, offsets));
  column.Set("bytes", copied<Napi::Uint8Array>(env, bytes));
  return column;
}

// A JavaScript Error with the native code in `code`.
inline Napi::Error to_js(Napi::Env env, const Error& error) {
  auto e = Napi::Error::New(env, error.message());
  e.Set("code", Napi::String::New(env, error.code()));
  return e;
}

// Copies in, computes on a thread of the pool, copies out. `compute` touches no JavaScript value; `finish` runs on the JavaScript
// thread and builds the result. Every argument of the call stays referenced until then, so views of typed arrays remain valid.
class Work : public Napi::AsyncWorker {
 public:
  using Compute = std::function<Error()>;
  using Finish = std::function<Napi::Value(Napi::Env)>;

  static Napi::Value start(const Napi::CallbackInfo& info, Compute compute, Finish finish) {
    auto* work = new Work(info, std::move(compute), std::move(finish));
    auto promise = work->deferred_.Promise();
    work->Queue();
    return promise;
  }

 private:
  Work(const Napi::CallbackInfo& info, Compute compute, Finish finish)
      : Napi::AsyncWorker(info.Env()), deferred_(Napi::Promise::Deferred::New(info.Env())), compute_(std::move(compute)), finish_(std::move(finish)) {
    auto kept = Napi::Array::New(info.Env(), info.Length());
    for (size_t i = 0; i < info.Length(); ++i) kept.Set(static_cast<uint32_t>(i), info[i]);
    kept_ = Napi::Persistent(kept.As<Napi::Object>());
  }
  void Execute() override { error_ = compute_(); }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (error_) return deferred_.Reject(to_js(Env(), error_).Value());
    deferred_.Resolve(finish_(Env()));
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

  Napi::Promise::Deferred deferred_;
  Compute compute_;
  Finish finish_;
  Error error_;
  Napi::ObjectReference kept_;
};

}  // namespace millrace::addon
