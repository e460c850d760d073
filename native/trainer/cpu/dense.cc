// Embedding, norms, linear layers, SwiGLU.
#include "native/trainer/cpu/types.h"
#include "native/trainer/embedding/embedding.h"
#include "native/trainer/linear/linear.h"
#include "native/trainer/rmsnorm/rmsnorm.h"
#include "native/trainer/swiglu/swiglu.h"

namespace millrace::trainer {
namespace {

// A product under the rule of `low`, whose operands and result say themselves what they are.
struct Product {
  bool transA, transB;
  size_t M, N, K;
  mr_buffer a;
  size_t lda;
  mr_buffer b;
  size_t ldb;
  mr_buffer c;
  size_t ldc;
  bool accumulate;
};

Operand operand(mr_buffer b) { return b.type == MR_BF16 ? Operand(as<Bf16>(b)) : Operand(as<float>(b)); }

void run(const Product& p, int32_t low, int threads) {
  const auto M = static_cast<int64_t>(p.M), N = static_cast<int64_t>(p.N), K = static_cast<int64_t>(p.K);
  const auto a = static_cast<int64_t>(p.lda), b = static_cast<int64_t>(p.ldb), c = static_cast<int64_t>(p.ldc);
  if (low == MR_F64) gemm(p.transA, p.transB, M, N, K, as<double>(p.a), a, as<double>(p.b), b, as<double>(p.c), c, p.accumulate, threads);
  else if (low == MR_F32) gemm(p.transA, p.transB, M, N, K, as<float>(p.a), a, as<float>(p.b), b, as<float>(p.c), c, p.accumulate, threads);
  else if (p.c.type == MR_BF16) gemm_dot32(p.transA, p.transB, M, N, K, operand(p.a), a, operand(p.b), b, as<Bf16>(p.c), c, threads);
  else gemm_dot32(p.transA, p.transB, M, N, K, operand(p.a), a, operand(p.b), b, as<float>(p.c), c, p.accumulate, threads);
}

template <class Body>
void by_wide(mr_buffer b, Body body) {
  if (b.type == MR_F64) body.template operator()<double>();
  else body.template operator()<float>();
}

}  // namespace

void fill_dense(mr_backend& b) {
  b.embedding_forward = [](mr_stream* s, const mr_embedding_forward* a) {
    by_wide(a->out, [&]<class R> { embedding_forward(a->tokens, a->width, as<uint32_t>(a->ids), as<R>(a->weight), as<R>(a->out), s->threads); });
  };
  b.embedding_backward = [](mr_stream* s, const mr_embedding_backward* a) {
    by_wide(a->dx, [&]<class R> { embedding_backward(a->tokens, a->width, as<uint32_t>(a->ids), as<R>(a->dx), as<R>(a->dweight), s->threads); });
  };
  b.rmsnorm_forward = [](mr_stream* s, const mr_rmsnorm_forward* a) {
    by_type(a->y.type, [&]<class R, class L> {
      rmsnorm_forward(a->rows, a->width, as<R>(a->x), a->ldx, as<R>(a->weight), a->eps, a->scale, as<L>(a->y), a->ldy, as<R>(a->rstd), s->threads);
    });
  };
  b.rmsnorm_backward = [](mr_stream* s, const mr_rmsnorm_backward* a) {
    by_wide(a->dx, [&]<class R> {
      rmsnorm_backward(a->rows, a->width, as<R>(a->dy), a->lddy, as<R>(a->x), a->ldx, as<R>(a->weight), a->scale, as<R>(a->rstd), as<R>(a->dx),
                       a->lddx, a->accumulate != 0, as<R>(a->dweight), s->threads);
    });
  };
  b.linear_forward = [](mr_stream* s, const mr_linear_forward* a) {
    run({false, true, a->rows, a->out, a->in, a->x, a->ldx, a->weight, a->in, a->y, a->ldy, a->accumulate != 0}, a->low, s->threads);
  };
  b.linear_backward = [](mr_stream* s, const mr_linear_backward* a) {
    run({false, false, a->rows, a->in, a->out, a->dy, a->lddy, a->weight, a->in, a->dx, a->lddx, a->accumulate != 0}, a->low, s->threads);
  };
  b.linear_weight = [](mr_stream* s, const mr_linear_weight* a) {
    run({true, false, a->out, a->in, a->rows, a->dy, a->lddy, a->x, a->ldx, a->dweight, a->in, true}, a->low, s->threads);
  };
  b.swiglu_forward = [](mr_stream* s, const mr_swiglu_forward* a) {
    by_type(a->h.type, [&]<class R, class L> { swiglu_forward(a->rows, a->width, as<L>(a->gate_up), as<L>(a->h), s->threads); });
  };
  b.swiglu_backward = [](mr_stream* s, const mr_swiglu_backward* a) {
    by_type(a->h.type, [&]<class R, class L> { swiglu_backward(a->rows, a->width, as<L>(a->gate_up), as<L>(a->dh), as<L>(a->h), s->threads); });
  };
}

}  // namespace millrace::trainer
