#include "native/trainer/router/router.h"

#include <vector>

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"

namespace millrace::trainer {
namespace {

// Insertion into a short sorted list. An equal score stays behind the earlier index; a NaN stays last, so a list is always filled.
template <class Real>
void choose(size_t routes, size_t top_k, const Real* scores, const float* bias, int32_t* selected, Real* best) {
  size_t kept = 0;
  for (size_t i = 0; i < routes; ++i) {
    const Real score = scores[i] + Real(bias[i]);
    if (kept == top_k && !(score > best[top_k - 1])) continue;
    size_t at = kept < top_k ? kept++ : top_k - 1;
    for (; at > 0 && score > best[at - 1]; --at) {
      best[at] = best[at - 1];
      selected[at] = selected[at - 1];
    }
    best[at] = score;
    selected[at] = static_cast<int32_t>(i);
  }
}

size_t group_of(const RouterShape& s, size_t route) { return route < s.experts ? route / (s.experts / s.groups) : s.groups; }

}  // namespace

template <class Real>
void route(const RouterShape& s, size_t tokens, Real* scores, const float* bias, bool frozen, int32_t* selected, Real* gates, int threads) {
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    std::vector<Real> best(s.top_k);
    kernels<Real>().softmax(b - a, s.routes(), scores + a * s.routes());
    for (size_t t = a; t < b; ++t) {
      const Real* row = scores + t * s.routes();
      int32_t* chosen = selected + t * s.top_k;
      if (!frozen) choose(s.routes(), s.top_k, row, bias, chosen, best.data());
      for (size_t k = 0; k < s.top_k; ++k) gates[t * s.top_k + k] = row[chosen[k]] * Real(s.routed_scale);
    }
  });
}

template <class Real>
double balance_loss(const RouterShape& s, std::span<const RowSpan> rows, const Real* scores, const int32_t* selected, double* weights,
                    int threads) {
  const size_t width = s.groups + 1;
  std::vector<double> losses(rows.size());
  parallel_for(rows.size(), threads, [&](size_t r) {
    const RowSpan& row = rows[r];
    const double tokens = static_cast<double>(row.end - row.begin), targets = static_cast<double>(row.targets);
    std::vector<uint64_t> chosen(width);
    std::vector<double> mass(s.routes());
    for (size_t t = row.begin; t < row.end; ++t) {
      for (size_t k = 0; k < s.top_k; ++k) ++chosen[group_of(s, static_cast<size_t>(selected[t * s.top_k + k]))];
      for (size_t i = 0; i < s.routes(); ++i) mass[i] += static_cast<double>(scores[t * s.routes() + i]);
    }
    std::vector<double> probability(width);
    for (size_t i = 0; i < s.routes(); ++i) probability[group_of(s, i)] += mass[i];
    const double zero_share = static_cast<double>(s.top_k) - s.expected_experts;
    for (size_t j = 0; j < width && tokens > 0; ++j) {
      const double share = j < s.groups ? s.expected_experts / static_cast<double>(s.groups) : zero_share;  // expected selections per token
      const double f = share > 0 ? static_cast<double>(chosen[j]) / (share * tokens) : 0;
      weights[r * width + j] = targets / tokens * f;
      losses[r] += weights[r * width + j] * probability[j];
    }
  });
  double total = 0;
  for (double loss : losses) total += loss;
  return total;
}

template <class Real>
void route_backward(const RouterShape& s, size_t tokens, std::span<const RowSpan> rows, const Real* scores, const int32_t* selected,
                    const Real* dgates, double alpha, const double* weights, Real* dscores, int threads) {
  const size_t width = s.groups + 1;
  parallel_for(rows.size(), threads, [&](size_t r) {
    std::vector<Real> start(s.routes());
    for (size_t i = 0; i < s.routes(); ++i) start[i] = Real(alpha * weights[r * width + group_of(s, i)]);
    for (size_t t = rows[r].begin; t < rows[r].end; ++t) std::copy(start.begin(), start.end(), dscores + t * s.routes());
  });
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t)
      for (size_t k = 0; k < s.top_k; ++k)
        dscores[t * s.routes() + static_cast<size_t>(selected[t * s.top_k + k])] += dgates[t * s.top_k + k] * Real(s.routed_scale);
    kernels<Real>().softmax_backward(b - a, s.routes(), scores + a * s.routes(), dscores + a * s.routes());
  });
}

void update_bias(const RouterShape& s, std::span<const uint64_t> counts, uint64_t tokens, double mu, float* bias) {
  if (tokens == 0) return;
  const double k = static_cast<double>(s.top_k), target = s.expected_experts / k / static_cast<double>(s.experts);
  for (size_t i = 0; i < s.experts; ++i)
    bias[i] += static_cast<float>(mu * (target - static_cast<double>(counts[i]) / (k * static_cast<double>(tokens))));
}

#define INSTANTIATE(Real)                                                                                                                 \
  template void route(const RouterShape&, size_t, Real*, const float*, bool, int32_t*, Real*, int);                                       \
  template double balance_loss(const RouterShape&, std::span<const RowSpan>, const Real*, const int32_t*, double*, int);                  \
  template void route_backward(const RouterShape&, size_t, std::span<const RowSpan>, const Real*, const int32_t*, const Real*, double,    \
                               const double*, Real*, int);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace millrace::trainer
