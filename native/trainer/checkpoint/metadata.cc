#include "native/trainer/checkpoint/metadata.h"

#include <charconv>

namespace millrace::trainer {
namespace {

// One list of fields for both directions.
template <class Config, class Size, class Number>
void each_field(Config& m, Size size, Number number) {
  size("model.vocabulary", m.vocabulary), size("model.hidden", m.hidden), size("model.layers", m.layers), size("model.heads", m.heads);
  size("model.qRank", m.query_rank), size("model.kvRank", m.kv_rank);
  size("model.nopeDim", m.nope), size("model.ropeDim", m.rope), size("model.valueDim", m.value);
  size("model.denseWidth", m.dense_width), size("model.expertWidth", m.expert_width);
  size("model.experts", m.experts), size("model.zeroExperts", m.zero_experts), size("model.topK", m.top_k);
  number("model.expectedExperts", m.expected_experts), number("model.routedScale", m.routed_scale), number("model.normEps", m.norm_eps);
  number("model.initStd.embedding", m.init.embedding), number("model.initStd.hidden", m.init.hidden);
  number("model.initStd.residual", m.init.residual), number("model.initStd.router", m.init.router), number("model.initStd.output", m.init.output);
}

template <class T>
std::string text(T value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

template <class T>
Error parse(const Metadata& metadata, const std::string& key, T& value) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {kFormat, "checkpoint: expected \"" + key + "\" in the metadata, found none; was the file written by save?"};
  const std::string& s = found->second;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (error == std::errc() && end == s.data() + s.size()) return Error::none();
  return {kFormat, "checkpoint: expected a number in the metadata's \"" + key + "\", found \"" + s.substr(0, 40) + "\""};
}

}  // namespace

Metadata metadata_of(const ModelConfig& model, const Counters& counters) {
  Metadata metadata{{"format", "pt"}, {"step", text(counters.step)}, {"tokens", text(counters.tokens)}, {"updates", text(counters.updates)}};
  metadata["numerics"] = text(kNumericsRevision);
  const auto add = [&](const char* key, auto value) { metadata[key] = text(value); };
  each_field(model, add, add);
  if (model.mtp) add("model.mtp", model.mtp), add("mtpUpdates", counters.mtp_updates);
  return metadata;
}

Error read_metadata(const Metadata& metadata, ModelConfig& model, Counters& counters) {
  Error first;
  const auto read = [&](const char* key, auto& value) {
    if (!first) first = parse(metadata, key, value);
  };
  each_field(model, read, read);
  read("step", counters.step), read("tokens", counters.tokens), read("updates", counters.updates);
  if (metadata.contains("model.mtp")) read("model.mtp", model.mtp), read("mtpUpdates", counters.mtp_updates);
  return first ? first : validate(model);
}

Error check_numerics(const Metadata& metadata, const std::string& path) {
  uint32_t revision = 0;
  MILLRACE_TRY(parse(metadata, "numerics", revision));
  if (revision == kNumericsRevision) return Error::none();
  return {kFormat, "checkpoint: expected numerics revision " + text(kNumericsRevision) + ", found " + text(revision) + " in " + path +
                       ". Export it and begin from its weights, or train on with the version that wrote it"};
}

}  // namespace millrace::trainer
