// AMX: four tile registers of 16 x 16 floats, TDPBF16PS over 32 k at a time, which is the dot32 rule in one instruction (Intel SDM, "Intel
// AMX instruction reference").
// GCC 12's _mm512_undefined_epi32 (inside the shift intrinsics) warns about itself.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#define MILLRACE_AMX __attribute__((target("amx-tile,amx-bf16")))
#define MILLRACE_AMX_LANES Float16
#define TILE_ZERO(t) _tile_zero(t)
#define TILE_LOAD(t, from, stride) _tile_loadd(t, from, stride)
#define TILE_STORE(t, to, stride) _tile_stored(t, to, stride)
#define TILE_DOT(t, a, b) _tile_dpbf16ps(t, a, b)
#include "native/trainer/gemm/dot32_amx_tile.h"

namespace millrace::trainer {

extern const Dot32Kernel dot32_kernel_amx = {kSide, kSide, kSide * kDot32Depth * 2, kSide * kDot32Depth * 2, pack_a, pack_b, run};

MILLRACE_AMX void dot32_amx_begin() {
  struct Config {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
  };
  // static: GCC's intrinsic names only the first bytes as its input, so a local's others could be left unwritten.
  alignas(64) static const Config config = {1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
  _tile_loadconfig(&config);
}

MILLRACE_AMX void dot32_amx_end() { _tile_release(); }

}  // namespace millrace::trainer
