#pragma once
// Brotli and zstd as the process has them: Node exports both, so nothing is installed or linked. Weak symbols: null where a test program
// runs without them. Declared here because Node ships no headers of theirs; these functions have been stable since Brotli 1.0, zstd 1.4.
#include <cstddef>
#include <cstdint>

extern "C" {
struct BrotliDecoderStateStruct;
struct ZSTD_DCtx_s;
struct ZSTD_inBuffer_s { const void* src; size_t size; size_t pos; };
struct ZSTD_outBuffer_s { void* dst; size_t size; size_t pos; };

[[gnu::weak]] BrotliDecoderStateStruct* BrotliDecoderCreateInstance(void* (*)(void*, size_t), void (*)(void*, void*), void*);
[[gnu::weak]] void BrotliDecoderDestroyInstance(BrotliDecoderStateStruct*);
// 0 error, 1 success, 2 needs more input, 3 needs more output.
[[gnu::weak]] int BrotliDecoderDecompressStream(BrotliDecoderStateStruct*, size_t*, const uint8_t**, size_t*, uint8_t**, size_t*);

[[gnu::weak]] ZSTD_DCtx_s* ZSTD_createDCtx(void);
[[gnu::weak]] size_t ZSTD_freeDCtx(ZSTD_DCtx_s*);
[[gnu::weak]] size_t ZSTD_DCtx_reset(ZSTD_DCtx_s*, int);  // 1: the session only, a loaded dictionary stays
[[gnu::weak]] size_t ZSTD_DCtx_loadDictionary(ZSTD_DCtx_s*, const void*, size_t);
[[gnu::weak]] size_t ZSTD_decompressStream(ZSTD_DCtx_s*, ZSTD_outBuffer_s*, ZSTD_inBuffer_s*);
[[gnu::weak]] unsigned ZSTD_isError(size_t);
}

namespace millrace::warc {
inline bool has_brotli() { return BrotliDecoderCreateInstance && BrotliDecoderDestroyInstance && BrotliDecoderDecompressStream; }
inline bool has_zstd() { return ZSTD_createDCtx && ZSTD_freeDCtx && ZSTD_DCtx_reset && ZSTD_DCtx_loadDictionary && ZSTD_decompressStream && ZSTD_isError; }
}  // namespace millrace::warc
