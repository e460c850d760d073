// Known answers: kat_vectors of Random123 (D. E. Shaw Research), philox4x32 with 10 rounds.
#include "native/trainer/philox/philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace millrace::trainer {

using Block = std::array<uint32_t, 4>;

TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, KeysAreWhatTheHeaderSays) {
  const Stream stream = {.seed = 0x299f31d0a4093822, .tensor = 0x13198a2e, .step = 0x03707344};
  const uint64_t element = (uint64_t{0x05a308d3} << 32 | 0x243f6a88) * 4;
  const Block words = philox4x32({0x243f6a88, 0x05a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0});
  for (uint64_t i = 0; i < 4; ++i) EXPECT_EQ(uniform(stream, element + i), static_cast<float>(words[i] >> 8) / 16777216.0f);
}

TEST(Philox, AnyElementCanBeDrawnAlone) {
  const Stream stream = {5, 6, 7};
  std::vector<float> u(37), z(37);
  fill_uniform(stream, 1'000'003, u);
  fill_normal(stream, 1'000'003, 0.0f, 1.0f, z);
  for (size_t i = 0; i < u.size(); ++i) {
    EXPECT_EQ(u[i], uniform(stream, 1'000'003 + i));
    EXPECT_EQ(z[i], normal(stream, 1'000'003 + i));
  }
  EXPECT_NE(uniform({5, 6, 7}, 0), uniform({5, 6, 8}, 0));
  EXPECT_NE(uniform({5, 6, 7}, 0), uniform({5, 7, 7}, 0));
  EXPECT_NE(uniform({5, 6, 7}, 0), uniform({6, 6, 7}, 0));
}

// Box-Muller in double from the same words.
TEST(Philox, NormalIsBoxMuller) {
  const Stream stream = {.seed = 42, .tensor = 1, .step = 2};
  for (uint64_t block = 0; block < 200; ++block) {
    const Block w = philox4x32({static_cast<uint32_t>(block), 0, 1, 2}, {42, 0});
    for (uint64_t i = 0; i < 4; ++i) {
      const double u = ((w[i & 2] >> 8) + 1) / 16777216.0, v = (w[(i & 2) + 1] >> 8) / 16777216.0;
      const double angle = 2 * M_PI * v, exact = std::sqrt(-2 * std::log(u)) * (i & 1 ? std::sin(angle) : std::cos(angle));
      EXPECT_NEAR(normal(stream, block * 4 + i), exact, 2e-6);
    }
  }
}

TEST(Philox, HasTheMomentsOfItsDistributions) {
  std::vector<float> u(1 << 20), z(1 << 20);
  fill_uniform({1, 2, 3}, 0, u);
  fill_normal({1, 2, 4}, 0, 3.0f, 2.0f, z);
  double mean = 0, square = 0, normal_mean = 0, normal_square = 0, normal_fourth = 0;
  for (size_t i = 0; i < u.size(); ++i) {
    ASSERT_TRUE(u[i] >= 0.0f && u[i] < 1.0f);
    mean += u[i], square += double{u[i]} * u[i];
    const double d = (z[i] - 3.0) / 2.0;
    normal_mean += d, normal_square += d * d, normal_fourth += d * d * d * d;
  }
  const double n = static_cast<double>(u.size()), sigma = 1 / std::sqrt(n);
  EXPECT_NEAR(mean / n, 0.5, 5 * sigma * std::sqrt(1.0 / 12));
  EXPECT_NEAR(square / n, 1.0 / 3, 5 * sigma * std::sqrt(4.0 / 45));
  EXPECT_NEAR(normal_mean / n, 0.0, 5 * sigma);
  EXPECT_NEAR(normal_square / n, 1.0, 5 * sigma * std::sqrt(2.0));
  EXPECT_NEAR(normal_fourth / n, 3.0, 5 * sigma * std::sqrt(96.0));
}

}  // namespace millrace::trainer
