// Oracles: the rule of TDPBF16PS as Intel writes it, in loops of double that are rounded to float by hand (a product of two bfloat16 is exact in
// double; where the sum is not, round-to-odd keeps the second rounding right); torch's rounding to bfloat16 on recorded values.
#include "native/trainer/gemm/dot32.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/philox/philox.h"

namespace {

// Eight tile registers and their instructions as Intel's manual defines them; configured as dot32_amx_begin does.
struct Registers {
  float value[8][16][16];
  uint16_t pair(int t, int row, int i) const {
    uint16_t x;
    std::memcpy(&x, reinterpret_cast<const char*>(value[t][row]) + 2 * i, 2);
    return x;
  }
  void zero(int t) { std::memset(value[t], 0, sizeof value[t]); }
  void load(int t, const void* from, int64_t stride) {
    for (int r = 0; r < 16; ++r) std::memcpy(value[t][r], static_cast<const char*>(from) + r * stride, 64);
  }
  void store(int t, void* to, int64_t stride) const {
    for (int r = 0; r < 16; ++r) std::memcpy(static_cast<char*>(to) + r * stride, value[t][r], 64);
  }
  void dot(int to, int a, int b) {
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        float chain[2] = {};
        for (int k = 0; k < 16; ++k)
          for (int i : {0, 1}) chain[i] = fused(widened(pair(a, m, 2 * k + i)), widened(pair(b, k, 2 * n + i)), chain[i]);
        value[to][m][n] = fused(1, value[to][m][n], fused(1, chain[0], chain[1]));
      }
  }
  static float widened(uint16_t x);
  static float fused(float a, float b, float c);
} registers;

}  // namespace

#define MILLRACE_AMX
#define MILLRACE_AMX_LANES Float1
#define TILE_ZERO(t) registers.zero(t)
#define TILE_LOAD(t, from, stride) registers.load(t, from, stride)
#define TILE_STORE(t, to, stride) registers.store(t, to, stride)
#define TILE_DOT(t, a, b) registers.dot(t, a, b)
#include "native/trainer/gemm/dot32_amx_tile.h"

namespace millrace::trainer {
namespace {

uint32_t bits_of(float x) {
  uint32_t i;
  std::memcpy(&i, &x, 4);
  return i;
}
float float_of(uint32_t i) {
  float x;
  std::memcpy(&x, &i, 4);
  return x;
}
float flushed(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }

// a * b + c with denormals flushed on both sides, rounded once.
float fma_by_definition(float a, float b, float c) {
  const double product = double{flushed(a)} * double{flushed(b)}, addend = double{flushed(c)};
  double sum = product + addend;  // TwoSum, so that what was lost is known
  const double part = sum - product, lost = (product - (sum - part)) + (addend - part);
  if (lost != 0 && std::isfinite(sum)) {
    uint64_t i;
    std::memcpy(&i, &sum, 8);
    if (!(i & 1)) {
      if ((lost > 0) == (sum > 0)) i |= 1;
      else i -= 1;
      std::memcpy(&sum, &i, 8);
    }
  }
  // Tiny after rounding to 24 bits of an unbounded exponent: x86's flush looks there.
  const double unbounded = std::ldexp(static_cast<double>(static_cast<float>(std::ldexp(sum, 60))), -60);
  return std::fabs(sum) < 0x1p-100 && std::fabs(unbounded) < 0x1p-126 ? std::copysign(0.0f, static_cast<float>(sum)) : static_cast<float>(sum);
}

}  // namespace
}  // namespace millrace::trainer

namespace {
float Registers::widened(uint16_t x) { return millrace::trainer::float_of(static_cast<uint32_t>(x) << 16); }
float Registers::fused(float a, float b, float c) { return millrace::trainer::fma_by_definition(a, b, c); }
}  // namespace

namespace millrace::trainer {
namespace {

struct Shape { int64_t M, N, K; };

std::vector<float> draw(uint32_t tensor, int64_t n, float deviation) {
  std::vector<float> x(static_cast<size_t>(n));
  fill_normal({7, tensor, 0}, 0, 0.0f, deviation, x);
  return x;
}
std::vector<Bf16> low(const std::vector<float>& x) {
  std::vector<Bf16> y;
  for (float v : x) y.push_back(to_bf16(v));
  return y;
}

struct Restore {
  Isa isa = active_isa();
  bool amx = active_amx();
  ~Restore() { set_isa(isa), set_amx(amx); }
};

// Every way to run on this machine; AMX where it is granted.
template <class Body>
void each_way(Body body) {
  const Restore restore;
  for (Isa isa : available_isas())
    for (int threads : {1, 2, 3})
      for (bool tiles : {false, true}) {
        if (tiles && (isa != Isa::avx512 || !amx_granted())) continue;
        set_isa(isa), set_amx(tiles);
        body(std::string(name(isa)) + (tiles ? " with AMX, " : ", ") + std::to_string(threads) + " threads", threads);
      }
}

void check(Shape s, bool transA, bool transB, bool accumulate, int64_t extra, float deviation = 1) {
  const int64_t lda = (transA ? s.M : s.K) + extra, ldb = (transB ? s.K : s.N) + extra, ldc = s.N + extra;
  const auto A = draw(1, (transA ? s.K : s.M) * lda, deviation), B = draw(2, (transB ? s.N : s.K) * ldb, deviation), before = draw(3, s.M * ldc, deviation);
  const auto a = low(A), b = low(B);
  auto expected = before;
  for (int64_t i = 0; i < s.M; ++i)
    for (int64_t j = 0; j < s.N; ++j) {
      float& c = expected[static_cast<size_t>(i * ldc + j)];
      float total = accumulate ? flushed(c) : 0;
      for (int64_t from = 0; from < s.K; from += 32) {
        float chain[2] = {};
        for (int64_t k = from; k < from + 32; ++k) {
          const float x = k < s.K ? to_float(a[static_cast<size_t>(transA ? k * lda + i : i * lda + k)]) : 0;
          const float y = k < s.K ? to_float(b[static_cast<size_t>(transB ? j * ldb + k : k * ldb + j)]) : 0;
          chain[k % 2] = fma_by_definition(x, y, chain[k % 2]);
        }
        total = fma_by_definition(1, total, fma_by_definition(1, chain[0], chain[1]));
      }
      c = total;
    }
  std::vector<Bf16> rounded = low(before);
  for (int64_t i = 0; i < s.M && !accumulate; ++i)
    for (int64_t j = 0; j < s.N; ++j) rounded[static_cast<size_t>(i * ldc + j)] = to_bf16(expected[static_cast<size_t>(i * ldc + j)]);
  each_way([&](const std::string& way, int threads) {
    auto C = before;
    // One operand stored short, the other rounded on the way: either gives the same.
    gemm_dot32(transA, transB, s.M, s.N, s.K, a.data(), lda, B.data(), ldb, C.data(), ldc, accumulate, threads);
    const std::string what = way + ", " + std::to_string(s.M) + " x " + std::to_string(s.N) + " x " + std::to_string(s.K) + (transA ? ", A'" : "") +
                             (transB ? ", B'" : "") + (accumulate ? ", accumulating" : "");
    ASSERT_EQ(std::memcmp(C.data(), expected.data(), C.size() * 4), 0) << what;
    if (accumulate) return;
    auto D = low(before);
    gemm_dot32(transA, transB, s.M, s.N, s.K, A.data(), lda, b.data(), ldb, D.data(), ldc, threads);
    ASSERT_EQ(std::memcmp(D.data(), rounded.data(), D.size() * 2), 0) << what << ", rounded";
  });
}

}  // namespace

TEST(Dot32, EqualsTheRuleBitForBit) {
  const Shape shapes[] = {{1, 1, 1},   {1, 1, 70},  {2, 33, 16},  {3, 16, 32},  {5, 64, 31},   {6, 48, 300}, {7, 17, 65},
                          {14, 32, 64}, {15, 31, 48}, {33, 40, 257}, {64, 5, 96}, {29, 100, 20}, {17, 70, 9}};
  for (const Shape& s : shapes)
    for (bool transA : {false, true})
      for (bool transB : {false, true})
        for (bool accumulate : {false, true})
          for (int64_t extra : {0, 5}) check(s, transA, transB, accumulate, extra);
}

TEST(Dot32, EqualsTheRuleWhereBlocksAndTasksAreMany) {
  check({470, 130, 80}, false, true, true, 3);
  check({470, 130, 80}, true, false, false, 0);
  check({61, 530, 270}, false, true, false, 1);
  check({40, 1030, 120}, true, false, true, 0);
}

// Products around 2^-126: what flushing must and must not do.
TEST(Dot32, FlushesDenormalsAsTilesDo) {
  check({15, 33, 64}, false, true, false, 0, 1.1e-19f);
  check({15, 33, 64}, false, true, true, 0, 1.1e-19f);
  check({15, 33, 40}, false, false, true, 0, 3e-20f);
  check({5, 20, 32}, true, false, false, 0, 1e-38f);
}

TEST(Dot32, LeavesTheCallersRoundingAlone) {
  const Restore restore;
  set_isa(available_isas().back());
  const float one = 1;
  float c;
  gemm_dot32(false, false, 1, 1, 1, &one, 1, &one, 1, &c, 1, false, 1);
  volatile float small = 0x1p-126f;
  EXPECT_EQ(c, 1.0f);
  EXPECT_EQ(small * 0.5f, 0x1p-127f) << "a denormal after the call";
}

TEST(Dot32, NothingToAddGivesZeroOrLeavesC) {
  const float* none = nullptr;
  each_way([&](const std::string& way, int threads) {
    std::vector<float> C = {1, 2, 3, 4};
    gemm_dot32(false, false, 2, 2, 0, none, 0, none, 2, C.data(), 2, true, threads);
    EXPECT_EQ(C, (std::vector<float>{1, 2, 3, 4})) << way;
    gemm_dot32(false, false, 2, 2, 0, none, 0, none, 2, C.data(), 2, false, threads);
    EXPECT_EQ(C, (std::vector<float>{0, 0, 0, 0})) << way;
  });
}

// torch 2.15: torch.tensor(x).to(torch.bfloat16).view(torch.int16)
TEST(Bf16, RoundsAsTorchDoes) {
  const struct { uint32_t from; uint16_t to; } recorded[] = {
#include "native/trainer/gemm/bf16_recorded.h"
  };
  for (const auto& r : recorded) {
    const Bf16 found = to_bf16(float_of(r.from));
    if (std::isnan(float_of(r.from))) EXPECT_EQ(found.bits, 0x7fc0) << "torch gives one NaN or another, we give this one";
    else EXPECT_EQ(found.bits, r.to) << std::hex << r.from;
  }
  EXPECT_EQ(bits_of(to_float(Bf16{0x3f80})), 0x3f800000u);
}

// The tiles' arrangement without the instruction: one whole tile and one with borders, against vectors.
TEST(Amx, TilesAreArrangedAsTheInstructionReadsThem) {
  struct { int rows, columns; int64_t depth; } const cases[] = {{32, 32, 256}, {32, 32, 32}, {19, 27, 75}, {1, 1, 1}};
  for (const auto& c : cases)
    for (const bool transA : {false, true})
      for (const bool transB : {false, true})
        for (const bool add : {false, true}) {
          const auto A = draw(1, 256 * 256, 1), B = draw(2, 256 * 256, 1);
          auto found = draw(3, 32 * 40, 1), expected = found;
          std::vector<char> a(32 * 256 * 2), b(32 * 256 * 2);
          pack_a(transA, c.rows, c.depth, A.data(), 256, a.data());
          pack_b(transB, c.columns, c.depth, B.data(), 256, b.data());
          run(c.rows, c.depth, a.data(), b.data(), found.data(), 40, add);
          gemm_dot32(transA, transB, c.rows, c.columns, c.depth, A.data(), 256, B.data(), 256, expected.data(), 40, add, 1);
          for (int i = 0; i < c.rows; ++i)
            ASSERT_EQ(std::memcmp(found.data() + i * 40, expected.data() + i * 40, static_cast<size_t>(c.columns) * 4), 0) << "row " << i;
        }
}

TEST(Amx, IsGrantedOrDeclinedButNeverAssumed) {
  const Restore restore;
  set_amx(true);
  EXPECT_EQ(active_amx(), amx_granted());
  set_amx(false);
  EXPECT_FALSE(active_amx());
}

}  // namespace millrace::trainer
