#include "native/trainer/config/config.h"

#include <cmath>
#include <string>

namespace millrace::trainer {
namespace {

// Caps keep every product of two sizes far below 2^63, so that plans cannot overflow.
constexpr size_t kMostWidth = size_t{1} << 18, kMostTokens = size_t{1} << 22, kMostTensors = size_t{1} << 20;

Error wrong(const char* field, const std::string& expected, double found) {
  std::string number = std::to_string(found);
  if (number.find('.') != std::string::npos) number.erase(number.find_last_not_of('0') + 1);
  if (!number.empty() && number.back() == '.') number.pop_back();
  return {kArgument, std::string(field) + ": expected " + expected + ", found " + number};
}

Error size(const char* field, size_t found, size_t least, size_t most) {
  if (found >= least && found <= most) return Error::none();
  return wrong(field, std::to_string(least) + " to " + std::to_string(most), static_cast<double>(found));
}

Error number(const char* field, double found, double least, double most) {
  if (found >= least && found <= most) return Error::none();  // false for a NaN
  return wrong(field, "a number from " + std::to_string(least) + " to " + std::to_string(most), found);
}

}  // namespace

Error validate(const ModelConfig& m) {
  MILLRACE_TRY(size("vocabulary", m.vocabulary, 2, size_t{1} << 24));
  MILLRACE_TRY(size("hidden", m.hidden, 1, kMostWidth));
  MILLRACE_TRY(size("layers", m.layers, 1, 1024));
  MILLRACE_TRY(size("heads", m.heads, 1, 4096));
  MILLRACE_TRY(size("qRank", m.query_rank, 1, kMostWidth));
  MILLRACE_TRY(size("kvRank", m.kv_rank, 1, kMostWidth));
  MILLRACE_TRY(size("nopeDim", m.nope, 1, 65536));
  MILLRACE_TRY(size("ropeDim", m.rope, 2, 65536));
  if (m.rope % 2) return wrong("ropeDim", "an even number", static_cast<double>(m.rope));
  MILLRACE_TRY(size("valueDim", m.value, 1, 65536));
  MILLRACE_TRY(size("heads x (nopeDim + ropeDim)", m.heads * m.score(), 3, kMostWidth));
  MILLRACE_TRY(size("heads x (nopeDim + valueDim)", m.heads * (m.nope + m.value), 2, kMostWidth));
  MILLRACE_TRY(size("denseWidth", m.dense_width, 1, kMostWidth));
  MILLRACE_TRY(size("expertWidth", m.expert_width, 1, kMostWidth));
  MILLRACE_TRY(size("experts", m.experts, 1, 65536));
  MILLRACE_TRY(size("layers x experts", m.layers * m.experts, 1, kMostTensors));
  MILLRACE_TRY(size("zeroExperts", m.zero_experts, 0, 65536));
  MILLRACE_TRY(size("mtp", m.mtp, 0, 1));
  MILLRACE_TRY(size("topK", m.top_k, 1, m.routes() < 256 ? m.routes() : 256));
  MILLRACE_TRY(number("expectedExperts", m.expected_experts, 0, static_cast<double>(m.top_k)));
  if (m.zero_experts == 0 && m.expected_experts != static_cast<double>(m.top_k))
    return wrong("expectedExperts", "topK, because there are no zero experts", m.expected_experts);
  MILLRACE_TRY(number("routedScale", m.routed_scale, 1e-6, 1e6));
  MILLRACE_TRY(number("normEps", m.norm_eps, 1e-30, 1));
  for (auto [name, std] : {std::pair{"initStd.embedding", m.init.embedding}, {"initStd.hidden", m.init.hidden},
                           {"initStd.residual", m.init.residual}, {"initStd.router", m.init.router}, {"initStd.output", m.init.output}})
    MILLRACE_TRY(number(name, std, 0, 100));
  return Error::none();
}

Error validate(const ModelConfig& model, const OptimizerConfig& o, const Resources& r) {
  MILLRACE_TRY(validate(model));
  MILLRACE_TRY(number("beta1", o.beta1, 0, 0.9999999));
  MILLRACE_TRY(number("beta2", o.beta2, 0, 0.9999999));
  MILLRACE_TRY(number("eps", o.eps, 1e-30, 1));
  MILLRACE_TRY(number("weightDecay", o.weight_decay, 0, 10));
  for (const double factor : o.rates) MILLRACE_TRY(number("rates", factor, 0, 1e6));
  for (const double factor : o.decays) MILLRACE_TRY(number("decays", factor, 0, 1e6));
  MILLRACE_TRY(number("clip", o.clip, 0, 1e30));
  MILLRACE_TRY(number("hiddenZLoss", o.hidden_z_loss, 0, 1));
  MILLRACE_TRY(number("balanceAlpha", o.balance_alpha, 0, 100));
  MILLRACE_TRY(size("balanceGroups", o.balance_groups, 1, model.experts));
  if (model.experts % o.balance_groups)
    return wrong("balanceGroups", "a divisor of experts (" + std::to_string(model.experts) + ")", static_cast<double>(o.balance_groups));
  if (o.balance_alpha > 0 && model.expected_experts == 0) return wrong("balanceAlpha", "0, because expectedExperts is 0", o.balance_alpha);
  MILLRACE_TRY(size("threads", static_cast<size_t>(r.threads < 0 ? 0 : r.threads), 1, 1024));
  MILLRACE_TRY(size("recompute", static_cast<size_t>(r.recompute < 0 ? 3 : r.recompute), 0, 2));
  MILLRACE_TRY(size("rowsPerSlab", r.rows_per_slab, 1, 4096));
  MILLRACE_TRY(size("maxRowLength", r.max_row_length, 1, size_t{1} << 20));
  MILLRACE_TRY(size("rowsPerSlab x maxRowLength", r.rows_per_slab * r.max_row_length, 1, kMostTokens));
  return Error::none();
}

}  // namespace millrace::trainer
