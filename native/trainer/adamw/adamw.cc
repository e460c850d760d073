#include "native/trainer/adamw/adamw.h"

#include <cmath>
#include <string>

#include "native/base/cpu.h"
#include "native/base/parallel.h"
#include "native/trainer/adamw/step.h"

namespace millrace::trainer {
namespace {

// base^exponent by repeated squaring: double products only, so the same bits everywhere.
double power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

Error check(const AdamW& o) {
  const auto refuse = [](const char* what, double value, const char* expected) {
    return Error{kArgument, std::string("adamw: expected ") + what + " " + expected + ", found " + std::to_string(value)};
  };
  if (o.step < 1) return refuse("step", static_cast<double>(o.step), ">= 1");
  if (!(o.beta1 >= 0 && o.beta1 < 1)) return refuse("beta1", o.beta1, "in [0, 1)");
  if (!(o.beta2 >= 0 && o.beta2 < 1)) return refuse("beta2", o.beta2, "in [0, 1)");
  if (!(o.lr >= 0 && std::isfinite(o.lr))) return refuse("lr", o.lr, ">= 0 and finite");
  if (!(o.eps >= 0 && std::isfinite(o.eps))) return refuse("eps", o.eps, ">= 0 and finite");
  if (!(o.decay >= 0 && std::isfinite(o.decay))) return refuse("decay", o.decay, ">= 0 and finite");
  if (!(o.grad_scale >= 0 && std::isfinite(o.grad_scale))) return refuse("grad_scale", o.grad_scale, ">= 0 and finite");
  return Error::none();
}

auto loop_for(Isa isa) {
  switch (isa) {
    case Isa::avx512: return adamw_span_avx512;
    case Isa::avx2: return adamw_span_avx2;
    case Isa::scalar: break;
  }
  return adamw_loop<Float1>;
}

}  // namespace

Error adamw_step(std::span<float> p, std::span<const float> g, std::span<float> m, std::span<float> v, const AdamW& o, int threads) {
  if (g.size() != p.size() || m.size() != p.size() || v.size() != p.size())
    return {kShape, "adamw: expected g, m, v of " + std::to_string(p.size()) + " elements like p, found " + std::to_string(g.size()) + ", " +
                        std::to_string(m.size()) + ", " + std::to_string(v.size())};
  MILLRACE_TRY(check(o));
  const AdamWScalars s = {
      .grad_scale = static_cast<float>(o.grad_scale),
      .beta1 = static_cast<float>(o.beta1),
      .rest1 = static_cast<float>(1 - o.beta1),
      .beta2 = static_cast<float>(o.beta2),
      .rest2 = static_cast<float>(1 - o.beta2),
      .keep = static_cast<float>(1 - o.lr * o.decay),
      .rate = static_cast<float>(o.lr / (1 - power(o.beta1, o.step))),
      .root_correction = static_cast<float>(1 / std::sqrt(1 - power(o.beta2, o.step))),
      .eps = static_cast<float>(o.eps),
  };
  const auto loop = loop_for(active_isa());
  constexpr size_t piece = 16384;
  parallel_for((p.size() + piece - 1) / piece, threads, [&](size_t i) {
    const size_t from = i * piece, n = p.size() - from < piece ? p.size() - from : piece;
    loop(p.data() + from, g.data() + from, m.data() + from, v.data() + from, static_cast<int64_t>(n), s);
  });
  return Error::none();
}

}  // namespace millrace::trainer
