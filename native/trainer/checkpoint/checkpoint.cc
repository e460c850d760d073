// Saving, loading and growing: one global layout, tensor names and shapes of longcat-flash.md 1.5, so that Transformers reads the weights
// and no number of workers is written into a file. Moments lie in a second file as <name>.exp_avg and <name>.exp_avg_sq: torch's words.
#include "native/hash/xxh3.h"
#include "native/trainer/checkpoint/metadata.h"

namespace millrace::trainer {
namespace {

constexpr const char *kFirst = ".exp_avg", *kSecond = ".exp_avg_sq";

std::vector<int64_t> shape_of(const Parameter& p) {
  if (p.columns) return {static_cast<int64_t>(p.rows), static_cast<int64_t>(p.columns)};
  return {static_cast<int64_t>(p.rows)};
}

StoredTensor tensor(std::string name, const Parameter& p, std::span<const float> arena) {
  return stored<float>(std::move(name), shape_of(p), arena.subspan(p.offset, p.size()));
}

std::string text(const std::vector<int64_t>& shape) {
  std::string s = "[";
  for (int64_t n : shape) s += (s.size() > 1 ? ", " : "") + std::to_string(n);
  return s + "]";
}

Error read(const SafetensorsIndex& file, const std::string& name, const std::vector<int64_t>& shape, const Hashes& hashes, std::span<float> out) {
  const StoredTensor* found = file.find(name);
  if (!found) return {kFormat, "checkpoint: expected a tensor " + name + " " + text(shape) + ", found none"};
  if (found->shape != shape) return {kShape, "checkpoint: expected " + name + " " + text(shape) + ", found " + text(found->shape)};
  if (!hashes.empty()) {
    const auto expected = hashes.find(name);
    const uint64_t hash = hash::xxh3_64({reinterpret_cast<const char*>(found->bytes.data()), found->bytes.size()});
    if (expected == hashes.end()) return {kFormat, "checkpoint: expected the hash of " + name + " among those of the checkpoint, found none"};
    if (expected->second != hash) return {kFormat, "checkpoint: expected " + name + " with hash " + spelled(expected->second) + ", found " + spelled(hash) + ": its file was altered"};
  }
  return copy_values<float>(*found, out);
}

// Layer l of the target is layer l mod n of the source.
void repeat_layers(const Layout& from, const Layout& to, std::span<const float> source, std::span<float> target) {
  const size_t before = from.layer_begin, layers = to.layers.size();
  std::copy_n(source.begin(), before, target.begin());
  for (size_t l = 0; l < layers; ++l)
    std::copy_n(source.begin() + static_cast<ptrdiff_t>(before + l % from.layers.size() * from.layer_size), from.layer_size,
                target.begin() + static_cast<ptrdiff_t>(before + l * from.layer_size));
  std::copy_n(source.begin() + static_cast<ptrdiff_t>(from.final_norm), from.size - from.final_norm, target.begin() + static_cast<ptrdiff_t>(to.final_norm));
}

}  // namespace

Error Trainer::begin_save(const std::string& weights_path, const std::string& optimizer_path, std::shared_ptr<CheckpointWriter>& out) {
  if (resources_.inference) return {kArgument, "save: expected a trainer made for training, found one made with inference = true"};
  wait_for_save();
  CheckpointWriter::File weights{weights_path, {}, metadata_of(config_, counters())}, moments{optimizer_path, {}, weights.metadata};
  for (const Parameter& p : model_->layout().parameters) {
    weights.tensors.push_back(tensor(p.name, p, model_->weights()));
    moments.tensors.push_back(tensor(p.name + kFirst, p, first_));
    moments.tensors.push_back(tensor(p.name + kSecond, p, second_));
  }
  for (size_t l = 0; l < config_.layers; ++l)
    weights.tensors.push_back(stored<float>(bias_name(l), {static_cast<int64_t>(config_.routes())},
                                            std::span<const float>(model_->biases()).subspan(l * config_.routes(), config_.routes())));
  const size_t plan = memory_plan(config_, resources_).total();
  auto writer = std::make_shared<CheckpointWriter>(std::move(weights), std::move(moments), resources_.max_memory > plan ? resources_.max_memory - plan : 0);
  MILLRACE_TRY(writer->start());
  out = saving_ = std::move(writer);
  return Error::none();
}

Error Trainer::save(const std::string& weights_path, const std::string& optimizer_path, SaveReport* report) {
  std::shared_ptr<CheckpointWriter> writer;
  MILLRACE_TRY(begin_save(weights_path, optimizer_path, writer));
  SaveReport own;
  const Error error = writer->finish(report ? *report : own);
  saving_.reset();
  return error;
}

void Trainer::wait_for_save() {
  SaveReport report;
  if (saving_) (void)saving_->finish(report);
  saving_.reset();
}

Trainer::~Trainer() { wait_for_save(); }

Error Trainer::export_gradients(const std::string& path) {
  if (resources_.inference) return {kArgument, "gradients: expected a trainer made for training, found one made with inference = true"};
  std::vector<StoredTensor> tensors;
  for (const Parameter& p : model_->layout().parameters) tensors.push_back(tensor(p.name, p, model_->gradients()));
  return write_safetensors(path, tensors, metadata_of(config_, counters()));
}

Error Trainer::export_weights(const std::string& path, Dialect dialect) {
  std::vector<StoredTensor> tensors;
  const std::span<const float> arena = model_->weights();
  for (const Parameter& p : model_->layout().parameters) tensors.push_back(tensor(p.name, p, arena));
  const auto routes = static_cast<int64_t>(config_.routes()), width = static_cast<int64_t>(config_.expert_width), hidden = static_cast<int64_t>(config_.hidden);
  const std::vector<float> zeros(dialect == Dialect::transformers5 ? config_.expert_width * config_.hidden : 0);
  for (size_t l = 0; l < config_.layers; ++l) {
    tensors.push_back(stored<float>(bias_name(l), {routes}, std::span<const float>(model_->biases()).subspan(l * config_.routes(), config_.routes())));
    for (size_t e = config_.experts; !zeros.empty() && e < config_.routes(); ++e)
      for (const char* part : {"gate_proj", "up_proj"})
        tensors.push_back(stored<float>("model.layers." + std::to_string(l) + ".mlp.experts." + std::to_string(e) + "." + part + ".weight",
                                        {width, hidden}, std::span<const float>(zeros)));
  }
  if (config_.mtp)
    tensors.push_back(stored<float>("model.mtp.embed_tokens.weight", {static_cast<int64_t>(config_.vocabulary), hidden},
                                    arena.subspan(model_->layout().embedding, config_.vocabulary * config_.hidden)));
  return write_safetensors(path, tensors, metadata_of(config_, counters()));
}

Error Trainer::load(const std::string& weights_path, const std::string& optimizer_path, const OptimizerConfig& optimizer,
                    const Resources& resources, std::unique_ptr<Trainer>& out, const ModelConfig* given, const Hashes& hashes) {
  SafetensorsFile weights, moments;
  MILLRACE_TRY(weights.open(weights_path));
  ModelConfig config;
  Counters counters, others;
  if (given) config = *given;
  else {
    MILLRACE_TRY(read_metadata(weights.metadata, config, counters));
    MILLRACE_TRY(check_numerics(weights.metadata, weights_path));
  }
  std::unique_ptr<Trainer> trainer;
  MILLRACE_TRY(allocate(config, optimizer, resources, trainer));
  Model<float>& model = *trainer->model_;
  for (const Parameter& p : model.layout().parameters) MILLRACE_TRY(read(weights, p.name, shape_of(p), hashes, model.weights().subspan(p.offset, p.size())));
  for (size_t l = 0; l < config.layers; ++l)
    MILLRACE_TRY(read(weights, bias_name(l), {static_cast<int64_t>(config.routes())}, hashes, model.biases().subspan(l * config.routes(), config.routes())));
  if (optimizer_path.empty() || resources.inference) {
    counters.updates = counters.mtp_updates = 0;
  } else {
    MILLRACE_TRY(moments.open(optimizer_path));
    ModelConfig shape;
    MILLRACE_TRY(read_metadata(moments.metadata, shape, others));
    MILLRACE_TRY(check_numerics(moments.metadata, optimizer_path));
    if (others.step != counters.step || others.updates != counters.updates)
      return {kFormat, "checkpoint: expected moments of step " + std::to_string(counters.step) + " as in " + weights_path + ", found step " +
                           std::to_string(others.step) + " in " + optimizer_path};
    for (const Parameter& p : model.layout().parameters) {
      MILLRACE_TRY(read(moments, p.name + kFirst, shape_of(p), hashes, std::span(trainer->first_).subspan(p.offset, p.size())));
      MILLRACE_TRY(read(moments, p.name + kSecond, shape_of(p), hashes, std::span(trainer->second_).subspan(p.offset, p.size())));
    }
  }
  trainer->step_ = counters.step, trainer->tokens_ = counters.tokens, trainer->updates_ = counters.updates, trainer->mtp_updates_ = counters.mtp_updates;
  out = std::move(trainer);
  return Error::none();
}

Error Trainer::grow(size_t factor) {
  if (resources_.inference) return {kArgument, "grow: expected a trainer made for training, found one made with inference = true"};
  if (factor < 1 || factor > 64) return {kArgument, "factor: expected 1 to 64, found " + std::to_string(factor)};
  ModelConfig config = config_;
  config.layers *= factor;
  // Both models exist while layers are copied.
  const size_t needed = memory_plan(config, resources_).total() + memory_plan(config_, resources_).total();
  if (needed > resources_.max_memory)
    return {kMemory, "growing from " + std::to_string(config_.layers) + " to " + std::to_string(config.layers) +
                         " layers: expected both models within maxMemory = " + std::to_string(resources_.max_memory) + " bytes, found " +
                         std::to_string(needed) + ". Raise maxMemory, or lower rowsPerSlab. The larger model:\n" +
                         memory_plan(config, resources_).table()};
  wait_for_save();
  std::unique_ptr<Trainer> grown;
  MILLRACE_TRY(allocate(config, optimizer_, resources_, grown));
  const Layout &from = model_->layout(), &to = grown->model_->layout();
  repeat_layers(from, to, model_->weights(), grown->model_->weights());
  repeat_layers(from, to, first_, grown->first_);
  repeat_layers(from, to, second_, grown->second_);
  for (size_t i = 0; i < grown->model_->biases().size(); ++i) grown->model_->biases()[i] = model_->biases()[i % model_->biases().size()];
  {
    std::lock_guard lock(config_mutex_);
    config_ = config;
  }
  model_ = std::move(grown->model_);
  first_ = std::move(grown->first_);
  second_ = std::move(grown->second_);
  begin();
  return Error::none();
}

}  // namespace millrace::trainer
