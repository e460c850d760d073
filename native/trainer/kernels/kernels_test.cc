// Every kernel in fp32, on every instruction set, against the same template in double (which gradients_test.cc holds against finite
// differences), on the same inputs. The error is counted in units of the last place of the largest magnitude in the result's row, since
// sums cancel; the bounds are stated here and nowhere looser. All instruction sets must agree to the bit.
#include "native/trainer/kernels/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "native/base/cpu.h"

namespace millrace::trainer {
namespace {

constexpr size_t kRows = 9;
constexpr size_t kWidths[] = {1, 5, 16, 37, 144, 333};

struct Numbers {
  std::vector<float> f;
  std::vector<double> d;  // the same values

  Numbers(size_t n, uint32_t seed, double spread = 1, double shift = 0) : f(n), d(n) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (size_t i = 0; i < n; ++i) d[i] = f[i] = static_cast<float>(shift + spread * normal(random));
  }
};

// Largest error in `width` columns a row, in ULP of the largest magnitude in the row of `scale` (by default of what is expected).
double ulps(const std::vector<float>& found, const std::vector<double>& expected, size_t width, const std::vector<double>& scale) {
  double worst = 0;
  for (size_t row = 0; row * width < found.size(); ++row) {
    double largest = 0, error = 0;
    for (size_t i = row * width; i < (row + 1) * width; ++i) {
      largest = std::max(largest, std::abs(scale[i]));
      error = std::max(error, std::abs(static_cast<double>(found[i]) - expected[i]));
    }
    if (largest == 0) {
      if (error > 0) worst = INFINITY;
      continue;
    }
    worst = std::max(worst, error / (std::nextafter(static_cast<float>(largest), INFINITY) - static_cast<float>(largest)));
  }
  return worst;
}

double ulps(const std::vector<float>& found, const std::vector<double>& expected, size_t width) { return ulps(found, expected, width, expected); }

const Kernels<double>& exact() { return kernels<double>(); }

// Runs body(kernels of an ISA) -> bytes that it wrote, for every ISA, and compares them.
template <class Body>
void on_every_isa(Body body) {
  const Isa before = active_isa();
  std::vector<float> expected;
  for (const Isa isa : available_isas()) {
    set_isa(isa);
    const std::vector<float> found = body(kernels<float>());
    if (expected.empty()) expected = found;
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0) << name(isa);
  }
  set_isa(before);
}

std::vector<float> join(std::initializer_list<std::vector<float>> parts) {
  std::vector<float> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST(Kernels, RmsNorm) {
  for (const size_t width : kWidths) {
    const Numbers x(kRows * width, 1), dy(kRows * width, 2), weight(width, 3, 0.3, 1);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> y(kRows * width), rstd(kRows), dx(kRows * width), dw(width);
      std::vector<double> Y(kRows * width), RSTD(kRows), DX(kRows * width), DW(width);
      k.rmsnorm_forward(kRows, width, x.f.data(), width, weight.f.data(), 1e-5f, 2, y.data(), width, rstd.data());
      exact().rmsnorm_forward(kRows, width, x.d.data(), width, weight.d.data(), 1e-5, 2, Y.data(), width, RSTD.data());
      k.rmsnorm_backward(kRows, width, dy.f.data(), width, x.f.data(), width, weight.f.data(), 2, rstd.data(), dx.data(), width, false);
      exact().rmsnorm_backward(kRows, width, dy.d.data(), width, x.d.data(), width, weight.d.data(), 2, RSTD.data(), DX.data(), width, false);
      for (size_t begin = 0; begin < width; begin += kNormColumns) {
        const size_t end = std::min(width, begin + kNormColumns);
        k.rmsnorm_weight(kRows, begin, end, dy.f.data(), width, x.f.data(), width, 2, rstd.data(), dw.data());
        exact().rmsnorm_weight(kRows, begin, end, dy.d.data(), width, x.d.data(), width, 2, RSTD.data(), DW.data());
      }
      EXPECT_LE(ulps(y, Y, width), 4) << width;
      EXPECT_LE(ulps(rstd, RSTD, 1), 4) << width;
      if (width > 1) { EXPECT_LE(ulps(dx, DX, width), 8) << width; }  // one element: dx is eps times a number, all cancellation
      EXPECT_LE(ulps(dw, DW, width), 6) << width;
      return join({y, rstd, dx, dw});
    });
  }
}

TEST(Kernels, SwiGlu) {
  for (const size_t width : kWidths) {
    const Numbers gate_up(kRows * 2 * width, 1, 3), dh(kRows * width, 2), gates(kRows, 3, 0.2, 0.5);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> h(kRows * width), again(kRows * width), d(gate_up.f), dgates(kRows);
      std::vector<double> H(kRows * width), AGAIN(kRows * width), D(gate_up.d), DGATES(kRows);
      k.swiglu_forward(kRows, width, gate_up.f.data(), h.data());
      exact().swiglu_forward(kRows, width, gate_up.d.data(), H.data());
      k.swiglu_backward(kRows, width, d.data(), dh.f.data(), gates.f.data(), dgates.data(), again.data());
      exact().swiglu_backward(kRows, width, D.data(), dh.d.data(), gates.d.data(), DGATES.data(), AGAIN.data());
      EXPECT_LE(ulps(h, H, width), 5) << width;
      EXPECT_LE(ulps(again, AGAIN, width), 5) << width;
      EXPECT_LE(ulps(d, D, 2 * width), 6) << width;
      double magnitude = 0, error = 0;  // a dot product: relative to the sum of its terms' magnitudes
      for (size_t r = 0; r < kRows; ++r) {
        magnitude = 0;
        for (size_t i = 0; i < width; ++i) magnitude += std::abs(dh.d[r * width + i] * H[r * width + i]);
        error = std::max(error, std::abs(dgates[r] - DGATES[r]) / (magnitude * 0x1p-23));
      }
      EXPECT_LE(error, 5) << width;
      return join({h, again, d, dgates});
    });
  }
}

TEST(Kernels, CausalSoftmax) {
  constexpr size_t heads_width = 24;
  for (const size_t first : {size_t{0}, size_t{7}, size_t{64}, size_t{320}}) {
    const size_t keys = first + kRows;
    const Numbers scores(kRows * keys, 1, 4), dp(kRows * keys, 2), dout(kRows * heads_width, 3), out(kRows * heads_width, 4);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> p(scores.f), again(scores.f), ds(dp.f), top(kRows), inverse(kRows);
      std::vector<double> P(scores.d), DS(dp.d), TOP(kRows), INVERSE(kRows);
      k.causal_softmax(kRows, first, keys, p.data(), keys, 0.3f, top.data(), inverse.data());
      exact().causal_softmax(kRows, first, keys, P.data(), keys, static_cast<double>(0.3f), TOP.data(), INVERSE.data());
      k.causal_softmax_again(kRows, first, keys, again.data(), keys, 0.3f, top.data(), inverse.data());
      k.causal_softmax_backward(kRows, first, keys, p.data(), ds.data(), keys, 0.3f, dout.f.data(), out.f.data(), heads_width, heads_width);
      exact().causal_softmax_backward(kRows, first, keys, P.data(), DS.data(), keys, static_cast<double>(0.3f), dout.d.data(), out.d.data(),
                                      heads_width, heads_width);
      EXPECT_EQ(p, again);
      EXPECT_LE(ulps(p, P, keys), 16) << first;  // the exponent's argument has an absolute error of half an ULP of the largest score
      EXPECT_LE(ulps(ds, DS, keys), 20) << first;
      for (size_t r = 0; r < kRows; ++r)
        for (size_t i = first + r + 1; i < keys; ++i) EXPECT_EQ(p[r * keys + i] == 0 && ds[r * keys + i] == 0, true);
      return join({p, ds, top, inverse});
    });
  }
}

TEST(Kernels, Softmax) {
  for (const size_t width : kWidths) {
    const Numbers x(kRows * width, 1, 2), dp(kRows * width, 2);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> p(x.f), d(dp.f);
      std::vector<double> P(x.d), D(dp.d);
      k.softmax(kRows, width, p.data());
      exact().softmax(kRows, width, P.data());
      std::vector<double> terms(D);
      for (size_t i = 0; i < terms.size(); ++i) terms[i] *= P[i];
      k.softmax_backward(kRows, width, p.data(), d.data());
      exact().softmax_backward(kRows, width, P.data(), D.data());
      EXPECT_LE(ulps(p, P, width), 8) << width;
      EXPECT_LE(ulps(d, D, width, terms), 8) << width;  // where one p is near 1, dp - Σ dp·p cancels: relative to its terms
      return join({p, d});
    });
  }
}

TEST(Kernels, CrossEntropy) {
  for (const size_t width : kWidths) {
    const Numbers x(kRows * width, 1, 2);
    std::vector<int32_t> targets(kRows);
    for (size_t r = 0; r < kRows; ++r) targets[r] = r % 4 == 3 ? -1 : static_cast<int32_t>(r * 7 % width);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> d(x.f), losses(kRows);
      std::vector<double> D(x.d), LOSSES(kRows);
      k.cross_entropy(kRows, width, d.data(), targets.data(), losses.data(), true);
      exact().cross_entropy(kRows, width, D.data(), targets.data(), LOSSES.data(), true);
      if (width > 1) { EXPECT_LE(ulps(d, D, width), 8) << width; }
      EXPECT_LE(ulps(losses, LOSSES, kRows), 4) << width;
      return join({d, losses});
    });
  }
}

TEST(Kernels, HiddenZ) {
  for (const size_t width : kWidths) {
    const Numbers z(kRows * width, 1, 3);
    std::vector<int32_t> targets(kRows, 0);
    targets[2] = -1;
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> dz(kRows * width), values(kRows), largest(kRows);
      std::vector<double> DZ(kRows * width), VALUES(kRows), LARGEST(kRows);
      k.hidden_z(kRows, width, z.f.data(), targets.data(), 0.5f, dz.data(), values.data(), largest.data(), true);
      exact().hidden_z(kRows, width, z.d.data(), targets.data(), 0.5, DZ.data(), VALUES.data(), LARGEST.data(), true);
      EXPECT_LE(ulps(dz, DZ, width), 10) << width;
      EXPECT_LE(ulps(values, VALUES, 1), 6) << width;
      return join({dz, values, largest});
    });
  }
}

TEST(Kernels, SumsOfRows) {
  for (const size_t width : kWidths) {
    const Numbers x(width, 1), y(width, 2);
    on_every_isa([&](const Kernels<float>& k) {
      std::vector<float> a(y.f), b(y.f);
      std::vector<double> A(y.d), B(y.d);
      k.add_scaled(width, 0.7f, x.f.data(), a.data());
      exact().add_scaled(width, static_cast<double>(0.7f), x.d.data(), A.data());
      k.add(width, x.f.data(), b.data());
      exact().add(width, x.d.data(), B.data());
      const float dot = k.dot(width, x.f.data(), y.f.data());
      double magnitude = 0;
      for (size_t i = 0; i < width; ++i) magnitude += std::abs(x.d[i] * y.d[i]);
      EXPECT_LE(ulps(a, A, width), 1);
      EXPECT_LE(ulps(b, B, width), 0.5);
      EXPECT_LE(std::abs(dot - exact().dot(width, x.d.data(), y.d.data())), 2 * magnitude * 0x1p-23);
      return join({a, b, {dot}});
    });
  }
}

}  // namespace millrace::trainer
