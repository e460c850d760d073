#include "native/trainer/philox/philox.h"

#include <cmath>

#include "native/trainer/math/math.h"

namespace millrace::trainer {
namespace {

std::array<uint32_t, 4> block(const Stream& stream, uint64_t index) {
  return philox4x32({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), stream.tensor, stream.step},
                    {static_cast<uint32_t>(stream.seed), static_cast<uint32_t>(stream.seed >> 32)});
}

float to_uniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

float to_normal(uint32_t first, uint32_t second, bool sine) {
  const float u = static_cast<float>((first >> 8) + 1) * 0x1p-24f;
  const float radius = std::sqrt(-2.0f * mlog(u)), angle = 0x1.921fb6p+2f * to_uniform(second);
  return radius * (sine ? msin(angle) : mcos(angle));
}

float pick_normal(const std::array<uint32_t, 4>& words, uint64_t element) {
  return element & 2 ? to_normal(words[2], words[3], element & 1) : to_normal(words[0], words[1], element & 1);
}

}  // namespace

std::array<uint32_t, 4> philox4x32(const std::array<uint32_t, 4>& counter, const std::array<uint32_t, 2>& key) {
  auto c = counter;
  auto k = key;
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(b), static_cast<uint32_t>(a >> 32) ^ c[3] ^ k[1],
         static_cast<uint32_t>(a)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

float uniform(const Stream& stream, uint64_t element) { return to_uniform(block(stream, element >> 2)[element & 3]); }

float normal(const Stream& stream, uint64_t element) { return pick_normal(block(stream, element >> 2), element); }

void fill_uniform(const Stream& stream, uint64_t first, std::span<float> out) {
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i < out.size(); ++i) {
    const uint64_t element = first + i;
    if (i == 0 || (element & 3) == 0) words = block(stream, element >> 2);
    out[i] = to_uniform(words[element & 3]);
  }
}

void fill_normal(const Stream& stream, uint64_t first, float mean, float deviation, std::span<float> out) {
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i < out.size(); ++i) {
    const uint64_t element = first + i;
    if (i == 0 || (element & 3) == 0) words = block(stream, element >> 2);
    out[i] = std::fma(deviation, pick_normal(words, element), mean);
  }
}

}  // namespace millrace::trainer
