// Binds native/shard: open maps files, read copies rows into typed arrays. Both run off the JavaScript thread.
#include "native/shard/shard.h"

#include "native/addon/binding.h"

namespace millrace::addon {
namespace {

using Files = std::shared_ptr<std::vector<shard::ShardFile>>;

// open(paths: string[]): Promise<{ handle, rowLength, files: { rows: Float64Array, tokens: Float64Array }[] }>
Napi::Value open(const Napi::CallbackInfo& info) {
  std::vector<std::string> paths;
  const auto list = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) paths.push_back(list.Get(i).ToString().Utf8Value());
  auto files = std::make_shared<std::vector<shard::ShardFile>>(paths.size());
  return Work::start(
      info,
      [paths, files]() -> Error {
        for (size_t i = 0; i < paths.size(); ++i) MILLRACE_TRY(shard::ShardFile::open(paths[i], (*files)[i]));
        return Error::none();
      },
      [files](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("handle", Napi::External<Files>::New(env, new Files(files), [](Napi::Env, Files* held) { delete held; }));
        auto described = Napi::Array::New(env, files->size());
        for (size_t i = 0; i < files->size(); ++i) {
          const auto& layout = (*files)[i].layout();
          std::vector<double> rows, tokens;
          for (const auto& batch : layout.batches) {
            rows.push_back(static_cast<double>(batch.rows));
            tokens.push_back(static_cast<double>(batch.tokens));
          }
          auto file = Napi::Object::New(env);
          file.Set("rowLength", layout.row_length);
          file.Set("width", layout.width);
          file.Set("rows", copied<Napi::Float64Array>(env, rows));
          file.Set("tokens", copied<Napi::Float64Array>(env, tokens));
          described.Set(static_cast<uint32_t>(i), file);
        }
        result.Set("files", described);
        return result;
      });
}

// read(handle, files: Uint32Array, batches: Uint32Array, rows: Uint32Array, withIds: boolean): Promise<rows>
Napi::Value read(const Napi::CallbackInfo& info) {
  const Files files = *info[0].As<Napi::External<Files>>().Data();
  const auto file = view<const uint32_t>(info[1]), batch = view<const uint32_t>(info[2]), row = view<const uint32_t>(info[3]);
  const bool with_ids = info[4].ToBoolean();
  auto rows = std::make_shared<shard::Rows>();
  return Work::start(
      info,
      [=]() -> Error {
        if (file.size() != row.size() || batch.size() != row.size()) return {kShape, "rows: expected files, batches and rows of one length"};
        std::vector<shard::RowRef> refs(row.size());
        for (size_t i = 0; i < refs.size(); ++i) refs[i] = {file[i], batch[i], row[i]};
        return shard::read_rows(*files, refs, with_ids, *rows);
      },
      [rows](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("tokens", copied<Napi::Uint32Array>(env, rows->tokens));
        result.Set("targets", copied<Napi::Int32Array>(env, rows->targets));
        result.Set("runRows", copied<Napi::Int32Array>(env, rows->run_rows));
        result.Set("runStarts", copied<Napi::Int32Array>(env, rows->run_starts));
        result.Set("runLengths", copied<Napi::Int32Array>(env, rows->run_lengths));
        result.Set("documents", copied<Napi::Uint8Array>(env, rows->documents));
        result.Set("passes", copied<Napi::Uint32Array>(env, rows->passes));
        result.Set("offsets", copied<Napi::Uint32Array>(env, rows->offsets));
        result.Set("flags", copied<Napi::Uint32Array>(env, rows->flags));
        return result;
      });
}

}  // namespace

void init_shard(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New(env, open));
  exports.Set("read", Napi::Function::New(env, read));
}

}  // namespace millrace::addon
