#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "native/addon/binding.h"
#include "native/text/characters.h"
#include "native/text/english.h"
#include "native/text/statistics.h"

namespace millrace::addon {

// splitEnglish(offsets, bytes) -> { status: Uint8Array, words, sentences: { counts: Uint32Array, bounds: Uint32Array } }, counts per text, bounds
// two a range: first byte and number of bytes within the text.
inline Napi::Value split_english(const Napi::CallbackInfo& info) {
  struct Ranges {
    std::vector<uint32_t> counts, bounds;
  };
  struct Out {
    std::vector<uint8_t> status;
    Ranges words, sentences;
  };
  const auto column = texts(info[0], info[1]);
  auto out = std::make_shared<Out>();
  return Work::start(
      info,
      [=]() -> Error {
        if (!column.valid()) return {kShape, "splitEnglish: expected offsets that rise within the bytes, found others"};
        text::English english;
        for (size_t i = 0; i < column.size(); ++i) {
          const std::string_view whole = column[i];
          const size_t words = out->words.bounds.size(), sentences = out->sentences.bounds.size();
          const auto put = [&](Ranges& ranges, std::string_view range) {
            ranges.bounds.push_back(static_cast<uint32_t>(range.data() - whole.data()));
            ranges.bounds.push_back(static_cast<uint32_t>(range.size()));
          };
          auto status = text::Measured::ok;
          if (!text::is_utf8(whole)) {
            status = text::Measured::not_utf8;
          } else if (!english.scan(whole, [&](const text::Word& word) { put(out->words, word.text); }, [&](std::string_view span) { put(out->sentences, span); })) {
            status = text::Measured::too_many_words;
            out->words.bounds.resize(words);
            out->sentences.bounds.resize(sentences);
          }
          out->status.push_back(static_cast<uint8_t>(status));
          out->words.counts.push_back(static_cast<uint32_t>((out->words.bounds.size() - words) / 2));
          out->sentences.counts.push_back(static_cast<uint32_t>((out->sentences.bounds.size() - sentences) / 2));
        }
        return Error::none();
      },
      [=](Napi::Env env) -> Napi::Value {
        const auto ranges = [&](const Ranges& from) {
          auto object = Napi::Object::New(env);
          object.Set("counts", copied<Napi::Uint32Array>(env, from.counts));
          object.Set("bounds", copied<Napi::Uint32Array>(env, from.bounds));
          return object;
        };
        auto result = Napi::Object::New(env);
        result.Set("status", copied<Napi::Uint8Array>(env, out->status));
        result.Set("words", ranges(out->words));
        result.Set("sentences", ranges(out->sentences));
        return result;
      });
}

}  // namespace millrace::addon
