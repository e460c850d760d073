// Hashes of text columns and seeded hashes of ids.
#include "native/addon/binding.h"
#include "native/base/parallel.h"
#include "native/hash/seeded.h"
#include "native/hash/xxh3.h"

namespace millrace::addon {

static void hash_into(std::string_view bytes, uint8_t* out) { hash::canonical(hash::xxh3_128(bytes), out); }

// hashBytes(bytes): Uint8Array of 16
static Napi::Value hash_bytes(const Napi::CallbackInfo& info) {
  const auto bytes = view<const uint8_t>(info[0]);
  std::vector<uint8_t> out(16);
  hash_into({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, out.data());
  return copied<Napi::Uint8Array>(info.Env(), out);
}

// hashTexts(offsets, bytes, threads): Promise of Uint8Array, 16 a text
static Napi::Value hash_texts(const Napi::CallbackInfo& info) {
  const TextColumn column = texts(info[0], info[1]);
  const int threads = info[2].ToNumber().Int32Value();
  auto out = std::make_shared<std::vector<uint8_t>>();
  return Work::start(
      info,
      [=] {
        if (!column.valid()) return Error(kShape, "hashTexts: expected text offsets that rise within the bytes");
        out->resize(16 * column.size());
        parallel_for((column.size() + 63) / 64, threads, [&](size_t group) {
          for (size_t i = group * 64; i < std::min(column.size(), group * 64 + 64); ++i) hash_into(column[i], out->data() + 16 * i);
        });
        return Error::none();
      },
      [out](Napi::Env env) { return copied<Napi::Uint8Array>(env, *out); });
}

// seededHash(seed: bigint, ids, purpose): BigUint64Array
static Napi::Value seeded_hash(const Napi::CallbackInfo& info) {
  bool lossless = false;
  const uint64_t seed = info[0].As<Napi::BigInt>().Uint64Value(&lossless);
  return copied<Napi::BigUint64Array>(info.Env(), hash::seeded_hash(seed, view<const uint8_t>(info[1]), info[2].ToString().Utf8Value()));
}

void init_hash(Napi::Env env, Napi::Object exports) {
  exports.Set("hashBytes", Napi::Function::New(env, hash_bytes));
  exports.Set("hashTexts", Napi::Function::New(env, hash_texts));
  exports.Set("seededHash", Napi::Function::New(env, seeded_hash));
}

}  // namespace millrace::addon
