#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace::trainer {

// Tokens [begin, end) of one row, and its number of targets: what a balance loss is about (longcat-flash.md 13: per row, averaged).
struct RowSpan {
  size_t begin, end, targets;
};

struct RouterShape {
  size_t experts, zero_experts, top_k, groups;
  double expected_experts, routed_scale;
  size_t routes() const { return experts + zero_experts; }
};

// LongCat-Flash's router (longcat-flash.md 1.3), in float32:  R = softmax(logits) over all N + Z;  chosen = the top_k of R + bias, by
// (score descending, index ascending);  gate = R · routed_scale, unbiased, not renormalised, of zero experts too.
//
//   scores   [tokens, N + Z]  logits in, R out
//   bias     [N + Z]          float32; selects, never weighs
//   selected [tokens, top_k]  in order of choice; `frozen` keeps what is there (finite differences hold the choice fixed)
//   gates    [tokens, top_k]
template <class Real>
void route(const RouterShape& shape, size_t tokens, Real* scores, const float* bias, bool frozen, int32_t* selected, Real* gates, int threads);

// Σ over rows of targets(row) · Σ_j f_j P_j, the balance loss of longcat-flash.md 2.2 without alpha: groups of N / D FFN experts and one of
// all zero experts; selections are counted, so that every f_j is 1 at target and the sum is the number of targets at perfect balance.
// `weights` [rows, groups + 1] gets targets(row) / T(row) · f_j, what a token's dR needs. Where no zero expert is expected
// (K = K_e) their group has f = 0.
template <class Real>
double balance_loss(const RouterShape& shape, std::span<const RowSpan> rows, const Real* scores, const int32_t* selected, double* weights,
                    int threads);

// dscores becomes ∂L/∂logits: from the gates (dgates [tokens, top_k]) and from alpha times the balance loss. f is a constant.
template <class Real>
void route_backward(const RouterShape& shape, size_t tokens, std::span<const RowSpan> rows, const Real* scores, const int32_t* selected,
                    const Real* dgates, double alpha, const double* weights, Real* dscores, int threads);

// Eq. 2, once per optimizer step, on integer counts of the whole batch:  b_i += mu · (K_e / K / N - T_i / (K · T_all)), FFN experts only.
void update_bias(const RouterShape& shape, std::span<const uint64_t> counts, uint64_t tokens, double mu, float* bias);

}  // namespace millrace::trainer
