// Ops with bfloat16 tensors, called as the model calls them, against the same op in double on the same (already rounded) inputs: an op may
// add the rounding of what it stores and of what its products read, and nothing else.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/cpu/cpu.h"
#include "native/trainer/math/bf16.h"
#include "native/trainer/philox/philox.h"

namespace millrace::trainer {
namespace {

constexpr double kHalf = 0x1p-8;  // largest relative error of one rounding to 8 bits

// A tensor three times: as the bf16 mode stores it, as double, and what the op makes of it.
struct Tensor {
  bool low;
  std::vector<Bf16> narrow;
  std::vector<float> wide;
  std::vector<double> exact;

  Tensor(uint32_t id, size_t n, bool is_low, float deviation = 1) : low(is_low), narrow(n), wide(n), exact(n) {
    fill_normal({5, id, 0}, 0, 0, deviation, wide);
    for (size_t i = 0; i < n; ++i) {
      narrow[i] = to_bf16(wide[i]);
      if (low) wide[i] = to_float(narrow[i]);
      exact[i] = static_cast<double>(wide[i]);
    }
  }
  mr_buffer mixed() { return low ? mr_buffer{narrow.data(), MR_BF16} : mr_buffer{wide.data(), MR_F32}; }
  mr_buffer oracle() { return {exact.data(), MR_F64}; }
  double at(size_t i) const { return low ? static_cast<double>(to_float(narrow[i])) : static_cast<double>(wide[i]); }

  // Largest error relative to the element where `own`, else to the element or the tensor's root mean square, whichever is larger.
  double error(bool own) const {
    double square = 0, worst = 0;
    for (double x : exact) square += x * x;
    const double size = std::sqrt(square / static_cast<double>(exact.size()));
    for (size_t i = 0; i < exact.size(); ++i) worst = std::max(worst, std::fabs(at(i) - exact[i]) / (own ? std::fabs(exact[i]) + 1e-3 * size : std::max(std::fabs(exact[i]), size)));
    return worst;
  }
  double spread() const {  // root mean square error over root mean square
    double square = 0, error = 0;
    for (size_t i = 0; i < exact.size(); ++i) square += exact[i] * exact[i], error += (at(i) - exact[i]) * (at(i) - exact[i]);
    return std::sqrt(error / square);
  }
};

struct Restore {
  Isa isa = active_isa();
  ~Restore() { set_isa(isa); }
};

// body(backend, stream) on every instruction set; results must be those of the first.
void each_isa(const std::function<void(const mr_backend&, mr_stream*)>& body) {
  const Restore restore;
  const mr_backend& b = cpu_backend();
  mr_stream* stream = b.stream_open(2);
  for (Isa isa : available_isas()) {
    set_isa(isa);
    SCOPED_TRACE(name(isa));
    body(b, stream);
  }
  b.stream_close(stream);
}

}  // namespace

TEST(Bf16Ops, NormsRoundOnceWhatTheyStore) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t rows = 5, width = 77;
    Tensor x(1, rows * width, false), w(2, width, false), y(3, rows * width, true), r(4, rows, false);
    for (const bool mixed : {true, false}) {
      const auto at = [&](Tensor& t) { return mixed ? t.mixed() : t.oracle(); };
      const mr_rmsnorm_forward a{rows, width, at(x), width, at(w), 1e-5, 1.5, at(y), width, at(r)};
      b.rmsnorm_forward(s, &a);
    }
    EXPECT_LT(y.error(true), 1.01 * kHalf);
    EXPECT_GT(y.error(true), 0.5 * kHalf) << "something was rounded";
    EXPECT_LT(r.error(true), 1e-6) << "statistics are not";
  });
}

TEST(Bf16Ops, SwigluRoundsOnceWhatItStores) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t rows = 6, width = 45;
    Tensor gu(1, rows * 2 * width, true), h(2, rows * width, true), dh(3, rows * width, true), again(4, rows * width, true);
    for (const bool mixed : {true, false}) {
      const auto at = [&](Tensor& t) { return mixed ? t.mixed() : t.oracle(); };
      const mr_swiglu_forward f{rows, width, at(gu), at(h)};
      b.swiglu_forward(s, &f);
      const mr_swiglu_backward g{rows, width, at(gu), at(dh), at(again)};
      b.swiglu_backward(s, &g);
    }
    EXPECT_LT(h.error(true), 1.01 * kHalf);
    EXPECT_LT(again.error(true), 1.01 * kHalf);
    EXPECT_LT(gu.error(true), 1.05 * kHalf) << "cancellation in silu's derivative leaves a little of float's error";
  });
}

TEST(Bf16Ops, LinearLayersRoundOperandsAndWhatTheyStore) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t rows = 40, in = 96, out = 70;
    // Operands are exact here: what is left is the sum's order, and the rounding of y where it is stored short.
    Tensor x(1, rows * in, true), w(2, out * in, true), y(3, rows * out, true), wide(4, rows * out, false), dw(5, out * in, false);
    w.low = false;  // masters are float; these happen to be short
    for (const bool mixed : {true, false}) {
      const auto at = [&](Tensor& t) { return mixed ? t.mixed() : t.oracle(); };
      const int32_t low = mixed ? MR_BF16 : MR_F64;
      const mr_linear_forward f{rows, in, out, low, at(x), in, at(w), at(y), out, 0}, g{rows, in, out, low, at(x), in, at(w), at(wide), out, 1};
      b.linear_forward(s, &f), b.linear_forward(s, &g);
      const mr_linear_weight h{rows, in, out, low, at(y), out, at(x), in, at(dw)};
      if (!mixed)
        for (size_t i = 0; i < y.exact.size(); ++i) {
          EXPECT_NEAR(y.at(i), y.exact[i], kHalf * std::fabs(y.exact[i]) + 2e-5);
          y.exact[i] = y.at(i);
        }
      b.linear_weight(s, &h);
    }
    EXPECT_LT(wide.error(false), 2e-6);
    EXPECT_LT(dw.error(false), 2e-6);
  });
}

TEST(Bf16Ops, LinearLayersRoundMastersToNearest) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t in = 64, out = 48;
    Tensor w(1, out * in, false), x(2, in, false), y(3, out, false);
    for (size_t i = 0; i < in; ++i) x.wide[i] = 0;
    x.wide[7] = 1;
    const mr_linear_forward f{1, in, out, MR_BF16, x.mixed(), in, w.mixed(), y.mixed(), out, 0};
    b.linear_forward(s, &f);
    for (size_t i = 0; i < out; ++i) EXPECT_EQ(y.wide[i], to_float(to_bf16(w.wide[i * in + 7]))) << "a weight as torch rounds it";
  });
}

TEST(Bf16Ops, RotationRoundsOnceWhatItStores) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t rows = 9, heads = 2, width = 6, stride = 10;
    Tensor x(1, rows * heads * stride, true), c(2, 50 * width / 2, false), n(3, 50 * width / 2, false);
    std::vector<int32_t> positions{0, 1, 2, 3, 0, 1, 17, 30, 49};
    for (const bool mixed : {true, false}) {
      const auto at = [&](Tensor& t) { return mixed ? t.mixed() : t.oracle(); };
      const mr_rope_table t{1e4, width, 50, at(c), at(n)};
      b.rope_table(s, &t);
      const mr_rope_rotate r{rows, heads, stride, width, {positions.data(), MR_I32}, at(c), at(n), at(x), heads * stride, 0};
      b.rope_rotate(s, &r);
    }
    EXPECT_LT(x.error(true), 1.1 * kHalf);
  });
}

TEST(Bf16Ops, AttentionStaysWithinTheRoundingOfProbabilities) {
  each_isa([](const mr_backend& b, mr_stream* s) {
    constexpr size_t tokens = 150, heads = 2, nope = 20, rope = 12, value = 24, score = nope + rope, kvw = heads * (nope + value);
    std::vector<mr_run> runs{{0, 97}, {97, 53}};
    Tensor q(1, tokens * heads * score, true), kv(2, tokens * kvw, true), k(3, tokens * rope, true), out(4, tokens * heads * value, true),
        top(5, tokens * heads, false), inverse(6, tokens * heads, false), dout(7, tokens * heads * value, true), dq(8, tokens * heads * score, true),
        dkv(9, tokens * kvw, true), dkr(10, tokens * heads * rope, false), dk(11, tokens * rope, false);
    k.low = false;
    const size_t room = b.attention_scratch(heads, nope, rope, value, 97, 2);
    Tensor scratch(12, room, false);
    for (const bool mixed : {true, false}) {
      const auto at = [&](Tensor& t) { return mixed ? t.mixed() : t.oracle(); };
      const mr_attention f{heads, nope, rope, value, {runs.data(), MR_U64}, 2, 97, tokens, 0, at(q), at(kv), at(k), rope, at(out), at(top), at(inverse),
                           at(scratch)};
      b.attention_forward(s, &f);
      const mr_attention_backward g{f, at(dout), at(dq), at(dkv), at(dkr), at(dk), rope};
      b.attention_backward(s, &g);
    }
    EXPECT_LT(top.error(false), 2e-6) << "scores are not rounded";
    EXPECT_LT(out.error(false), 2 * kHalf);
    EXPECT_LT(out.spread(), 0.6 * kHalf);
    // A gradient holds three roundings, each of 0.42 of the largest in the mean: of the score's gradient, of the output behind delta, its own.
    for (const Tensor* t : {&dq, &dkv, &dk}) EXPECT_LT(t->spread(), kHalf);
  });
}

}  // namespace millrace::trainer
