// Attention and rotation.
#include "native/trainer/attention/attention.h"

#include <algorithm>

#include "native/trainer/cpu/types.h"
#include "native/trainer/kernels/blocks.h"
#include "native/trainer/rope/rope.h"

namespace millrace::trainer {
namespace {

static_assert(sizeof(Run) == sizeof(mr_run) && offsetof(Run, length) == offsetof(mr_run, length));

AttentionShape shape_of(const mr_attention& a) { return {a.heads, a.nope, a.rope, a.value}; }
std::span<const Run> runs_of(const mr_attention& a) { return {as<const Run>(a.runs), a.run_count}; }

template <class Real, class Low>
AttentionData<Real, Low> data_of(const mr_attention& a) {
  return {as<Low>(a.q), as<Low>(a.kv), as<Real>(a.k_rope), a.ldk, a.tokens, as<Low>(a.out), as<Real>(a.top), as<Real>(a.inverse)};
}

template <class Real>
void add_heads(size_t tokens, size_t heads, size_t width, const Real* from, Real* to, size_t ld, int threads) {
  in_blocks(tokens, threads, [&](size_t first, size_t last) {
    for (size_t t = first; t < last; ++t)
      for (size_t i = 0; i < width; ++i) {
        Real sum = 0;
        for (size_t head = 0; head < heads; ++head) sum += from[(t * heads + head) * width + i];
        to[t * ld + i] = sum;
      }
  });
}

}  // namespace

void fill_attention(mr_backend& b) {
  b.attention_scratch = [](size_t heads, size_t nope, size_t rope, size_t value, size_t longest, int32_t threads) {
    return attention_scratch({heads, nope, rope, value}, longest, threads);
  };
  b.attention_forward = [](mr_stream* s, const mr_attention* a) {
    by_type(a->out.type, [&]<class R, class L> {
      attention_forward<R, L>(shape_of(*a), runs_of(*a), data_of<R, L>(*a), a->longest, as<R>(a->scratch), s->threads);
    });
  };
  b.attention_append = [](mr_stream* s, const mr_attention* a) {
    by_type(a->out.type, [&]<class R, class L> {
      attention_append<R, L>(shape_of(*a), a->past, a->tokens, data_of<R, L>(*a), a->longest, as<R>(a->scratch), s->threads);
    });
  };
  b.attention_backward = [](mr_stream* s, const mr_attention_backward* a) {
    const mr_attention& f = a->forward;
    by_type(a->dq.type, [&]<class R, class L> {
      attention_backward<R, L>(shape_of(f), runs_of(f), data_of<R, L>(f), as<L>(a->dout), as<L>(a->dq), as<L>(a->dkv), as<R>(a->dk_rope), f.longest,
                               as<R>(f.scratch), s->threads);
      add_heads(f.tokens, f.heads, f.rope, as<R>(a->dk_rope), as<R>(a->dk), a->lddk, s->threads);
    });
  };
  b.append_cache = [](mr_stream*, const mr_append_cache* a) {
    by_type(a->kv.type, [&]<class R, class L> {
      std::copy_n(as<L>(a->kv), a->tokens * a->width, as<L>(a->kv_cache) + a->past * a->width);
      for (size_t t = 0; t < a->tokens; ++t)
        std::copy_n(as<R>(a->k_rope) + t * a->ldk, a->rope, as<R>(a->k_rope_cache) + (a->past + t) * a->rope);
    });
  };
  b.rope_table = [](mr_stream*, const mr_rope_table* a) {
    by_type(a->cosines.type, [&]<class R, class> { rope_table(a->base, a->width, a->count, as<R>(a->cosines), as<R>(a->sines)); });
  };
  b.rope_rotate = [](mr_stream* s, const mr_rope_rotate* a) {
    by_type(a->x.type, [&]<class R, class L> {
      rope_rotate(a->rows, a->heads, a->stride, a->width, as<int32_t>(a->positions), as<R>(a->cosines), as<R>(a->sines), as<L>(a->x), a->ldx,
                  a->back != 0, s->threads);
    });
  };
}

}  // namespace millrace::trainer
