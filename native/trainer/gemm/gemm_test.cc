// The oracle is the rule itself: one loop of std::fma an element. And the definition in double, for what the rule is worth.
#include "native/trainer/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/philox/philox.h"

namespace millrace::trainer {
namespace {

std::vector<float> draw(uint32_t tensor, int64_t n) {
  std::vector<float> x(static_cast<size_t>(n));
  fill_normal({7, tensor, 0}, 0, 0.0f, 1.0f, x);
  return x;
}

struct Shape { int64_t M, N, K; };

// Row i, column j by the definition; written out here, so that the test does not lean on the code's own reference.
float rule(bool transA, bool transB, Shape s, const float* A, int64_t lda, const float* B, int64_t ldb, int64_t i, int64_t j, const float* c) {
  float total = c ? *c : 0.0f;
  for (int64_t from = 0; from < s.K; from += 256) {
    float chain = 0;
    for (int64_t k = from; k < std::min(from + 256, s.K); ++k)
      chain = std::fma(transA ? A[k * lda + i] : A[i * lda + k], transB ? B[j * ldb + k] : B[k * ldb + j], chain);
    total = from == 0 && !c ? chain : total + chain;
  }
  return total;
}

struct Restore {
  Isa isa = active_isa();
  ~Restore() { set_isa(isa); }
};

void check(Shape s, bool transA, bool transB, bool accumulate, int64_t extra) {
  const int64_t lda = (transA ? s.M : s.K) + extra, ldb = (transB ? s.K : s.N) + extra, ldc = s.N + extra;
  const auto A = draw(1, (transA ? s.K : s.M) * lda), B = draw(2, (transB ? s.N : s.K) * ldb), before = draw(3, s.M * ldc);
  auto expected = before;
  for (int64_t i = 0; i < s.M; ++i)
    for (int64_t j = 0; j < s.N; ++j) {
      float& c = expected[static_cast<size_t>(i * ldc + j)];
      c = rule(transA, transB, s, A.data(), lda, B.data(), ldb, i, j, accumulate ? &c : nullptr);
    }
  for (Isa isa : available_isas())
    for (int threads : {1, 2, 3}) {
      set_isa(isa);
      auto C = before;
      gemm(transA, transB, s.M, s.N, s.K, A.data(), lda, B.data(), ldb, C.data(), ldc, accumulate, threads);
      ASSERT_EQ(std::memcmp(C.data(), expected.data(), C.size() * sizeof(float)), 0)
          << name(isa) << ", " << threads << " threads, " << s.M << " x " << s.N << " x " << s.K << (transA ? ", A'" : "")
          << (transB ? ", B'" : "") << (accumulate ? ", accumulating" : "") << ", " << extra << " floats behind each row";
    }
}

}  // namespace

TEST(Gemm, EqualsTheRuleBitForBit) {
  const Restore restore;
  const Shape shapes[] = {{1, 1, 1},    {1, 1, 700},   {1, 33, 16},  {2, 130, 257}, {3, 128, 256}, {5, 64, 31},   {6, 96, 300},
                          {7, 17, 513}, {13, 15, 255}, {14, 32, 64}, {15, 31, 48},  {29, 100, 20}, {64, 16, 192}, {64, 1, 300},
                          {40, 5, 129}, {33, 8, 40},   {1, 600, 20}, {230, 70, 9},  {113, 47, 258}};
  for (const Shape& s : shapes)
    for (bool transA : {false, true})
      for (bool transB : {false, true})
        for (bool accumulate : {false, true})
          for (int64_t extra : {0, 5}) check(s, transA, transB, accumulate, extra);
}

TEST(Gemm, EqualsTheRuleWhereBlocksAndTasksAreMany) {
  const Restore restore;
  check({230, 530, 40}, false, false, true, 3);
  check({150, 140, 600}, true, false, false, 0);
  check({61, 1100, 270}, false, true, true, 1);
  check({1500, 6, 270}, true, true, true, 1);
}

TEST(Gemm, AnElementDoesNotDependOnItsNeighbours) {
  const Restore restore;
  for (Isa isa : available_isas()) {
    set_isa(isa);
    const auto A = draw(1, 100 * 300), B = draw(2, 300 * 90);
    std::vector<float> all(100 * 90), row(90);
    gemm(false, false, 100, 90, 300, A.data(), 300, B.data(), 90, all.data(), 90, false, 2);
    for (size_t i : {0u, 57u, 99u}) {
      gemm(false, false, 1, 90, 300, A.data() + i * 300, 300, B.data(), 90, row.data(), 90, false, 1);
      EXPECT_EQ(std::memcmp(row.data(), all.data() + i * 90, sizeof(float) * 90), 0) << name(isa) << ", row " << i;
    }
  }
}

TEST(Gemm, NothingToAddGivesZeroOrLeavesC) {
  const Restore restore;
  const float* none = nullptr;
  for (Isa isa : available_isas()) {
    set_isa(isa);
    std::vector<float> C = {1, 2, 3, 4};
    gemm(false, false, 2, 2, 0, none, 0, none, 2, C.data(), 2, true, 1);
    EXPECT_EQ(C, (std::vector<float>{1, 2, 3, 4}));
    gemm(false, false, 2, 2, 0, none, 0, none, 2, C.data(), 2, false, 1);
    EXPECT_EQ(C, (std::vector<float>{0, 0, 0, 0}));
    gemm(false, false, 0, 2, 3, none, 3, none, 2, C.data(), 2, false, 1);
  }
}

TEST(Gemm, InfinitiesAndDenormalsGoThrough) {
  const Restore restore;
  for (Isa isa : available_isas()) {
    set_isa(isa);
    const std::vector<float> A = {1e-30f, 0, INFINITY, 0}, B = {1e-10f, 1, 1, 0};
    std::vector<float> C(4);
    gemm(false, false, 2, 2, 2, A.data(), 2, B.data(), 2, C.data(), 2, false, 1);
    EXPECT_EQ(C[0], std::fma(1e-30f, 1e-10f, 0.0f)) << "a denormal, not flushed";
    EXPECT_GT(C[0], 0.0f);
    EXPECT_EQ(C[1], 1e-30f);
    EXPECT_EQ(C[2], INFINITY);
  }
}

// Blocks of 256 keep the error near torch's at any K (2.9e-7 at 2,048 and 3.1e-7 at 8,192 against 8.2e-7 and 1.6e-6 for one chain).
TEST(Gemm, IsAsAccurateAsPromisedAtLongK) {
  const int64_t K = 8192;
  const auto A = draw(1, 16 * K), B = draw(2, K * 16);
  std::vector<float> C(256);
  gemm(false, false, 16, 16, K, A.data(), K, B.data(), 16, C.data(), 16, false, 1);
  double error = 0, size = 0;
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t j = 0; j < 16; ++j) {
      double exact = 0;
      for (int64_t k = 0; k < K; ++k) exact += double{A[static_cast<size_t>(i * K + k)]} * B[static_cast<size_t>(k * 16 + j)];
      error += std::pow(C[static_cast<size_t>(i * 16 + j)] - exact, 2);
      size += exact * exact;
    }
  EXPECT_LT(std::sqrt(error / size), 4.5e-7);
}

TEST(Gemm, DoubleFollowsTheSameRule) {
  const std::vector<double> A = {1, 2, 3, 4, 5, 6}, B = {7, 8, 9, 10, 11, 12};
  std::vector<double> C = {100, 100, 100, 100};
  gemm(false, false, 2, 2, 3, A.data(), 3, B.data(), 2, C.data(), 2, true, 1);
  EXPECT_EQ(C, (std::vector<double>{158, 164, 239, 254}));
}

}  // namespace millrace::trainer
