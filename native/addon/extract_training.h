#pragma once
// What the models of native/extract are trained on; used by bench/extraction/features.ts and by nothing else.
#include "native/addon/binding.h"
#include "native/extract/blocks.h"
#include "native/extract/code.h"
#include "native/extract/math.h"
#include "native/extract/model.h"
#include "native/extract/prior.h"
#include "native/extract/table.h"
#include "native/html/charset.h"

namespace millrace::addon {

// trainingRows(bytes, url, unread) -> { columns: string[], values: Float32Array of blocks x columns, texts: string[], tokens: Uint16Array,
//   tokenOffsets: Uint32Array, blocks: Uint32Array of (slot, words, hash low, hash high), masses: Float32Array,
//   slots: Uint32Array of (parent, signature), scores: Float32Array as the compiled weights give them }
inline Napi::Value training_rows(const Napi::CallbackInfo& info) {
  using namespace extract;
  const auto env = info.Env();
  const auto bytes = view<const uint8_t>(info[0]);
  std::string decoded;
  html::decode_page({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "", decoded);
  html::Parser parser;
  Page page;
  parser.parse(decoded, page.tree);
  page.reset();
  rescue_math(page);
  rescue_code(page);
  rescue_tables(page);
  std::vector<Block> blocks;
  find_blocks(page, blocks);
  Features features;
  features.read(page, blocks, info[1].ToString().Utf8Value(), info[2].ToBoolean());

  std::vector<uint16_t> tokens, all_tokens;
  std::vector<uint32_t> offsets{0}, of_block, of_slot;
  std::vector<float> masses, scores;
  auto texts = Napi::Array::New(env, blocks.size());
  WriteOptions write;
  write.format = Format::text;
  for (size_t b = 0; b < blocks.size(); ++b) {
    prior_tokens(features, b, tokens);
    all_tokens.insert(all_tokens.end(), tokens.begin(), tokens.end());
    offsets.push_back(static_cast<uint32_t>(all_tokens.size()));
    const auto& s = features.stats[b];
    of_block.insert(of_block.end(), {features.slot_of[b], s.words, static_cast<uint32_t>(s.hash), static_cast<uint32_t>(s.hash >> 32)});
    masses.push_back(s.mass);
    std::string text;
    write_blocks(page, std::span(blocks).subspan(b, 1), write, text);
    texts.Set(static_cast<uint32_t>(b), Napi::String::New(env, text));
  }
  for (const auto& slot : features.slots) of_slot.insert(of_slot.end(), {slot.parent, slot.signature});
  auto columns = Napi::Array::New(env);
  for (size_t i = 0; i < feature::count; ++i) columns.Set(static_cast<uint32_t>(i), feature_name(i));
  auto result = Napi::Object::New(env);
  result.Set("columns", columns);
  result.Set("values", copied<Napi::Float32Array>(env, features.values));
  label(features, scores);
  result.Set("texts", texts);
  result.Set("tokens", copied<Napi::Uint16Array>(env, all_tokens));
  result.Set("tokenOffsets", copied<Napi::Uint32Array>(env, offsets));
  result.Set("blocks", copied<Napi::Uint32Array>(env, of_block));
  result.Set("masses", copied<Napi::Float32Array>(env, masses));
  result.Set("slots", copied<Napi::Uint32Array>(env, of_slot));
  result.Set("scores", copied<Napi::Float32Array>(env, scores));
  return result;
}

}  // namespace millrace::addon
