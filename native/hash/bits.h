#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

// Constants and mixing steps that XXH64 and XXH3 share (xxHash specification 0.2.0, sections "XXH64" and "XXH3"). Plain functions of
// internal linkage and no library types: files compiled for one instruction set alone include this too.
namespace millrace::hash {
namespace {

constexpr uint32_t kP32_1 = 0x9E3779B1u, kP32_2 = 0x85EBCA77u, kP32_3 = 0xC2B2AE3Du;
constexpr uint64_t kP64_1 = 0x9E3779B185EBCA87ull, kP64_2 = 0xC2B2AE3D27D4EB4Full, kP64_3 = 0x165667B19E3779F9ull,
                   kP64_4 = 0x85EBCA77C2B2AE63ull, kP64_5 = 0x27D4EB2F165667C5ull;

inline uint64_t read64(const uint8_t* p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
inline uint32_t read32(const uint8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
inline uint64_t rotate64(uint64_t v, int bits) { return (v << bits) | (v >> (64 - bits)); }
inline uint32_t rotate32(uint32_t v, int bits) { return (v << bits) | (v >> (32 - bits)); }
inline uint64_t avalanche64(uint64_t h) {
  h = (h ^ (h >> 33)) * kP64_2;
  h = (h ^ (h >> 29)) * kP64_3;
  return h ^ (h >> 32);
}

}  // namespace
}  // namespace millrace::hash
