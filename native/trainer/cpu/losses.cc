// Losses, what becomes of them, and the update.
#include <algorithm>
#include <cmath>

#include "native/trainer/adamw/adamw.h"
#include "native/trainer/attention/attention.h"
#include "native/trainer/cpu/types.h"
#include "native/trainer/loss/loss.h"
#include "native/trainer/reduce/reduce.h"

namespace millrace::trainer {
namespace {

template <class Real>
void add_losses(const mr_sum_losses& a) {
  mr_metrics sums{};
  for (size_t t = 0; t < a.tokens; ++t) {
    const double loss = static_cast<double>(as<Real>(a.losses)[t]);
    if (a.head) {
      sums.head_loss += loss, sums.head_targets += as<int32_t>(a.targets)[t] >= 0;
      continue;
    }
    sums.loss += loss, sums.z += static_cast<double>(as<Real>(a.z_values)[t]);
    const double largest = static_cast<double>(as<Real>(a.largest)[t]);
    if (largest > sums.largest) sums.largest = largest;
  }
  mr_metrics& to = *as<mr_metrics>(a.metrics);
  to.loss += sums.loss, to.z += sums.z, to.head_loss += sums.head_loss, to.head_targets += sums.head_targets;
  if (sums.largest > to.largest) to.largest = sums.largest;
}

void next_tokens(const mr_next_tokens& a) {
  const auto* ids = as<uint32_t>(a.ids);
  auto *next_ids = as<uint32_t>(a.next_ids);
  auto *targets = as<int32_t>(a.targets), *next_targets = as<int32_t>(a.next_targets);
  for (size_t t = 0; t < a.tokens; ++t) next_ids[t] = ids[t], next_targets[t] = -1;
  const auto* runs = as<const mr_run>(a.runs);
  for (size_t r = 0; r < a.run_count; ++r)
    for (size_t t = runs[r].begin; t + 1 < runs[r].begin + runs[r].length; ++t) next_ids[t] = ids[t + 1], next_targets[t] = targets[t + 1];
}

void judge(const mr_judge& a, int threads) {
  mr_metrics& m = *as<mr_metrics>(a.metrics);
  const mr_step_params& p = *as<mr_step_params>(a.params);
  m.squares = static_cast<double>(sum_squares(as<const float>(a.gradients), static_cast<int64_t>(a.n), threads));
  m.mean_loss = m.loss / p.targets;
  m.gradient_norm = std::sqrt(m.squares) / p.targets;
  const auto within = [](double value, double bound) { return std::isfinite(value) && (bound <= 0 || value <= bound); };
  m.applied = within(m.mean_loss, p.max_loss) && within(m.gradient_norm, p.max_gradient_norm);
  // As torch.nn.utils.clip_grad_norm_ has it, with its 1e-6.
  m.gradient_scale = (p.clip > 0 ? std::min(1.0, p.clip / (m.gradient_norm + 1e-6)) : 1) / p.targets;
}

}  // namespace

void fill_losses(mr_backend& b) {
  b.cross_entropy = [](mr_stream* s, const mr_cross_entropy* a) {
    const double coefficient = a->head ? as<mr_step_params>(a->params)->head_scale : 1;
    by_type(a->low, [&]<class R, class L> {
      cross_entropy<L>(a->tokens, a->width, a->vocabulary, as<const R>(a->x), as<const R>(a->weight), as<const int32_t>(a->targets), as<R>(a->logits),
                       as<R>(a->losses), as<R>(a->dx), as<R>(a->dweight), s->threads, coefficient);
    });
  };
  b.hidden_z = [](mr_stream* s, const mr_hidden_z* a) {
    by_type(a->z.type, [&]<class R, class> {
      hidden_z_loss(a->tokens, a->width, as<const R>(a->z), as<const int32_t>(a->targets), a->lambda, as<R>(a->dz), as<R>(a->values),
                    as<R>(a->largest), a->gradient != 0, s->threads);
    });
  };
  b.sum_losses = [](mr_stream*, const mr_sum_losses* a) {
    by_type(a->losses.type, [&]<class R, class> { add_losses<R>(*a); });
  };
  b.next_tokens = [](mr_stream*, const mr_next_tokens* a) { next_tokens(*a); };
  b.judge = [](mr_stream* s, const mr_judge* a) { judge(*a, s->threads); };
  b.adamw = [](mr_stream* s, const mr_adamw* a) {
    const mr_metrics& m = *as<mr_metrics>(a->metrics);
    const mr_step_params& p = *as<mr_step_params>(a->params);
    if (!m.applied) return;
    const AdamW o{p.learning_rate * a->rate, a->beta1, a->beta2, a->eps, a->decay, m.gradient_scale, static_cast<int64_t>(a->head ? p.head_updates : p.updates)};
    // The options were checked before the step, and the lengths are one: there is no error to give back.
    (void)adamw_step({as<float>(a->weights), a->n}, {as<const float>(a->gradients), a->n}, {as<float>(a->first), a->n}, {as<float>(a->second), a->n}, o,
                     s->threads);
  };
}

}  // namespace millrace::trainer
