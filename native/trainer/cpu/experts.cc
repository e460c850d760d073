// Router and experts.
#include "native/trainer/cpu/types.h"
#include "native/trainer/moe/moe.h"
#include "native/trainer/router/router.h"

namespace millrace::trainer {
namespace {

static_assert(sizeof(RowSpan) == sizeof(mr_row) && offsetof(RowSpan, targets) == offsetof(mr_row, targets));

RouterShape shape_of(const mr_router& r) { return {r.experts, r.zero_experts, r.top_k, r.groups, r.expected_experts, r.routed_scale}; }
MoeShape shape_of(const mr_moe& m) { return {m.hidden, m.width, m.to.experts, m.to.top_k}; }
Dispatch dispatch_of(const mr_dispatch& d) { return {as<size_t>(d.offsets), as<int32_t>(d.token_of), as<int32_t>(d.slot_of), as<int32_t>(d.row_of)}; }

template <class Real, class Low>
MoeData<Real, Low> data_of(const mr_moe& m) {
  return {as<Real>(m.u), as<Real>(m.weights), as<Real>(m.gates), dispatch_of(m.to), as<Low>(m.gate_up), as<Low>(m.gathered), as<Low>(m.h),
          as<Real>(m.out), m.capacity};
}

void count(const mr_balance& a) {
  const auto* selected = as<int32_t>(a.selected);
  auto *counts = as<uint64_t>(a.counts), *histogram = as<uint64_t>(a.histogram);
  for (size_t t = 0; t < a.tokens; ++t) {
    size_t ffn = 0;
    for (size_t k = 0; k < a.router.top_k; ++k, ++selected) {
      ++counts[*selected];
      ffn += static_cast<size_t>(*selected) < a.router.experts;
    }
    ++histogram[ffn];
  }
}

}  // namespace

void fill_experts(mr_backend& b) {
  b.route = [](mr_stream* s, const mr_route* a) {
    by_type(a->scores.type, [&]<class R, class> {
      route(shape_of(a->router), a->tokens, as<R>(a->scores), as<float>(a->bias), a->frozen != 0, as<int32_t>(a->selected), as<R>(a->gates), s->threads);
    });
  };
  b.balance = [](mr_stream* s, const mr_balance* a) {
    count(*a);
    by_type(a->scores.type, [&]<class R, class> {
      as<mr_metrics>(a->metrics)->balance += balance_loss<R>(shape_of(a->router), {as<const RowSpan>(a->rows), a->row_count}, as<R>(a->scores),
                                                             as<int32_t>(a->selected), as<double>(a->weights), s->threads);
    });
  };
  b.route_backward = [](mr_stream* s, const mr_route_backward* a) {
    by_type(a->scores.type, [&]<class R, class> {
      route_backward<R>(shape_of(a->router), a->tokens, {as<const RowSpan>(a->rows), a->row_count}, as<R>(a->scores), as<int32_t>(a->selected),
                        as<R>(a->dgates), a->alpha, as<double>(a->weights), as<R>(a->dscores), s->threads);
    });
  };
  b.update_bias = [](mr_stream*, const mr_update_bias* a) {
    if (!as<mr_metrics>(a->metrics)->applied) return;
    const mr_step_params& p = *as<mr_step_params>(a->params);
    update_bias(shape_of(a->router), {as<const uint64_t>(a->counts), a->router.experts}, static_cast<uint64_t>(p.tokens), p.bias_rate, as<float>(a->bias));
  };
  b.dispatch = [](mr_stream*, const mr_dispatch* a) {
    dispatch({0, 0, a->experts, a->top_k}, a->tokens, as<int32_t>(a->selected), dispatch_of(*a));
  };
  b.moe_forward = [](mr_stream* s, const mr_moe* a) {
    by_type(a->h.type, [&]<class R, class L> { moe_forward<R, L>(shape_of(*a), a->tokens, data_of<R, L>(*a), as<R>(a->y), s->threads); });
  };
  b.moe_again = [](mr_stream* s, const mr_moe* a) {
    by_type(a->h.type, [&]<class R, class L> { moe_again<R, L>(shape_of(*a), data_of<R, L>(*a), s->threads); });
  };
  b.moe_backward = [](mr_stream* s, const mr_moe_backward* a) {
    by_type(a->dh.type, [&]<class R, class L> {
      const MoeGradients<R, L> g{as<R>(a->dy), as<R>(a->du), as<R>(a->dgates), as<R>(a->dweights), as<L>(a->dy_rows), as<L>(a->dh),
                                 as<R>(a->row_gates), as<R>(a->row_dgates)};
      moe_backward<R, L>(shape_of(a->forward), a->forward.tokens, data_of<R, L>(a->forward), g, s->threads);
    });
  };
}

}  // namespace millrace::trainer
